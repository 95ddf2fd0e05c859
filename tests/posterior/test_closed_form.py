"""Closed forms against the paper's numbers, numerical integration and torch.distributions."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from libi.datasets import DATASETS, dataset_of
from libi.posterior.closed_form import (
    LinearInference,
    divergence,
    expected_posterior_divergence,
    loading_of,
    marginal_covariance,
    mean_field,
    objective,
    posterior,
)

NOISE = torch.full((2,), 0.004, dtype=torch.float64)


def loading_for(a):
    """Cholesky(AAᵀ + B) of LinearJTEx for a matrix A."""
    return loading_of(DATASETS["linear_jtex"], torch.tensor(a, dtype=torch.float64).reshape(1, 4))


TRUTH = loading_for([[0.75, 0.25], [1.5, -1.0]])


def test_the_loading_is_the_papers():
    a = torch.tensor([[0.75, 0.25], [1.5, -1.0]], dtype=torch.float64)
    torch.testing.assert_close(TRUTH, torch.linalg.cholesky(a @ a.T + 0.006 * torch.eye(2)))  # Eq. 3


def test_an_inference_network_without_biases_has_offsets_of_0():
    dataset = dataset_of("gaussian", {"encoder_bias": False})
    named = dataset.inference.layout.unpack(dataset.inference.layout.draw(torch.Generator())[None])
    found, x = LinearInference.of(named), torch.randn(1, 4, 3)
    mean, log_variance = dataset.inference(named, x)
    torch.testing.assert_close((found.gain @ x[0].double() + found.offset[:, None]).float(), mean[0])
    linear = found.log_variance_gain @ x[0].double() + found.log_variance_offset[:, None]
    torch.testing.assert_close(linear.float(), log_variance[0])
    assert (found.offset == 0).all() and (found.log_variance_offset == 0).all()


def test_only_linear_models_have_closed_forms():
    with pytest.raises(ValueError, match="cubic_jtex: f_θ is not linear"):
        loading_of(DATASETS["cubic_jtex"], torch.ones(1, 4))


def test_the_data_covariance_is_the_papers():
    expected = torch.tensor([[0.635, 0.875], [0.875, 3.26]], dtype=torch.float64)  # AAᵀ + 0.01·I by hand
    torch.testing.assert_close(marginal_covariance(TRUTH, NOISE), expected)


def test_the_loss_at_the_truth_is_the_papers():
    covariance = marginal_covariance(TRUTH, NOISE)
    likelihood, matching = objective(TRUTH, NOISE, mean_field(posterior(TRUTH, NOISE)), covariance)
    assert likelihood == pytest.approx(0, abs=1e-12)
    assert matching == pytest.approx(0.532, abs=5e-4)  # L(θ_GT, ϕ_GT), Section 1


def test_the_least_loss_is_the_papers():
    covariance = marginal_covariance(TRUTH, NOISE)
    a = torch.tensor([[0.8, 0.0], [0.3, 1.5]], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([a], max_iter=500, line_search_fn="strong_wolfe", tolerance_change=1e-12)
    dataset = DATASETS["linear_jtex"]

    def loss():
        optimiser.zero_grad()
        loading = dataset.decode({"A": a[None]}, torch.eye(2, dtype=torch.float64)[None])[0]
        value = sum(objective(loading, NOISE, mean_field(posterior(loading, NOISE)), covariance))
        value.backward()
        return value

    optimiser.step(loss)
    assert loss().item() == pytest.approx(0.196, abs=5e-4)  # L(θ*, ϕ*), Section 1


def test_posterior_is_the_conditional_of_the_joint_gaussian():
    joint = torch.cat(
        [torch.cat([marginal_covariance(TRUTH, NOISE), TRUTH], 1), torch.cat([TRUTH.T, torch.eye(2).double()], 1)]
    )  # Eq. 20
    exact = posterior(TRUTH, NOISE)
    gain = joint[2:, :2] @ torch.linalg.inv(joint[:2, :2])
    torch.testing.assert_close(exact.gain, gain)
    torch.testing.assert_close(exact.covariance, joint[2:, 2:] - gain @ joint[:2, 2:])


def test_mean_field_optimum_is_no_worse_than_any_neighbour():
    exact, covariance = posterior(TRUTH, NOISE), marginal_covariance(TRUTH, NOISE)
    best = mean_field(exact)
    least = expected_posterior_divergence(best, exact, covariance)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        moved = [part + 0.05 * torch.randn(part.shape, generator=generator, dtype=torch.float64) for part in best]
        assert expected_posterior_divergence(LinearInference(*moved), exact, covariance) > least


def test_expected_divergence_is_an_average_of_divergences():
    generator = torch.Generator().manual_seed(1)
    exact, covariance = posterior(TRUTH, NOISE), marginal_covariance(TRUTH, NOISE)
    q = LinearInference(
        exact.gain + 0.1,
        torch.tensor([0.1, -0.2]).double(),
        torch.full((2, 2), 0.2).double(),
        torch.tensor([-2.0, -1.0]).double(),
    )
    x = torch.linalg.cholesky(covariance) @ torch.randn(2, 200_000, generator=generator, dtype=torch.float64)
    spread = (q.log_variance_gain @ x + q.log_variance_offset[:, None]).exp()
    ours = MultivariateNormal((q.gain @ x + q.offset[:, None]).T, torch.diag_embed(spread.T))
    values = kl_divergence(ours, MultivariateNormal((exact.gain @ x).T, exact.covariance))
    error = 4 * values.std() / math.sqrt(len(values))
    assert expected_posterior_divergence(q, exact, covariance) == pytest.approx(values.mean().item(), abs=error.item())


def test_divergence_is_that_of_torch_distributions():
    first, second = (
        marginal_covariance(loading_for(a), NOISE) for a in ([[1.0, 0.2], [0.1, 0.7]], [[0.4, 0], [1, 1.0]])
    )
    zero = torch.zeros(2, dtype=torch.float64)
    expected = kl_divergence(MultivariateNormal(zero, first), MultivariateNormal(zero, second))
    torch.testing.assert_close(divergence(first, second), expected)
