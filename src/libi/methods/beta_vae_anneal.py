"""The β-VAE with annealing (Bowman et al. 2016): β grows from 0 for a share of the epochs, then stays."""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import JOINT, OF_THE_ELBO, Method, Number, Phase, Phases, Plan
from libi.base.values import Grid, Positives

TITLE = "β-VAE+Anneal"
PLACE = 3


class BetaVaeAnnealGrid(Grid):
    """The annealed β-VAE's grid."""

    beta: Positives
    """β after annealing, the weight of the KL divergence."""


def phases(values: Mapping[str, Number], plan: Plan) -> Phases:
    """Two joint phases: in the first β grows, in the second it stays."""
    ramp = round((plan.annealing_share or 0) * plan.epochs)
    return (
        Phase("elbo", JOINT, ramp, ramp=True, fresh=True, opens_round=True),
        Phase("elbo", JOINT, plan.epochs - ramp),
    )


METHOD = Method(phases, BetaVaeAnnealGrid, reads=(*OF_THE_ELBO, "annealing_share", "annealing_form"))
