"""The variational autoencoder (Kingma & Welling 2014): θ and ϕ together under the ELBO of Eq. 1."""

from __future__ import annotations

from libi.base.method import Method, joint
from libi.base.values import Grid

TITLE = "VAE"
PLACE = 1


class VaeGrid(Grid):
    """The VAE has nothing to choose."""


METHOD = Method(joint, VaeGrid)
