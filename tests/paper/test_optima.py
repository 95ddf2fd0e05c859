"""The optima on LinearJTEx against the paper's numbers, quadrature and torch.distributions."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from libi.paper.examples import optima
from libi.paper.examples.optima import beta_vae_inference, beta_vae_objective, optima_table
from libi.posterior.closed_form import (
    LinearInference,
    loading_of,
    mean_field,
    objective,
    posterior,
)

A = np.array([[0.75, 0.25], [1.5, -1.0]])
MARGINAL = np.array([[0.635, 0.875], [0.875, 3.26]])  # AAᵀ + 0.01·I by hand


def double(values):
    return torch.tensor(values, dtype=torch.float64)


NOISE = double([0.004, 0.004])
LOADING = double([[0.8, 0.0], [0.3, 1.5]])


def linear_inference(gain, log_variance):
    zero = torch.zeros(2, 2, dtype=torch.float64)
    return LinearInference(gain, zero[0], zero, log_variance)


@pytest.mark.parametrize("beta", [0.5, 1, 5])
def test_the_beta_vaes_objective_is_its_integral_over_x_and_z(beta):
    """Gauss–Hermite with three nodes an axis is exact here: the logarithms are quadratic in x and z."""
    q = linear_inference(double([[1.1, 0.2], [-0.3, 0.4]]), double([-1.0, -2.5]))
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    u = double(list(product(nodes, repeat=4)))
    weight = double([math.prod(w) for w in product(weights / weights.sum(), repeat=4)])
    x = u[:, :2] @ torch.linalg.cholesky(double(MARGINAL)).T
    means, deviations = x @ q.gain.T, (0.5 * q.log_variance_offset).exp()
    z = means + deviations * u[:, 2:]
    log_likelihood = MultivariateNormal(z @ LOADING.T, torch.diag(NOISE)).log_prob(x)
    ratio = (Normal(means, deviations).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(1)
    expected = (weight * (beta * ratio - log_likelihood)).sum()
    torch.testing.assert_close(beta_vae_objective(LOADING, NOISE, q, double(MARGINAL), beta), expected)


@pytest.mark.parametrize("beta", [0.5, 1, 5])
def test_the_beta_vaes_best_posterior_is_where_its_objective_is_flat(beta):
    """The objective is convex in gain and log-variance, so that this is its minimum."""
    best = beta_vae_inference(LOADING, NOISE, beta)
    gain, log_variance = (part.clone().requires_grad_() for part in (best.gain, best.log_variance_offset))
    value = beta_vae_objective(LOADING, NOISE, linear_inference(gain, log_variance), double(MARGINAL), beta)
    for gradient in torch.autograd.grad(value, (gain, log_variance)):
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-9)


def test_at_beta_1_the_objective_is_l_and_the_entropy_of_the_data():
    q = mean_field(posterior(LOADING, NOISE))  # Eq. 27
    loss = sum(objective(LOADING, NOISE, q, double(MARGINAL)))
    entropy = MultivariateNormal(torch.zeros(2).double(), double(MARGINAL)).entropy()
    best = beta_vae_inference(LOADING, NOISE, 1)
    torch.testing.assert_close(beta_vae_objective(LOADING, NOISE, best, double(MARGINAL), 1), loss + entropy)


@pytest.fixture(scope="module")
def table():
    return optima_table().set_index("name")


def test_the_losses_are_the_papers(table):
    assert table["objective"]["truth"] == pytest.approx(0.532, abs=5e-4)  # L(θ_GT, ϕ_GT), Section 1
    assert table["objective"]["beta=1"] == pytest.approx(0.196, abs=5e-4)  # L(θ*, ϕ*)
    assert table["objective"].drop("truth").idxmin() == "beta=1"  # L is the objective of β = 1 alone


def test_the_optima_are_those_known_beforehand(table):
    """Worked out apart from this code, to the digits given here."""
    vae = table.loc["beta=1"]
    assert vae[["objective", "mle_objective", "posterior_matching"]].tolist() == pytest.approx(
        [0.1962, 0.1621, 0.0341], abs=5e-5
    )
    entries = [f"covariance_{entry}" for entry in ("11", "12", "22")]
    assert vae[entries].tolist() == pytest.approx([0.6353, 0.1684, 2.8851], abs=6e-5)
    assert table.loc["truth", entries].tolist() == pytest.approx([0.635, 0.875, 3.26])
    assert table["log_likelihood"]["truth"] == pytest.approx(-2.971, abs=5e-4)
    assert vae["log_likelihood"] == pytest.approx(-3.133, abs=5e-4)
    betas = table["log_likelihood"][["beta=0.5", "beta=1", "beta=2", "beta=5"]]
    assert betas.iloc[[0, -1]].tolist() == pytest.approx([-3.1329, -3.1325], abs=5e-5)
    assert betas.is_monotonic_increasing


def test_the_log_likelihood_is_that_of_the_printed_covariance(table):
    rows = table[[f"covariance_{entry}" for entry in ("11", "12", "12", "22")]].to_numpy()
    for covariance, expected in zip(rows.reshape(-1, 2, 2), table["log_likelihood"], strict=True):
        cross_entropy = 0.5 * (
            np.log(np.linalg.det(2 * np.pi * covariance)) + np.trace(np.linalg.solve(covariance, MARGINAL))
        )
        assert -cross_entropy == pytest.approx(expected, rel=1e-9)


def test_aggregated_posteriors(table):
    """Eq. 9 at the truth; at the VAE's optimum p and q agree with each other and not with the prior (Eq. 4)."""
    entries = ("11", "12", "22")
    p, q = (table[[f"{name}_covariance_{entry}" for entry in entries]].to_numpy() for name in "pq")
    assert p[0] == pytest.approx([1, 0, 1], abs=1e-12)
    vae = list(table.index).index("beta=1")
    assert np.abs(p[vae] - [1, 0, 1]).max() > 0.5 and np.abs(p[vae] - q[vae]).max() < 1e-3
    # Scaling a latent axis and its column of W together changes the KL term alone: it is least at variance 1.
    assert q[vae, [0, 2]] == pytest.approx([1, 1], abs=1e-6)


