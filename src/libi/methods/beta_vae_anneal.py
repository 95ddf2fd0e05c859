"""The β-VAE with annealing (Bowman et al. 2016): β grows from 0 for a share of the epochs, then stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from libi.base.method import GROWTH, JOINT, ElboSettings, Method, Number, Phase, Phases
from libi.base.values import Grid, Positives, Share, one_of

TITLE = "β-VAE+Anneal"
PLACE = 3


class BetaVaeAnnealGrid(Grid):
    """The annealed β-VAE's grid."""

    beta: Positives
    """β, the weight of the KL divergence after annealing."""


class AnnealingSettings(ElboSettings):
    """Those of the annealed β-VAE."""

    annealing_share: Share
    """Share of the epochs over which β of the annealed method grows from 0."""
    annealing_form: Annotated[Literal["linear", "cosine"], one_of(*GROWTH)]
    """How β grows: linearly, or as half a cosine."""

    @classmethod
    def disagreements(cls, given: Mapping[str, Any], points: int | None) -> Iterator[tuple[str, str]]:
        """Annealing needs an epoch, and so does what comes after it."""
        yield from super().disagreements(given, points)
        share, epochs = given["annealing_share"], given["epochs"]
        if None not in (share, epochs) and epochs <= 0.5 / min(share, 1 - share):
            words = "a share with at least one epoch of annealing and at least one after it"
            yield "annealing_share", f"{words}; training.epochs is {epochs}"


def phases(values: Mapping[str, Number], epochs: int, settings: AnnealingSettings) -> Phases:
    """Two joint phases: in the first β grows, in the second it stays."""
    ramp = round(settings.annealing_share * epochs)
    return (
        Phase("elbo", JOINT, ramp, ramp=settings.annealing_form, fresh=True, opens_round=True),
        Phase("elbo", JOINT, epochs - ramp),
    )


METHOD = Method(phases, BetaVaeAnnealGrid, settings=AnnealingSettings)
