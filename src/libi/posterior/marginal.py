"""log p_θ(x) of any model with two latent dimensions and known noise: exact where f_θ allows it, else an estimate."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.layers import MatrixMap, Network, Parameters, cube
from libi.posterior.closed_form import matrix_of
from libi.posterior.cubature import elementwise_log_likelihood
from libi.posterior.modes import Joint
from libi.posterior.piecewise import ReluNetwork, relu_log_likelihood
from libi.posterior.proposal import laplace_proposal
from libi.posterior.refinement import TOLERANCE
from libi.runtime.seeding import stream
from libi.statistics.likelihood import linear_gaussian_log_likelihood

INVERSES = {cube: lambda values: values.sign() * values.abs() ** (1 / 3)}  # of activations, element by element
SAMPLES, PRIOR_SHARE = 4_000, 0.1  # of the estimate


__all__ = ["TOLERANCE", "Marginal", "laplace_log_likelihood", "marginal_log_likelihood"]


class Marginal(NamedTuple):
    """Log-likelihoods of points.

    Attributes:
        log_likelihood: log p_θ(x) in nats [points], float64.
        error: how far each may be off, in nats [points]: numerical error of an integral; a standard error if it is an
            estimate.
        exact: whether it is an integral, and no estimate.
    """

    log_likelihood: Float64[Tensor, " points"]
    error: Float64[Tensor, " points"]
    exact: bool = True


@torch.no_grad()
def marginal_log_likelihood(
    dataset: Dataset, theta: Float[Tensor, "1 parameters"], x: Float[Tensor, "observed points"]
) -> Marginal:
    """Compute log p_θ(x) of each point.

    In closed form where f_θ is linear; by integrals over codes where it is an invertible map with an activation whose
    inverse is known, or a network of one layer of ReLU units with biases; else estimated by importance sampling from
    Gaussians at the modes of p_θ(z|x).

    Args:
        dataset: says what f_θ is, and has the noise.
        theta: θ packed [1, parameters].
        x: data [observed, points].
    """
    x, noise = x.double(), torch.tensor(dataset.noise_variance, dtype=torch.float64)
    parameters, decoder = dataset.generative.unpack(theta.double()), dataset.decoder
    if isinstance(decoder, MatrixMap):
        loading = matrix_of(decoder, parameters)
        if decoder.activation is None:
            values = linear_gaussian_log_likelihood(loading, noise, x)
            return Marginal(values, torch.zeros_like(values))
        if decoder.activation in INVERSES and loading.shape[0] == LATENT:
            curve, inverse = decoder.activation, INVERSES[decoder.activation]
            return Marginal(*elementwise_log_likelihood(loading, lambda u: curve((u,))[0], inverse, noise, x))
    one_relu_layer = [layer.activation for layer in getattr(decoder, "hidden", ())] == [torch.relu]
    if isinstance(decoder, Network) and one_relu_layer and "hidden_1.bias" in parameters:
        return Marginal(*relu_log_likelihood(_relu_network(decoder, parameters), noise, x))
    joint = Joint(lambda codes: dataset.decode(parameters, codes[None])[0], x, noise)
    return laplace_log_likelihood(joint, SAMPLES, PRIOR_SHARE, stream("marginal log-likelihood", dataset.name))


def laplace_log_likelihood(joint: Joint, samples: int, prior_share: float, source: torch.Generator) -> Marginal:
    """Estimate log p_θ(x) by importance sampling from Gaussians at all modes of p_θ(z|x), and from the prior.

    Args:
        joint: the model and its data.
        samples: draws a point.
        prior_share: share of them that comes from the prior.
        source: source of the draws.
    """
    proposal = laplace_proposal(joint, samples, prior_share)
    parts = (part for part in proposal.sample(source).split(max(1, 8_192 // joint.x.shape[1]), dim=1))
    weights = torch.cat([joint.log_density(part) - proposal.log_density(part) for part in parts])
    total, squares = weights.logsumexp(0), (2 * weights).logsumexp(0)
    variance = ((squares - 2 * total).exp() - 1 / samples).clamp(min=0)
    return Marginal(total - torch.tensor(float(samples)).log(), variance.sqrt(), exact=False)


def _relu_network(decoder: Network, parameters: Parameters) -> ReluNetwork:
    (head,) = decoder.heads
    names = ("hidden_1.weight", "hidden_1.bias", f"{head}.weight", f"{head}.bias")
    return ReluNetwork(*(parameters[name][0] for name in names))
