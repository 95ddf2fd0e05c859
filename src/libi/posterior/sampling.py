"""The posterior p_θ(z|x) of a generative model, whatever its inference network says: by weighted codes.

Self-normalised importance sampling. The proposal comes from θ and x alone (`libi.posterior.proposal`): with q_ϕ in it
the result would copy what it is to check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.posterior.modes import Joint
from libi.posterior.proposal import laplace_proposal

# Codes weighed at once: few enough that what is computed of them stays in the processor's cache.
_CODES_AT_ONCE = 8_192


@dataclass(frozen=True)
class WeightedCodes:
    """Codes that stand for each point's posterior.

    Attributes:
        codes: [latent, samples, points], float64.
        weights: [samples, points]; those of a point add up to 1.
    """

    codes: Float64[Tensor, "latent samples points"]
    weights: Float64[Tensor, "samples points"]

    @property
    def mean(self) -> Float64[Tensor, "latent points"]:
        """Posterior means [latent, points]."""
        return (self.weights * self.codes).sum(1)

    @property
    def covariance(self) -> Float64[Tensor, "latent latent points"]:
        """Posterior covariances [latent, latent, points]."""
        centred = self.codes - self.mean[:, None]
        return torch.einsum("sp,isp,jsp->ijp", self.weights, centred, centred)

    @property
    def effective_sample_size(self) -> Float64[Tensor, " points"]:
        """1 / Σ w² [points], from 1 to the number of samples. A small one means that few codes carry the estimates."""
        return 1 / self.weights.square().sum(0)

    def draw(self, draws: int, stream: torch.Generator) -> Float64[Tensor, "draws latent points"]:
        """Draw codes [draws, latent, points] from each point's posterior, with replacement and by their weights."""
        samples, points = self.weights.shape
        uniform = torch.rand(points, draws, generator=stream, dtype=torch.float64)
        cumulative = self.weights.T.cumsum(1).contiguous()
        chosen = torch.searchsorted(cumulative, uniform * cumulative[:, -1:]).clamp(max=samples - 1)
        return self.codes[:, chosen.T, torch.arange(points)].transpose(0, 1)


@torch.no_grad()
def sample_posterior(
    decode: Callable[[Tensor], Tensor],
    x: Float[Tensor, "observed points"],
    noise_variance: Float[Tensor, " observed"] | tuple[float, ...],
    *,
    samples: int,
    prior_share: float,
    stream: torch.Generator,
) -> WeightedCodes:
    """Sample p_θ(z|x) ∝ N(x | f_θ(z), diag(noise variance)) · N(z | 0, I) for two-dimensional z.

    Draws come in fixed numbers from every component of the proposal, and are weighted by its whole density. Their
    codes take 24 bytes for each of samples × points.

    Args:
        decode: f_θ, point by point: codes [2, any number], float64, to means [observed, the same number].
        x: data [observed, points].
        noise_variance: diagonal of the observation noise covariance [observed], in squared units of x.
        samples: draws a point.
        prior_share: share of the draws that comes from the prior, above 0 and below 1.
        stream: source of the draws.

    Raises:
        ValueError: if shapes disagree, naming both; if samples, prior share or noise are impossible.
    """
    noise_variance = torch.as_tensor(noise_variance, dtype=torch.float64)
    if x.ndim != 2 or noise_variance.shape != x.shape[:1]:
        raise ValueError(
            f"expected x [observed, points] and noise_variance [observed], "
            f"got {list(x.shape)} and {list(noise_variance.shape)}"
        )
    if samples < 1 or not 0 < prior_share < 1 or not (noise_variance > 0).all():
        raise ValueError(
            f"samples and noise_variance must be positive and prior_share between 0 and 1, got samples={samples}, "
            f"prior_share={prior_share}, noise_variance={noise_variance.tolist()}"
        )
    joint = Joint(decode, x.double(), noise_variance)
    proposal = laplace_proposal(joint, samples, prior_share)
    codes = proposal.sample(stream)
    block = max(1, _CODES_AT_ONCE // x.shape[1])
    log_weights = [joint.log_density(part) - proposal.log_density(part) for part in codes.split(block, dim=1)]
    return WeightedCodes(codes, torch.cat(log_weights).softmax(0))
