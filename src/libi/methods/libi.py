"""Likelihood before inference: R rounds of Eq. 44 over θ and φ, then Eq. 46 over ϕ (Appendix D)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from libi.base.method import ElboSettings, Method, Number, Phase, Phases, divisor, split_evenly
from libi.base.values import Cap, Count, Counts, Grid, Positives, Switch, one_of

TITLE = "LiBI"
PLACE = 5


class LibiGrid(Grid):
    """LiBI's grid (Eq. 44)."""

    epsilon_hz: Positives
    """ε_HZ, the weight of the Henze–Zirkler penalty."""
    epsilon_covariance: Positives
    """ε_Σ, the scale of the penalty on the covariance of the codes."""
    epsilon_mean: Positives
    """ε_μ, the scale of the penalty on the mean of the codes."""
    rounds: Counts
    """R, the number of rounds that share the epochs."""


class LibiSettings(ElboSettings):
    """Those of LiBI."""

    constrained_batch_size: Count
    """Points of a gradient step on the constrained likelihood, constrained together; it must divide points.train."""
    libi_epochs: Annotated[Literal["shared", "each"], one_of("shared", "each")]
    """Whether LiBI's rounds and steps share the epochs, or each step of each round has all of them."""
    whitened_start: Switch
    """Whether LiBI's encoder starts from whitened codes: scaled and turned so that their covariance is I."""
    exponential_cap: Cap
    """The exponentials of Eq. 44 go on linearly above this argument."""

    @property
    def shares_epochs(self) -> bool:
        """Whether all phases together have the study's epochs."""
        return self.libi_epochs == "shared"

    @classmethod
    def disagreements(cls, given: Mapping[str, Any], points: int | None) -> Iterator[tuple[str, str]]:
        """Both batches must divide the points."""
        yield from super().disagreements(given, points)
        yield from divisor("constrained_batch_size", given, points)


def phases(values: Mapping[str, Number], epochs: int, settings: LibiSettings) -> Phases:
    """For each round two phases; the encoder of each but the first starts as the means of q_ϕ(z|x)."""
    found: list[Phase] = []
    steps = 2 * int(values["rounds"])
    lengths = split_evenly(epochs, steps) if settings.shares_epochs else [epochs] * steps
    first_start = "whiten" if settings.whitened_start else "keep"
    for first, second in zip(lengths[::2], lengths[1::2], strict=True):
        start = "copy" if found else first_start
        moves = ("generative", "encoder")
        found.append(Phase("constrained_likelihood", moves, first, fresh=True, opens_round=True, encoder_start=start))
        found.append(Phase("elbo", ("inference",), second, fresh=True))
    return tuple(found)


METHOD = Method(
    phases,
    LibiGrid,
    objectives=("elbo", "constrained_likelihood"),
    settings=LibiSettings,
    halves="rounds",
    first=True,
)
