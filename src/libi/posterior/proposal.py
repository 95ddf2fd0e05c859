"""What codes are proposed from when a posterior is sampled: Gaussians at its modes, and the prior."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

from libi.posterior.modes import Joint, find_modes

MODES = 4  # CubicJTEx has up to two for each of its two features
# Where the likelihood is flat, as CubicJTEx's is around 0, a mode's curvature says too little of its width: the mode
# is proposed from once as it is and then for noise of these many times the variance. The prior caps the width.
TEMPERATURES = (1.0, 4.0, 25.0)


class Proposal(NamedTuple):
    """A mixture of Gaussians for each point, sampled by a fixed number of draws from each component.

    Attributes:
        mean: [2, components, points].
        factor: lower Cholesky factor of each precision [2, 2, components, points].
        draws: how many draws come from each component; their shares are the mixture's weights.
    """

    mean: Float64[Tensor, "2 components points"]
    factor: Float64[Tensor, "2 2 components points"]
    draws: tuple[int, ...]

    def sample(self, stream: torch.Generator) -> Float64[Tensor, "2 all_draws points"]:
        """Draw codes [2, all draws, points], component after component."""
        latent, _, points = self.mean.shape
        root = torch.linalg.inv(self.factor.movedim((0, 1), (-1, -2))).movedim((-2, -1), (0, 1))
        parts = []
        for component, draws in enumerate(self.draws):
            noise = torch.randn(latent, draws, points, generator=stream, dtype=torch.float64)
            moves = (root[:, :, component, None] * noise).sum(1)
            parts.append(self.mean[:, component, None] + moves)
        return torch.cat(parts, 1)

    def log_density(self, codes: Float64[Tensor, "2 n points"]) -> Float64[Tensor, "n points"]:
        """Log density of the whole mixture in nats [n, points], at codes [2, n, points]."""
        share = torch.tensor(self.draws, dtype=torch.float64) / sum(self.draws)
        constant = self.factor.diagonal().log().sum(-1) + share.log()[:, None] - math.log(2 * math.pi)
        terms = []
        for component in range(len(self.draws)):
            first, second = codes - self.mean[:, component, None]
            (corner, _), (below, last) = self.factor[:, :, component]
            squares = (corner * first + below * second).square() + (last * second).square()
            terms.append(constant[component] - 0.5 * squares)
        return torch.logsumexp(torch.stack(terms), 0)


def laplace_proposal(joint: Joint, samples: int, prior_share: float) -> Proposal:
    """Build the proposal: the prior, and full-covariance Laplace approximations at the modes.

    Args:
        joint: the model and its data.
        samples: draws in all.
        prior_share: share of them that comes from the prior, up to what does not divide evenly among the others.
    """
    modes = find_modes(joint, MODES)
    latent, _, points = modes.codes.shape
    identity = torch.eye(latent, dtype=torch.float64)
    curvature = torch.cat([modes.curvature / temperature for temperature in TEMPERATURES])
    # Rounding of a large curvature must not swallow the prior's precision of 1.
    rounding = 8 * torch.finfo(torch.float64).eps * curvature.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    precision = torch.cat([curvature + (1 + rounding) * identity, identity.expand(1, points, -1, -1)])
    mean = torch.cat([modes.codes] * len(TEMPERATURES) + [torch.zeros(latent, 1, points, dtype=torch.float64)], 1)
    each = round(samples * (1 - prior_share)) // len(curvature)
    draws = (each,) * len(curvature) + (samples - each * len(curvature),)
    return Proposal(mean, torch.linalg.cholesky(precision).movedim((-2, -1), (0, 1)), draws)