def test_aggregated_posteriors_by_drawing_from_them():
    generator = torch.Generator().manual_seed(0)
    x = torch.linalg.cholesky(double(MARGINAL)) @ torch.randn(2, 400_000, generator=generator, dtype=torch.float64)
    noise = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    exact = posterior(LOADING, NOISE)
    q = mean_field(exact)
    described = optima.describe(LOADING, NOISE, double(MARGINAL))
    for name, spread in (
        ("p", torch.linalg.cholesky(exact.covariance)),
        ("q", (0.5 * q.log_variance_offset).exp().diag()),
    ):
        drawn = torch.cov(exact.gain @ x + spread @ noise)
        ours = double([[described[f"{name}_covariance_{i}"] for i in row] for row in (("11", "12"), ("12", "22"))])
        torch.testing.assert_close(ours, drawn, rtol=0.02, atol=0.02)


def test_no_neighbour_of_an_optimum_is_better():
    theta = optima.optimum(2, NOISE, double(MARGINAL))
    moves = 0.1 * torch.randn(100, 1, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def loss(theta):
        loading = loading_of(optima.DATASET, theta)
        return beta_vae_objective(loading, NOISE, beta_vae_inference(loading, NOISE, 2), double(MARGINAL), 2)

    assert all(loss(theta + move) > loss(theta) for move in moves)


def test_a_search_that_has_not_converged_says_so(monkeypatch):
    monkeypatch.setattr(optima, "GRADIENT", 0.0)  # no search gets there in floating point
    with pytest.raises(RuntimeError, match="beta=2: 0 of 8 starts"):
        optima.optimum(2, NOISE, double(MARGINAL))
