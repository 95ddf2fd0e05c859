"""The β-VAE with annealing (Bowman et al. 2016): β grows from 0 for a share of the epochs, then stays."""

from __future__ import annotations

from collections.abc import Mapping

from libi.base.method import JOINT, OF_THE_ELBO, Method, Number, Phase, Phases, Plan
from libi.methods.beta_vae import BetaVaeGrid

TITLE = "β-VAE+Anneal"
PLACE = 3


def phases(values: Mapping[str, Number], plan: Plan) -> Phases:
    """Two joint phases: in the first β grows, in the second it stays."""
    ramp = round((plan.annealing_share or 0) * plan.epochs)
    return (
        Phase("elbo", JOINT, ramp, ramp=True, fresh=True, opens_round=True),
        Phase("elbo", JOINT, plan.epochs - ramp),
    )


METHOD = Method(phases, BetaVaeGrid, reads=(*OF_THE_ELBO, "annealing_share", "annealing_form"))
