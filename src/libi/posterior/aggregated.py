"""The aggregated posterior E_p(x)[p(z|x)] (Eq. 8), and how far it is from the prior N(0, I) (Eq. 9)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from libi.statistics.gaussianity import henze_zirkler


class DistanceToPrior(NamedTuple):
    """How far codes are from N(0, I), by the three measures that Eq. 7 constrains.

    Attributes:
        mean_distance: ‖mean‖²; 0 at the prior.
        covariance_distance: ‖covariance − I‖², squared Frobenius norm; 0 at the prior.
        moments_error: standard error of the sum of these two, by the jackknife over points.
        henze_zirkler: the exact Henze–Zirkler statistic, averaged over draws.
    """

    mean_distance: float
    covariance_distance: float
    moments_error: float
    henze_zirkler: float


def aggregated_moments(
    means: Float[Tensor, "latent points"], covariances: Float[Tensor, "latent latent points"]
) -> tuple[Float[Tensor, " latent"], Float[Tensor, "latent latent"]]:
    """Mean [latent] and covariance [latent, latent] of a mixture of posteriors, one a point, all of equal weight.

    By the law of total variance: the mean of the covariances, and the covariance (divisor N) of the means.

    Args:
        means: of the posteriors [latent, points].
        covariances: of the posteriors [latent, latent, points].
    """
    mean = means.mean(1)
    centred = means - mean[:, None]
    return mean, covariances.mean(2) + centred @ centred.T / means.shape[1]


def jackknife_error(means: Float[Tensor, "latent points"], covariances: Float[Tensor, "latent latent points"]) -> float:
    """Standard error of ‖mean‖² + ‖covariance − I‖² of an aggregated posterior, each point left out in turn.

    Args:
        means: of each point's posterior [latent, points].
        covariances: of each point's posterior [latent, latent, points].
    """
    points = means.shape[1]
    second = covariances + means[:, None] * means
    mean = (means.sum(1, keepdim=True) - means) / (points - 1)
    moment = (second.sum(2, keepdim=True) - second) / (points - 1)
    deviation = moment - mean[:, None] * mean - torch.eye(len(means), dtype=means.dtype)[..., None]
    distance = mean.square().sum(0) + deviation.square().sum((0, 1))
    return float(((points - 1) / points * (distance - distance.mean()).square().sum()).sqrt())


def distance_to_prior(
    means: Float[Tensor, "latent points"],
    covariances: Float[Tensor, "latent latent points"],
    codes: Float[Tensor, "draws latent points"],
) -> DistanceToPrior:
    """Compare an aggregated posterior with the prior.

    Args:
        means: of each point's posterior [latent, points].
        covariances: of each point's posterior [latent, latent, points].
        codes: one code from each point's posterior, several times over [draws, latent, points].
    """
    mean, covariance = aggregated_moments(means, covariances)
    deviation = covariance - torch.eye(len(mean), dtype=mean.dtype)
    statistic = henze_zirkler(codes).mean()
    error = jackknife_error(means, covariances)
    return DistanceToPrior(float(mean.square().sum()), float(deviation.square().sum()), error, float(statistic))
