"""Likelihoods against scipy, torch.distributions and closed forms of linear Gaussian models."""

from math import log, sqrt

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm
from torch.distributions import Normal, kl_divergence

from libi.statistics import likelihood
from libi.statistics.likelihood import (
    gaussian_log_likelihood,
    importance_sampled_log_likelihood,
    linear_gaussian_log_likelihood,
    normal_kl,
)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=stream(seed))


def orthogonal_model(points=30):
    """A linear model whose true posterior is mean-field: loading [3, 2] with orthogonal columns."""
    loading = torch.tensor([[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]], dtype=torch.float64) * 0.7
    noise_variance = 0.1
    x = loading @ gaussian(2, points) + sqrt(noise_variance) * gaussian(3, points, seed=1)
    precision = 1 + loading.square().sum(0) / noise_variance
    mean = (loading.T @ x) / noise_variance / precision[:, None]
    return loading, noise_variance, x, (mean, -precision.log()[:, None].expand(2, points))


def test_gaussian_log_likelihood_agrees_with_scipy():
    x, mean = gaussian(4, 3, 10), gaussian(4, 3, 10, seed=1)
    variance = torch.tensor([0.1, 1.0, 7.0], dtype=torch.float64)
    expected = norm.logpdf(x, mean, variance.sqrt()[:, None]).sum(-2)
    assert gaussian_log_likelihood(x, mean, variance).numpy() == pytest.approx(expected)
    expected = norm.logpdf(x, mean, sqrt(0.3)).sum(-2)
    assert gaussian_log_likelihood(x, mean, 0.3).numpy() == pytest.approx(expected)


def test_normal_kl_agrees_with_torch():
    mean, log_variance = gaussian(4, 3, 10), gaussian(4, 3, 10, seed=1)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(-2)
    torch.testing.assert_close(normal_kl(mean, log_variance), expected)


@pytest.mark.parametrize(("observed", "latent"), [(4, 2), (2, 2), (2, 3), (3, 1)])
def test_linear_gaussian_agrees_with_scipy(observed, latent):
    loading, x = gaussian(observed, latent), gaussian(observed, 20, seed=1)
    variance = torch.linspace(0.1, 0.5, observed, dtype=torch.float64)
    covariance = (loading @ loading.T + variance.diag()).numpy()
    expected = multivariate_normal(cov=covariance).logpdf(x.T.numpy())
    assert linear_gaussian_log_likelihood(loading, variance, x).numpy() == pytest.approx(expected)


def test_linear_gaussian_keeps_its_digits_for_the_smallest_noise():
    """Orthogonal columns: log p is a sum over two scaled coordinates and a remainder, with noise 1e-6 and less."""
    basis, _ = torch.linalg.qr(gaussian(4, 4))
    for noise_variance in (1e-6, 1e-10):
        coordinates = gaussian(4, 50, seed=1) * torch.tensor([2.0, 0.5, 1.0, 1.0])[:, None]
        coordinates[2:] *= sqrt(noise_variance)
        variances = torch.tensor([4.0, 0.25, 0.0, 0.0], dtype=torch.float64)[:, None] + noise_variance
        expected = norm.logpdf(coordinates, 0, variances.sqrt()).sum(0)
        loading = basis[:, :2] * torch.tensor([2.0, 0.5])
        result = linear_gaussian_log_likelihood(loading, noise_variance, basis @ coordinates)
        assert result.numpy() == pytest.approx(expected, rel=1e-9)


