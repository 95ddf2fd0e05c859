"""Joint MAP without constraints (Eq. 31)."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.layers import Parameters
from libi.base.objective import Objective, reconstruction, total


def negative_joint_likelihood(
    dataset: Dataset, stack: dict[str, Parameters], x: Float[Tensor, "#models observed points"]
) -> Float[Tensor, " models"]:
    """−log p_θ(x|h(x; φ)) − log N(h(x; φ)|0, I), mean over points (Eq. 31, its codes amortised as in Eq. 44).

    Joint MAP without constraints: it prefers codes near 0, whose θ then generates other data (Eq. 34–41).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and φ ("encoder").
        x: data [models or 1, observed, points].

    Returns:
        [models], nats.
    """
    points = x.unbind(1)
    (codes,) = dataset.encoder.heads_of(stack["encoder"], points)
    negative_prior = 0.5 * (LATENT * math.log(2 * math.pi) + total(row * row for row in codes).mean(1))
    return negative_prior - reconstruction(dataset, stack["generative"], codes, points)


OBJECTIVE = Objective(negative_joint_likelihood, groups=("generative", "encoder"), draws=0, batch=None)
