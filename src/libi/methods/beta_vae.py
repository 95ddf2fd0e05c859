"""The β-VAE (Higgins et al. 2017): the VAE with a weight on the KL divergence."""

from __future__ import annotations

from libi.base.method import Method, joint
from libi.base.values import Grid, Positives

TITLE = "β-VAE"
PLACE = 2


class BetaVaeGrid(Grid):
    """The β-VAE's grid."""

    beta: Positives
    """β, the weight of the KL divergence."""


METHOD = Method(joint, BetaVaeGrid)