def test_linear_jtex_at_the_truth_and_at_the_vae_optimum():
    """Expected log-likelihoods −2.971 and −3.133 under the true covariance (closed forms of the paper's Section 1)."""
    truth = torch.tensor([[0.635, 0.875], [0.875, 3.26]], dtype=torch.float64)
    model = torch.tensor([[0.6353, 0.1684], [0.1684, 2.8851]], dtype=torch.float64)
    noise = torch.full((2,), 0.01, dtype=torch.float64)
    # Four points with exactly the true second moments turn the average into the expectation.
    directions = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]], dtype=torch.float64) * sqrt(2)
    x = torch.linalg.cholesky(truth) @ directions
    for covariance, expected in ((truth, -2.971), (model, -3.133)):
        loading = torch.linalg.cholesky(covariance - noise.diag())
        assert linear_gaussian_log_likelihood(loading, noise, x).mean().item() == pytest.approx(expected, abs=1e-3)


def test_importance_sampling_is_exact_with_the_true_posterior():
    loading, noise_variance, x, posterior = orthogonal_model()
    result = importance_sampled_log_likelihood(
        lambda z: loading @ z,
        posterior,
        x,
        torch.full((3,), noise_variance),
        samples=50,
        inflation=1.0,
        stream=stream(),
    )
    exact = multivariate_normal(cov=(loading @ loading.T + noise_variance * torch.eye(3)).numpy()).logpdf(x.T.numpy())
    assert result.log_likelihood.dtype == result.effective_sample_size.dtype == torch.float64
    assert result.log_likelihood.numpy() == pytest.approx(exact, rel=1e-6)
    assert result.effective_sample_size.numpy() == pytest.approx(50, rel=1e-6)


def test_importance_sampling_with_inflation_agrees_with_the_exact_likelihood():
    """Inflating the true posterior c-fold leaves an effective share √(2c−1)/c for each latent dimension: ¾ for two.

    In units of the posterior, the weight is N(z|0, 1)/N(z|0, c) and the mean of its square c/√(2c−1).
    """
    loading, noise_variance, x, posterior = orthogonal_model()
    result = importance_sampled_log_likelihood(lambda z: loading @ z, posterior, x, noise_variance, stream=stream())
    exact = multivariate_normal(cov=(loading @ loading.T + noise_variance * torch.eye(3)).numpy()).logpdf(x.T.numpy())
    standard_error = sqrt((1 / 0.75 - 1) / 5000)
    assert np.abs(result.log_likelihood.numpy() - exact).max() < 5 * standard_error
    assert result.log_likelihood.mean().item() == pytest.approx(exact.mean(), abs=5 * standard_error / sqrt(30))
    assert result.effective_sample_size.mean().item() == pytest.approx(0.75 * 5000, rel=0.01)


def test_importance_sampling_for_correlated_posteriors_and_peaky_likelihoods():
    """The mean-field proposal is not the posterior; noise 1e-6 as in the paper's Gaussian data set, unequal here."""
    loading = torch.tensor([[-0.7074, 0.0995, 0.0286, 0.1240], [0.7074, 0.9948, -0.9995, 0.9920]]).double().T
    variance = torch.tensor([1e-6, 2e-6, 1e-6, 3e-6], dtype=torch.float64)
    x = loading @ gaussian(2, 40) + variance.sqrt()[:, None] * gaussian(4, 40, seed=1)
    precision = torch.eye(2) + loading.T @ (loading / variance[:, None])
    mean = torch.linalg.solve(precision, loading.T @ (x / variance[:, None]))
    log_variance = -precision.diagonal().log()[:, None].expand(2, 40)
    result = importance_sampled_log_likelihood(
        lambda z: loading @ z, (mean, log_variance), x, variance, stream=stream()
    )
    covariance = (loading @ loading.T + variance.diag()).numpy()
    exact = multivariate_normal(cov=covariance).logpdf(x.T.numpy())
    share = result.effective_sample_size.numpy() / 5000
    errors = np.abs(result.log_likelihood.numpy() - exact) / np.sqrt((1 / share - 1) / 5000)
    assert errors.max() < 5
    assert 0.1 < share.min() <= share.max() < 1


