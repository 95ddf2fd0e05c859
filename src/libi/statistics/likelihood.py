"""How likely data are under a model: Eq. 47–48, and the closed forms they are checked against."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

# Codes decoded at once. The draws of a stream are laid out in blocks of this size: changing it changes them.
_CODES_AT_ONCE = 32_768


class LikelihoodEstimate(NamedTuple):
    """An importance-sampled log-likelihood, and how far it can be trusted.

    log_likelihood: estimates in nats [points], float64.
    effective_sample_size: (Σ w)²/Σ w² of the importance weights [points], float64, from 1 to S, or 0 where all
        weights vanish. A small one means that few draws carry the estimate, which is then mostly too low.
    """

    log_likelihood: Float64[Tensor, " points"]
    effective_sample_size: Float64[Tensor, " points"]


@torch.no_grad()
def importance_sampled_log_likelihood(
    decode: Callable[[Tensor], Tensor],
    posterior: tuple[Float[Tensor, "latent points"], Float[Tensor, "latent points"]],
    x: Float[Tensor, "observed points"],
    noise_variance: Float[Tensor, " observed"] | float,
    *,
    samples: int = 5000,
    inflation: float = 2.0,
    stream: torch.Generator,
) -> LikelihoodEstimate:
    """Estimate log p_θ(x) for each point by importance sampling (Eq. 48).

    The proposal is the variational posterior with its variance inflated, so that it covers the true
    posterior where the mean-field family cannot. The mean of the estimates over points is Eq. 47.

    Args:
        decode: maps codes [latent, any number of points], float64, to means [observed, the same number].
        posterior: mean and log-variance of q_ϕ(z|x), each [latent, points].
        x: data [observed, points].
        noise_variance: diagonal of the observation noise covariance [observed], or one number for all.
        samples: S of Eq. 48, draws a point.
        inflation: factor on the proposal's variance; the paper uses 2.
        stream: source of the draws, on the device of x.

    Returns:
        log-likelihood estimates in nats and effective sample sizes, each [points], float64.

    Raises:
        ValueError: if shapes disagree, naming both; if samples, inflation or noise are not positive.
    """
    mean, log_variance = (part.double() for part in posterior)
    x = x.double()
    _check_posterior(mean, log_variance, x)
    if samples < 1 or not inflation > 0:
        raise ValueError(f"samples and inflation must be positive, got samples={samples}, inflation={inflation}")
    noise_variance = _checked_noise(noise_variance, x)
    tensors = mean, log_variance + math.log(inflation), x
    parts = [
        _estimate(decode, proposal, x_part, noise_variance, samples, stream)
        for *proposal, x_part in zip(*(tensor.split(_CODES_AT_ONCE, dim=1) for tensor in tensors), strict=True)
    ]
    return LikelihoodEstimate(*(torch.cat(entries) for entries in zip(*parts, strict=True)))


def gaussian_log_likelihood(
    x: Float[Tensor, "*#batch features points"],
    mean: Float[Tensor, "*#batch #features #points"],
    noise_variance: Float[Tensor, " features"] | float,
) -> Float[Tensor, "*batch points"]:
    """Compute log N(x | mean, diag(noise variance)) of each point, constants included.

    Args:
        x: data [..., features, points].
        mean: means [..., features, points], or anything that broadcasts against x.
        noise_variance: positive variances [features], or one number for all, in squared units of x.

    Returns:
        log density in nats [..., points], summed over features, in the precision of the arguments.
    """
    deviation = x - mean
    noise_variance = torch.as_tensor(noise_variance, dtype=deviation.dtype, device=deviation.device)
    noise_variance = noise_variance.expand(deviation.shape[-2])[:, None]
    constant = (2 * math.pi * noise_variance).log().sum()
    return -0.5 * ((deviation.square() / noise_variance).sum(-2) + constant)


def normal_kl(
    mean: Float[Tensor, "*batch latent points"], log_variance: Float[Tensor, "*batch latent points"]
) -> Float[Tensor, "*batch points"]:
    """Compute KL[N(mean, diag(exp(log-variance))) ‖ N(0, I)] of each point.

    Args:
        mean: [..., latent, points].
        log_variance: [..., latent, points].

    Returns:
        divergence in nats [..., points], summed over the latent axis.
    """
    return 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance).sum(-2)


def linear_gaussian_log_likelihood(
    loading: Float[Tensor, "observed latent"],
    noise_variance: Float[Tensor, " observed"] | float,
    x: Float[Tensor, "observed points"],
) -> Float64[Tensor, " points"]:
    """Compute the exact log p(x) of x = W z + ε with z ~ N(0, I) and ε ~ N(0, diag(noise variance)).

    In units of the noise, x has covariance I + A Aᵀ with A = U diag(s) Vᵀ. What U spans has variances 1 + s²
    and the rest has variance 1; kept apart, they lose no digits for noise of any size.

    Args:
        loading: W [observed, latent].
        noise_variance: positive variances [observed], or one number for all, in squared units of x.
        x: data [observed, points].

    Returns:
        log density in nats [points], float64.

    Raises:
        ValueError: if shapes disagree, naming both; if noise is not positive.
    """
    if loading.ndim != 2 or x.ndim != 2 or loading.shape[0] != x.shape[0]:
        raise ValueError(
            f"expected loading [observed, latent] and x [observed, points], "
            f"got {list(loading.shape)} and {list(x.shape)}"
        )
    noise_variance = _checked_noise(noise_variance, x)
    scale = noise_variance.sqrt()[:, None]
    basis, singular_values, _ = torch.linalg.svd(loading.double() / scale, full_matrices=False)
    scaled = x.double() / scale
    coordinates = basis.mT @ scaled
    variances = 1 + singular_values.square()
    remainder = scaled - basis @ coordinates
    distance = remainder.square().sum(0) + (coordinates.square() / variances[:, None]).sum(0)
    constant = (2 * math.pi * noise_variance).log().sum() + variances.log().sum()
    return -0.5 * (distance + constant)


def _check_posterior(mean: Tensor, log_variance: Tensor, x: Tensor) -> None:
    """Raise unless there is one mean and one log-variance [latent, points] for each point of x."""
    if mean.ndim != 2 or x.ndim != 2 or mean.shape != log_variance.shape or mean.shape[1] != x.shape[1]:
        raise ValueError(
            f"posterior must be two tensors [latent, points] and x [observed, points], got mean {list(mean.shape)}, "
            f"log-variance {list(log_variance.shape)} and x {list(x.shape)}"
        )


def _checked_noise(noise_variance: Tensor | float, x: Tensor) -> Tensor:
    """Noise variances [observed], float64, one for each feature of x [observed, points]."""
    noise_variance = torch.as_tensor(noise_variance, dtype=torch.float64, device=x.device)
    if noise_variance.ndim > 0 and noise_variance.shape != x.shape[:1]:
        raise ValueError(
            f"noise_variance must be one number or [observed], got {list(noise_variance.shape)} for x {list(x.shape)}"
        )
    if not (noise_variance > 0).all():
        raise ValueError(f"noise_variance must be positive, got {noise_variance.tolist()}")
    return noise_variance.expand(x.shape[0])


def _estimate(
    decode: Callable[[Tensor], Tensor],
    proposal: Sequence[Tensor],
    x: Tensor,
    noise_variance: Tensor,
    samples: int,
    stream: torch.Generator,
) -> LikelihoodEstimate:
    """Add up the importance weights of few enough points to fit, block of samples by block of samples."""
    points = x.shape[1]
    first = torch.full((points,), -torch.inf, dtype=torch.float64, device=x.device)
    second = first.clone()
    block = max(1, _CODES_AT_ONCE // max(1, points))
    for start in range(0, samples, block):
        size = min(block, samples - start)
        log_weight = _log_weights(decode, proposal, x, noise_variance, size, stream)
        first = torch.logaddexp(first, log_weight.logsumexp(0))
        second = torch.logaddexp(second, (2 * log_weight).logsumexp(0))
    effective = (2 * first - second).exp().where(first != -torch.inf, 0.0)
    return LikelihoodEstimate(first - math.log(samples), effective)


def _log_weights(
    decode: Callable[[Tensor], Tensor],
    proposal: Sequence[Tensor],
    x: Tensor,
    noise_variance: Tensor,
    samples: int,
    stream: torch.Generator,
) -> Tensor:
    """log p(x|z) + log p(z) − log q(z) of fresh codes from the proposal, [samples, points]."""
    mean, log_variance = proposal
    latent, points = mean.shape
    noise = torch.randn(latent, samples, points, generator=stream, dtype=torch.float64, device=x.device)
    codes = torch.addcmul(mean[:, None], noise, (log_variance / 2).exp()[:, None])
    decoded = decode(codes.reshape(latent, samples * points))
    if decoded.shape != (x.shape[0], samples * points):
        raise ValueError(
            f"decode must give [observed, points] = {[x.shape[0], samples * points]}, got {list(decoded.shape)}"
        )
    likelihood = gaussian_log_likelihood(x[:, None, :].expand(-1, samples, -1).flatten(1), decoded, noise_variance)
    prior_over_proposal = 0.5 * (noise.square().sum(0) - codes.square().sum(0) + log_variance.sum(0))
    return likelihood.view(samples, points) + prior_over_proposal
