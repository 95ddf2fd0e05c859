"""The aggregated posterior: Eq. 9 at the truth, and the law of total variance by hand and by draws."""

import math

import pytest
import torch
from scipy.stats import chi2

from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.posterior.aggregated import aggregated_moments, distance_to_prior, jackknife_error
from libi.posterior.sampling import sample_posterior
from libi.runtime.seeding import stream
from libi.statistics.gaussianity import henze_zirkler_p_value

POINTS = 500


def codes_of(dataset, theta, x):
    named = dataset.generative.unpack(theta)
    return sample_posterior(
        lambda codes: dataset.decode(named, codes[None])[0],
        x,
        dataset.noise_variance,
        samples=1000,
        prior_share=0.1,
        stream=stream("tests", "codes", dataset.name),
    )


@pytest.mark.parametrize("name", ["linear_jtex", "gaussian", "cubic_jtex"])
def test_at_the_truth_it_is_the_prior(name):
    """Eq. 9, on fresh points: one code from the posterior of each is a sample of N(0, I), with its sampling errors.

    N‖mean‖² is χ² with two degrees of freedom; N‖covariance − I‖² is, for large N, no larger than twice one with three.
    Moments of whole posteriors vary less than those of a sample.
    """
    dataset = DATASETS[name]
    theta = dataset.generative.pack(dataset.ground_truth()[0]).double()
    _, x = simulate(dataset, theta, POINTS, stream("tests", "fresh", name))
    codes = codes_of(dataset, theta, x)
    drawn = codes.draw(1, stream("tests", "draws"))
    distance = distance_to_prior(codes.mean, codes.covariance, drawn)
    assert POINTS * distance.mean_distance < chi2.ppf(0.999, 2)
    assert POINTS * distance.covariance_distance < 2 * chi2.ppf(0.999, 3)
    assert henze_zirkler_p_value(distance.henze_zirkler, POINTS, 2) > 0.001
    _, other = simulate(dataset, 1.3 * theta, POINTS, stream("tests", "other", name))
    codes = codes_of(dataset, theta, other)
    distance = distance_to_prior(codes.mean, codes.covariance, codes.draw(1, stream("tests", "draws")))
    assert POINTS * distance.covariance_distance > 2 * chi2.ppf(0.999, 3)


def test_total_variance_by_hand():
    """Half of the points at (1, 0) with covariance diag(2, 1), half at (−1, 0) with 1 throughout and correlation ½.

    The mean is 0; the first variance is 1 + (2 + 1)/2, the second (1 + 1)/2, the covariance (0 + ½)/2.
    """
    means = torch.tensor([[1.0, -1.0], [0.0, 0.0]]).double()
    covariances = torch.stack([torch.diag(torch.tensor([2.0, 1.0])), torch.tensor([[1.0, 0.5], [0.5, 1.0]])], -1)
    mean, covariance = aggregated_moments(means, covariances.double())
    assert mean.tolist() == [0, 0]
    assert covariance.tolist() == [[2.5, 0.25], [0.25, 1.0]]
    many = (means + 0.5).repeat(1, 25), covariances.double().repeat(1, 1, 25)  # the same moments
    distance = distance_to_prior(*many, torch.randn(3, 2, 50).double())
    assert distance.mean_distance == pytest.approx(0.5)
    assert distance.covariance_distance == pytest.approx(1.5**2 + 2 * 0.25**2)


def test_total_variance_by_draws():
    """Moments of 200 codes a point against those of the weighted codes, for a model that does not fit its data."""
    dataset = DATASETS["cubic_jtex"]
    theta = dataset.generative.pack(dataset.ground_truth()[0]).double()
    _, x = simulate(dataset, 0.8 * theta, 100, stream("tests", "misfit"))
    codes = codes_of(dataset, theta, x)
    mean, covariance = aggregated_moments(codes.mean, codes.covariance)
    drawn = codes.draw(200, stream("tests", "draws")).transpose(0, 1).flatten(1)
    assert drawn.mean(1).numpy() == pytest.approx(mean.numpy(), abs=5 * math.sqrt(covariance.diagonal().max() / 20_000))
    assert drawn.cov(correction=0).numpy() == pytest.approx(covariance.numpy(), abs=0.03)
    fixed = torch.cov(codes.mean, correction=0)
    assert (covariance - fixed).diagonal().min() > 0.005  # the posteriors' own spread is part of it


def test_the_henze_zirkler_statistic_is_averaged():
    codes = torch.randn(4, 2, 60, generator=stream("tests", "normal")).double()
    zeros = torch.zeros(2, 60).double(), torch.zeros(2, 2, 60).double()
    together = distance_to_prior(*zeros, codes)
    alone = [distance_to_prior(*zeros, part[None]).henze_zirkler for part in codes]
    assert together.henze_zirkler == pytest.approx(sum(alone) / 4)
    assert (together.mean_distance, together.covariance_distance) == (0, 2)


def test_jackknife_is_the_spread_over_samples():
    """Moments of 400 points, 200 times over: their standard deviation is what the jackknife says of one sample."""
    source = stream("tests", "jackknife")
    means = 1 + 1.3 * torch.randn(200, 2, 400, generator=source, dtype=torch.float64)
    covariances = torch.zeros(2, 2, 400, dtype=torch.float64)
    values, errors = [], []
    for sample in means:
        mean, covariance = aggregated_moments(sample, covariances)
        deviation = covariance - torch.eye(2)
        values.append(float(mean.square().sum() + deviation.square().sum()))
        errors.append(jackknife_error(sample, covariances))
    assert torch.tensor(errors).mean().item() == pytest.approx(torch.tensor(values).std().item(), rel=0.2)
