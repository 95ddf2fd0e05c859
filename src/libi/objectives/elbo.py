"""The evidence lower bound (Eq. 1), with a weight on its KL divergence."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import Dataset
from libi.base.layers import Parameters
from libi.base.objective import Objective, reconstruction, total


def negative_elbo(
    dataset: Dataset,
    stack: dict[str, Parameters],
    x: Float[Tensor, "#models observed points"],
    noise: Float[Tensor, "models 2 points"],
    beta: Float[Tensor, " models"],
) -> Float[Tensor, " models"]:
    """−E_q[log p_θ(x|z)] + β·KL[q_ϕ(z|x) ‖ p(z)], mean over points, one draw a point (Eq. 1; β = 1 is the VAE's).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and ϕ ("inference").
        x: data [models or 1, observed, points].
        noise: standard normal draws [models, 2, points].
        beta: weight of the KL term [models].

    Returns:
        [models], nats.
    """
    points = x.unbind(1)
    means, log_variances = dataset.inference.heads_of(stack["inference"], points)
    deviations = [torch.exp(0.5 * log_variance) for log_variance in log_variances]
    codes = tuple(m + s * e for m, s, e in zip(means, deviations, noise.unbind(1), strict=True))
    terms = (m * m + s * s - v - 1 for m, s, v in zip(means, deviations, log_variances, strict=True))
    return beta * 0.5 * total(terms).mean(1) - reconstruction(dataset, stack["generative"], codes, points)


OBJECTIVE = Objective(negative_elbo, scalars=("beta",))