def test_decoder_that_ignores_its_code_has_the_noise_density():
    x = gaussian(3, 12)
    zeros = torch.zeros(2, 12)
    result = importance_sampled_log_likelihood(
        lambda z: torch.zeros(3, z.shape[1], dtype=z.dtype), (zeros, zeros), x, 2.0, inflation=1.0, stream=stream()
    )
    assert result.log_likelihood.numpy() == pytest.approx(norm.logpdf(x, 0, sqrt(2)).sum(0))


def test_points_and_samples_may_exceed_one_block(monkeypatch):
    monkeypatch.setattr(likelihood, "_CODES_AT_ONCE", 16)
    loading, noise_variance, x, posterior = orthogonal_model(points=37)
    widths = []

    def decode(z):
        widths.append(z.shape[1])
        return loading @ z

    result = importance_sampled_log_likelihood(
        decode, posterior, x, noise_variance, samples=7, inflation=1.0, stream=stream()
    )
    assert max(widths) <= 16
    assert sum(widths) == 37 * 7
    exact = multivariate_normal(cov=(loading @ loading.T + noise_variance * torch.eye(3)).numpy()).logpdf(x.T.numpy())
    assert result.log_likelihood.numpy() == pytest.approx(exact, rel=1e-6)
    assert result.effective_sample_size.numpy() == pytest.approx(7, rel=1e-6)


def test_poor_proposal_shows_in_the_effective_sample_size():
    loading, noise_variance, x, (mean, log_variance) = orthogonal_model()
    result = importance_sampled_log_likelihood(
        lambda z: loading @ z, (mean + 5, log_variance), x, noise_variance, samples=500, stream=stream()
    )
    assert result.effective_sample_size.max().item() < 20
    assert result.effective_sample_size.min().item() >= 1 - 1e-9


def test_impossible_data_have_no_likelihood_and_no_effective_sample():
    result = importance_sampled_log_likelihood(
        lambda z: torch.full((1, z.shape[1]), torch.inf),
        (torch.zeros(1, 2),) * 2,
        torch.zeros(1, 2),
        1.0,
        samples=10,
        stream=stream(),
    )
    assert result.log_likelihood.tolist() == [-torch.inf] * 2
    assert result.effective_sample_size.tolist() == [0, 0]


def test_no_weight_is_too_small_for_the_sum():
    """Densities near exp(−5e9) underflow any float; their logarithm is the closed form's."""
    x = torch.full((1, 1), 1e5, dtype=torch.float64)
    zeros = torch.zeros(1, 1)
    result = importance_sampled_log_likelihood(
        lambda z: 0 * z, (zeros, zeros), x, 1.0, samples=10, inflation=1.0, stream=stream()
    )
    assert result.log_likelihood.item() == pytest.approx(-5e9 - 0.5 * log(2 * np.pi), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": torch.zeros(3, 9)}, r"\[2, 8\].*\[3, 9\]"),
        ({"noise_variance": torch.ones(2)}, r"\[2\].*\[3, 8\]"),
        ({"noise_variance": -1.0}, "noise_variance must be positive"),
        ({"samples": 0}, "samples=0"),
        ({"inflation": 0.0}, "inflation=0"),
        ({"decode": lambda z: z}, r"\[3, 40\].*\[2, 40\]"),
    ],
)
@pytest.mark.wrong_shapes
def test_errors_name_both_shapes(changes, message):
    arguments = {
        "decode": lambda z: torch.zeros(3, z.shape[1]),
        "posterior": (torch.zeros(2, 8), torch.zeros(2, 8)),
        "x": torch.zeros(3, 8),
        "noise_variance": 1.0,
        "samples": 5,
        "stream": stream(),
    }
    with pytest.raises(ValueError, match=message):
        importance_sampled_log_likelihood(**(arguments | changes))
    with pytest.raises(ValueError, match=r"\[3, 2\].*\[4, 5\]"):
        linear_gaussian_log_likelihood(torch.zeros(3, 2), 1.0, torch.zeros(4, 5))
