"""The objectives against closed forms of linear models and against their definitions."""

import math

import numpy as np
import pingouin
import pytest
import torch
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from libi.datasets import DATASETS
from libi.objectives.constrained_likelihood import capped_exp, constrained_likelihood
from libi.objectives.elbo import negative_elbo
from libi.objectives.joint_map import negative_joint_likelihood
from libi.runtime.seeding import stream

# A function that is quadratic in standard normal noise has the same mean over these four points as over all noise.
FOUR_POINTS = torch.tensor([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]], dtype=torch.float64)


def linear_model(name, seed=0):
    """A random linear model in float64: data set, packed parameters of both networks, and some points."""
    dataset = DATASETS[name]
    theta = dataset.generative.draw(stream("test", seed, "θ"))[None].double()
    phi = dataset.inference.layout.draw(stream("test", seed, "ϕ"))[None].double()
    x = torch.randn(1, dataset.observed, 7, generator=stream("test", seed, "x"), dtype=torch.float64)
    return dataset, theta.requires_grad_(), phi.requires_grad_(), x


def closed_form_elbo(dataset, theta, phi, x, beta):
    """−ELBO by expectations of Gaussians: E‖x − W z‖² under q, and torch's own KL divergence."""
    loading = dataset.decode(dataset.generative.unpack(theta), torch.eye(2, dtype=torch.float64)[None])[0]
    named = dataset.inference.layout.unpack(phi)
    mean = named["mean.weight"][0] @ x[0] + named["mean.bias"][0][:, None]
    log_variance = named["log_variance.weight"][0] @ x[0] + named["log_variance.bias"][0][:, None]
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)[:, None]
    expected_square = (x[0] - loading @ mean) ** 2 + loading**2 @ log_variance.exp()
    likelihood = -0.5 * (expected_square / noise + torch.log(2 * math.pi * noise)).sum(0)
    q = Independent(Normal(mean.T, (0.5 * log_variance).exp().T), 1)
    prior = Independent(Normal(torch.zeros_like(mean.T), 1.0), 1)
    return (beta * kl_divergence(q, prior) - likelihood).mean()


@pytest.mark.parametrize("beta", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("name", ["linear_jtex", "gaussian"])
def test_elbo_and_gradient_have_the_closed_form_of_linear_models(name, beta):
    dataset, theta, phi, x = linear_model(name)
    expected = closed_form_elbo(dataset, theta, phi, x, beta)
    stack = {"generative": dataset.generative.unpack(theta), "inference": dataset.inference.layout.unpack(phi)}
    noise = FOUR_POINTS.repeat_interleave(x.shape[2], dim=1)[None]
    value = negative_elbo(dataset, stack, x.repeat(1, 1, 4), noise, torch.tensor([beta], dtype=torch.float64)).sum()
    assert value.item() == pytest.approx(expected.item(), rel=1e-9)
    for ours, theirs in zip(
        torch.autograd.grad(value, (theta, phi)), torch.autograd.grad(expected, (theta, phi)), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-8)


def test_constrained_likelihood_is_equation_44():
    dataset = DATASETS["linear_jtex"]
    theta = dataset.generative.draw(stream("test", "θ"))[None]
    x = torch.randn(1, 2, 200, generator=stream("test", "x"))
    phi = torch.tensor([[0.9, 0.1, -0.2, 1.1, 0.3, -0.1]])  # weight row by row, then bias
    stack = {"generative": dataset.generative.unpack(theta), "encoder": dataset.encoder.layout.unpack(phi)}
    given = [torch.tensor([value]) for value in (0.7, 0.2, 0.5)]
    value = constrained_likelihood(dataset, stack, x, *given, cap=8.0).item()

    codes = np.array([[0.9, 0.1], [-0.2, 1.1]]) @ x[0].numpy() + np.array([[0.3], [-0.1]])
    means = dataset.decode(stack["generative"], torch.tensor(codes)[None].float())[0].numpy()
    likelihood = MultivariateNormal(torch.zeros(2), 0.004 * torch.eye(2)).log_prob(x[0].T - torch.tensor(means).T)
    statistic = pingouin.multivariate_normality(codes.T).hz
    covariance = np.cov(codes, bias=True)
    misfit, shift = np.sum((covariance - np.eye(2)) ** 2), np.sum(codes.mean(1) ** 2)
    expected = -likelihood.mean().item() + 0.7 * np.exp(statistic) + np.exp(misfit / 0.2) + np.exp(shift / 0.5)
    assert value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["linear_jtex", "gaussian"])
def test_joint_likelihood_and_gradient_are_torchs(name):
    """Eq. 31 by torch.distributions."""
    dataset, theta, _, x = linear_model(name)
    phi = dataset.encoder.layout.draw(stream("test", "φ"))[None].double().requires_grad_()
    weight, bias = phi[0].split([2 * dataset.observed, 2])
    codes = weight.reshape(2, -1) @ x[0] + bias[:, None]
    means = dataset.decode(dataset.generative.unpack(theta), codes[None])[0]
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    likelihood = MultivariateNormal(means.T, torch.diag(noise)).log_prob(x[0].T)
    prior = MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double()).log_prob(codes.T)
    expected = -(likelihood + prior).mean()

    stack = {"generative": dataset.generative.unpack(theta), "encoder": dataset.encoder.layout.unpack(phi)}
    (value,) = negative_joint_likelihood(dataset, stack, x)
    assert value.item() == pytest.approx(expected.item(), rel=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(value, (theta, phi)), torch.autograd.grad(expected, (theta, phi)), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("c", [0.5, 2.0])
def test_codes_nearer_to_0_are_preferred_by_their_prior_alone(c):
    """Eq. 34–40: ẑ = z/c² and f̂(ẑ) = f(c² ẑ) leave p(x|z) as it is, and the prior gains ½ (1 − c⁻⁴) E‖z‖²."""
    dataset, theta, _, x = linear_model("gaussian")
    phi = dataset.encoder.layout.draw(stream("test", "φ"))[None].double()
    (codes,) = dataset.encoder(dataset.encoder.layout.unpack(phi), x)

    def loss(scale):
        stack = {
            "generative": dataset.generative.unpack(scale * theta.detach()),
            "encoder": dataset.encoder.layout.unpack(phi / scale),
        }
        return negative_joint_likelihood(dataset, stack, x).item()

    gain = 0.5 * (1 - c**-4) * (codes**2).sum(1).mean().item()
    assert loss(1.0) - loss(c**2) == pytest.approx(gain, rel=1e-6)


def test_capped_exp_is_exp_below_and_its_tangent_above():
    below = torch.linspace(-5, 8, 50, dtype=torch.float64)
    torch.testing.assert_close(capped_exp(below, 8.0), below.exp())
    above = torch.tensor([9.0, 50.0, 1e4], dtype=torch.float64, requires_grad=True)
    value = capped_exp(above, 8.0)
    torch.testing.assert_close(value.detach(), math.exp(8) * (above.detach() - 7))
    (slope,) = torch.autograd.grad(value.sum(), above)
    torch.testing.assert_close(slope, torch.full_like(slope, math.exp(8)))
