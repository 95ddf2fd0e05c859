"""The two gaps of Eq. 2 against known numbers, closed forms, and sums of each other."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.evaluation import gaps
from libi.evaluation.gaps import Reference, expected_log_joint, measure_gaps
from libi.models.trained import TrainedModel
from libi.posterior.closed_form import (
    loading_of,
    mean_field,
    mutual_information,
    posterior,
)

LINEAR, CUBIC = DATASETS["linear_jtex"], DATASETS["cubic_jtex"]
NOISE = torch.tensor(LINEAR.noise_variance, dtype=torch.float64)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def truth_of(dataset):
    return dataset.generative.pack(dataset.ground_truth()[0]).double()


def reference(dataset, points):
    return Reference.draw(dataset, truth_of(dataset), points, stream(4))


def linear_model(scale=1.0):
    """LinearJTEx's truth, A scaled, with the best mean-field posterior of that θ."""
    theta = truth_of(LINEAR) * scale
    best = mean_field(posterior(loading_of(LINEAR, theta), NOISE))
    named = {
        "mean.weight": best.gain,
        "mean.bias": best.offset,
        "log_variance.weight": best.log_variance_gain,
        "log_variance.bias": best.log_variance_offset,
    }
    phi = LINEAR.inference.layout.pack({name: value[None] for name, value in named.items()})
    return TrainedModel(LINEAR, theta, phi, None, "default", 0)


def cubic_model(scale):
    theta, phi = truth_of(CUBIC) * scale, CUBIC.inference.layout.draw(stream(3))[None].double()
    return TrainedModel(CUBIC, theta, phi, None, "default", 0)


def test_the_misfit_of_a_linear_model_is_the_divergence_of_two_gaussians():
    """By torch's own formula, for half of the truth's A."""
    a = torch.tensor([[0.75, 0.25], [1.5, -1.0]], dtype=torch.float64)  # LinearJTEx's (Appendix E)
    p, q = (scale**2 * a @ a.T + 0.01 * torch.eye(2, dtype=torch.float64) for scale in (1.0, 0.5))
    zero = torch.zeros(2, dtype=torch.float64)
    expected = kl_divergence(MultivariateNormal(zero, p), MultivariateNormal(zero, q)).item()
    assert measure_gaps(linear_model(0.5), reference(LINEAR, 10), stream()).mle_objective == pytest.approx(expected)


def test_the_truth_s_gaps_are_the_paper_s():
    """0.532 nats, all of it posterior matching (Figure 1C)."""
    found = measure_gaps(linear_model(), reference(LINEAR, 10), stream())
    assert found.mle_objective == pytest.approx(0, abs=1e-9)
    assert found.posterior_matching == found.objective == pytest.approx(0.532, abs=5e-4)
    assert found.information == pytest.approx(float(mutual_information(loading_of(LINEAR, truth_of(LINEAR)), NOISE)))
    assert found.objective_error == 0


def test_points_give_what_closed_forms_give():
    """The way of the other data sets, on one where everything is known: within four standard errors."""
    model = linear_model(1.2)
    exact = measure_gaps(model, reference(LINEAR, 10), stream())
    sampled = gaps._over_points(model, reference(LINEAR, 4000), stream(1))
    for name in ("mle_objective", "posterior_matching", "objective", "information"):
        error = getattr(sampled, f"{name}_error")
        assert error < 0.1
        assert abs(getattr(sampled, name) - getattr(exact, name)) < 4 * error + 1e-9, name
    assert sampled.posterior_matching_error < 1e-9  # the posteriors of a linear model have one shape


def test_expected_log_joint_of_a_linear_model_has_a_closed_form():
    model = linear_model(0.9)
    _, x = simulate(LINEAR, truth_of(LINEAR), 50, stream())
    loading = loading_of(LINEAR, model.generative)
    mean, log_variance = model.posterior(x)
    misfit = (x - loading @ mean).square() + loading.square() @ log_variance.exp()
    prior = mean.square() + log_variance.exp() + math.log(2 * math.pi)
    expected = -0.5 * ((misfit / NOISE[:, None] + (2 * math.pi * NOISE).log()[:, None]).sum(0) + prior.sum(0))
    torch.testing.assert_close(expected_log_joint(model, x), expected, rtol=1e-9, atol=1e-9)


def test_expected_log_joint_of_cubes_agrees_with_draws():
    model = cubic_model(1.0)
    _, x = simulate(CUBIC, truth_of(CUBIC), 20, stream())
    mean, log_variance = model.posterior(x)
    codes = mean[:, None] + (0.5 * log_variance).exp()[:, None] * torch.randn(2, 40_000, 20, generator=stream(1))
    decoded = model.means(codes.flatten(1)).unflatten(1, codes.shape[1:])
    noise = torch.tensor(CUBIC.noise_variance, dtype=torch.float64)[:, None, None]
    terms = -0.5 * ((x[:, None] - decoded).square() / noise + (2 * math.pi * noise).log()).sum(0)
    terms -= 0.5 * (codes.square() + math.log(2 * math.pi)).sum(0)
    deviation = (expected_log_joint(model, x) - terms.mean(0)) / (terms.std(0) / 200)
    assert deviation.abs().max() < 4.5


def test_gaps_of_cubes():
    """At the truth p_θ is p. The parts are KL divergences and add up to L, and a wrong model has both."""
    points = reference(CUBIC, 300)
    at_truth, wrong = (measure_gaps(cubic_model(scale), points, stream(2)) for scale in (1.0, 1.5))
    assert (at_truth.mle_objective, at_truth.mle_objective_error) == (0, 0)
    assert wrong.mle_objective > 4 * wrong.mle_objective_error > 0
    for found in (at_truth, wrong):
        assert found.posterior_matching > 0 and found.information > 0
        assert found.objective == pytest.approx(found.mle_objective + found.posterior_matching)


def test_without_a_truth_the_gap_of_q_is_that_over_the_points_that_are_given():
    """The mean over them of torch's own KL[q_ϕ(z|x) ‖ p_θ(z|x)]; what would need p(x) is missing."""
    model = linear_model(0.7)
    x = simulate(LINEAR, truth_of(LINEAR), 50, stream(5))[1]
    exact = posterior(loading_of(LINEAR, model.generative), NOISE)
    mean, log_variance = model.posterior(x)
    divergences = [
        kl_divergence(
            MultivariateNormal(mean[:, point], log_variance[:, point].exp().diag()),
            MultivariateNormal(exact.gain @ x[:, point], exact.covariance),
        )
        for point in range(50)
    ]
    found = measure_gaps(model, Reference.without_truth(x), stream())
    assert found.posterior_matching == pytest.approx(float(torch.stack(divergences).mean()), rel=1e-9)
    assert math.isnan(found.mle_objective) and math.isnan(found.objective)
