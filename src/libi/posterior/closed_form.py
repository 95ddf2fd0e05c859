"""Closed forms for linear-Gaussian models x|z = W z + ε, z ~ N(0, I) (Appendix C)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.base.dataset import Dataset
from libi.base.layers import MatrixMap, Parameters


class GaussianPosterior(NamedTuple):
    """p(z|x) = N(gain · x, covariance): gain [latent, observed], covariance [latent, latent]."""

    gain: Float[Tensor, "latent observed"]
    covariance: Float[Tensor, "latent latent"]


class LinearInference(NamedTuple):
    """A linear inference network: q(z|x) = N(G x + g, diag(exp(V x + v))).

    Attributes:
        gain: G [latent, observed].
        offset: g [latent].
        log_variance_gain: V [latent, observed].
        log_variance_offset: v [latent].
    """

    gain: Float[Tensor, "latent observed"]
    offset: Float[Tensor, " latent"]
    log_variance_gain: Float[Tensor, "latent observed"]
    log_variance_offset: Float[Tensor, " latent"]

    @classmethod
    def of(cls, named: Parameters) -> LinearInference:
        """Read it off the named parameters [1, ...] of a network without hidden layers, with biases or without."""
        parts = []
        for head in ("mean", "log_variance"):
            weight = named[f"{head}.weight"][0].double()
            bias = named[f"{head}.bias"][0].double() if f"{head}.bias" in named else weight.new_zeros(len(weight))
            parts += [weight, bias]
        return cls(*parts)


def loading_of(dataset: Dataset, theta: Float[Tensor, "1 parameters"]) -> Float64[Tensor, "observed latent"]:
    """W [observed, latent] of a linear f_θ(z) = W z, in float64, for θ packed [1, parameters].

    Raises:
        ValueError: if the data set's f_θ is not linear.
    """
    decoder = dataset.decoder
    if not dataset.linear or not isinstance(decoder, MatrixMap):
        raise ValueError(f"{dataset.name}: f_θ is not linear, so it has no loading matrix and no closed forms")
    return matrix_of(decoder, dataset.generative.unpack(theta.double()))


def matrix_of(decoder: MatrixMap, parameters: Parameters) -> Float64[Tensor, "observed latent"]:
    """W [observed, latent] of f_θ(z) = g(W z)."""
    basis = torch.eye(decoder.inputs, dtype=torch.float64)[None]
    return torch.stack(replace(decoder, activation=None).rows(parameters, basis.unbind(1)), 1)[0]


def marginal_covariance(
    loading: Float[Tensor, "observed latent"], noise_variance: Float[Tensor, " observed"]
) -> Float[Tensor, "observed observed"]:
    """Covariance WWᵀ + diag(noise) of x [observed, observed], for W [observed, latent]."""
    return loading @ loading.T + torch.diag(noise_variance)


def mutual_information(
    loading: Float[Tensor, "observed latent"], noise_variance: Float[Tensor, " observed"]
) -> Float[Tensor, ""]:
    """I(X;Z) in nats, [], of x = W z + ε (Eq. 22).

    Args:
        loading: W [observed, latent].
        noise_variance: diagonal of the covariance of ε [observed]; I is infinite where one of its entries is 0.
    """
    return 0.5 * (torch.logdet(marginal_covariance(loading, noise_variance)) - noise_variance.log().sum())


def posterior(
    loading: Float[Tensor, "observed latent"], noise_variance: Float[Tensor, " observed"]
) -> GaussianPosterior:
    """The exact posterior (Eq. 23–24), for W [observed, latent] and noise variances [observed]."""
    weighted = loading.T / noise_variance
    covariance = torch.linalg.inv(torch.eye(loading.shape[1], dtype=loading.dtype) + weighted @ loading)
    return GaussianPosterior(covariance @ weighted, covariance)


def mean_field(exact: GaussianPosterior) -> LinearInference:
    """The best mean-field approximation of an exact posterior (Eq. 27): its means, variances 1 / (Σ⁻¹)_ii."""
    precision = torch.linalg.inv(exact.covariance).diagonal()
    zero = torch.zeros_like(exact.gain)
    return LinearInference(exact.gain, torch.zeros_like(precision), zero, -precision.log())


def divergence(
    covariance: Float[Tensor, "features features"], reference: Float[Tensor, "features features"]
) -> Float[Tensor, ""]:
    """KL[N(0, covariance) ‖ N(0, reference)] in nats, [] (Eq. 25)."""
    ratio = torch.linalg.solve(reference, covariance)
    return 0.5 * (ratio.trace() - covariance.shape[0] - torch.logdet(ratio))


def expected_posterior_divergence(
    q: LinearInference, exact: GaussianPosterior, data_covariance: Float[Tensor, "observed observed"]
) -> Float[Tensor, ""]:
    """E_p(x) KL[q(z|x) ‖ p(z|x)] in nats, [], for x ~ N(0, data covariance): the PM objective of Eq. 2.

    The mean of exp(V x + v) is exp(v + ½ V C Vᵀ); the squared distance of the means has a quadratic form's mean.
    """
    precision = torch.linalg.inv(exact.covariance)
    distance = q.gain - exact.gain
    spread = distance @ data_covariance @ distance.T + torch.outer(q.offset, q.offset)
    half = 0.5 * torch.einsum("ki,ij,kj->k", q.log_variance_gain, data_covariance, q.log_variance_gain)
    variances = torch.exp(q.log_variance_offset + half)
    trace = (precision.diagonal() * variances).sum() + (precision * spread).sum()
    latent = precision.shape[0]
    return 0.5 * (trace - latent - torch.logdet(precision) - q.log_variance_offset.sum())


def objective(
    loading: Float[Tensor, "observed latent"],
    noise_variance: Float[Tensor, " observed"],
    q: LinearInference,
    data_covariance: Float[Tensor, "observed observed"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The two parts of L(θ, ϕ) (Eq. 2) over all of p(x) = N(0, data covariance).

    Returns:
        MLE objective KL[p(x) ‖ p_θ(x)] and posterior-matching objective, in nats, each [].
    """
    likelihood = divergence(data_covariance, marginal_covariance(loading, noise_variance))
    return likelihood, expected_posterior_divergence(q, posterior(loading, noise_variance), data_covariance)
