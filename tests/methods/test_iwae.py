"""The IWAE's bound against closed forms, and what it is for."""

import math

import torch

from libi.base.simulation import simulate
from libi.datasets import DATASETS
from libi.methods.iwae import negative_bound
from libi.objectives.elbo import negative_elbo
from libi.runtime.seeding import stream
from libi.statistics.likelihood import linear_gaussian_log_likelihood

from ..training.conftest import problem_of, stack_of

DATASET = DATASETS["linear_jtex"]


def start(draws, points=40):
    """θ at the truth, a random ϕ, points in turn for each draw, and noise; two models, float64."""
    source = stream("test", "iwae")
    theta = DATASET.generative.pack(DATASET.ground_truth()[0]).double()
    stack = {
        "generative": DATASET.generative.unpack(theta.expand(2, -1)),
        "inference": DATASET.inference.layout.unpack(
            torch.stack([DATASET.inference.layout.draw(source) for _ in range(2)]).double()
        ),
    }
    x = simulate(DATASET, theta, points, source)[1][None]
    noise = torch.randn(2, 2, draws * points, generator=source, dtype=torch.float64)
    return stack, x, noise


def test_with_one_draw_it_is_the_elbo():
    stack, x, noise = start(1)
    elbo = negative_elbo(DATASET, stack, x, noise, torch.ones(2, dtype=torch.float64))
    bound = negative_bound(DATASET, stack, x, noise, draws=1)
    # The ELBO has the KL divergence in closed form, so the two agree in the mean over the noise alone.
    many = torch.randn(4000, 2, 2, x.shape[2], generator=stream("many"), dtype=torch.float64)
    elbos, bounds = (
        torch.stack([loss(each) for each in many])
        for loss in (
            lambda n: negative_elbo(DATASET, stack, x, n, torch.ones(2, dtype=torch.float64)),
            lambda n: negative_bound(DATASET, stack, x, n, draws=1),
        )
    )
    error = (bounds - elbos).std(0) / len(many) ** 0.5
    assert elbo.shape == bound.shape == (2,)
    assert ((bounds.mean(0) - elbos.mean(0)).abs() < 4 * error).all()


def test_draws_of_a_point_are_averaged_before_the_logarithm():
    """By hand, point by point and draw by draw."""
    stack, x, noise = start(3, points=4)
    mean, log_variance = DATASET.inference(stack["inference"], x)
    found = []
    for model in range(2):
        total = 0.0
        for point in range(4):
            weights = []
            for draw in range(3):
                e = noise[model, :, draw * 4 + point]
                z = mean[model, :, point] + (0.5 * log_variance[model, :, point]).exp() * e
                named = {name: value[model : model + 1] for name, value in stack["generative"].items()}
                f = DATASET.decode(named, z[None, :, None])[0, :, 0]
                normal = torch.distributions.Normal
                spread = torch.tensor(DATASET.noise_variance, dtype=torch.float64).sqrt()
                weights.append(
                    normal(f, spread).log_prob(x[0, :, point]).sum()
                    + normal(torch.zeros(2).double(), 1.0).log_prob(z).sum()
                    - normal(mean[model, :, point], (0.5 * log_variance[model, :, point]).exp()).log_prob(z).sum()
                )
            total += torch.stack(weights).logsumexp(0) - math.log(3)
        found.append(-total / 4)
    bound = negative_bound(DATASET, stack, x.repeat(1, 1, 3), noise, draws=3)
    torch.testing.assert_close(bound, torch.stack(found))


def test_the_bound_is_below_the_log_likelihood_and_tightens_with_draws():
    stack, x, _ = start(1, points=200)
    loading = torch.linalg.cholesky(
        torch.tensor([[0.75, 0.25], [1.5, -1.0]]).double() @ torch.tensor([[0.75, 1.5], [0.25, -1.0]]).double()
        + 0.006 * torch.eye(2).double()
    )
    exact = linear_gaussian_log_likelihood(loading, torch.full((2,), 0.004).double(), x[0]).mean()
    bounds = []
    for draws in (1, 10, 1000):
        noise = torch.randn(2, 2, draws * 200, generator=stream("bound", draws), dtype=torch.float64)
        bounds.append(-negative_bound(DATASET, stack, x.repeat(1, 1, draws), noise, draws=draws))
    assert (bounds[0] < bounds[1]).all() and (bounds[1] < bounds[2]).all() and (bounds[2] < exact).all()


def test_it_trains():
    stack = stack_of(problem_of("linear_jtex"), "iwae", [(0, {}), (1, {})], 200)
    before = stack.assess("iwae")
    stack.run()
    assert (stack.state.kept.score < before - 1).all()
