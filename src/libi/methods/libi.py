"""Likelihood before inference: R rounds of Eq. 44 over θ and φ, then Eq. 46 over ϕ (Appendix D)."""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import OF_THE_ELBO, Method, Number, Phase, Phases, Plan, split_evenly
from libi.base.values import Counts, Grid, Positives

TITLE = "LiBI"
PLACE = 5
OWN = ("constrained_batch_size", "libi_epochs", "whitened_start", "exponential_cap")


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


def phases(values: Mapping[str, Number], plan: Plan) -> Phases:
    """For each round two phases; the encoder of each but the first starts as the means of q_ϕ(z|x)."""
    found: list[Phase] = []
    steps = 2 * int(values["rounds"])
    lengths = [plan.epochs] * steps if plan.libi_epochs == "each" else split_evenly(plan.epochs, steps)
    first_start = "whiten" if plan.whitened_start else "keep"
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
    reads=(*OF_THE_ELBO, *OWN),
    halves="rounds",
    first=True,
)
