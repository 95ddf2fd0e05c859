"""Exact log-likelihoods against closed forms, a plain grid, a change of variables, scipy's cubature, and each other."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import log, pi
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, nquad, quad
from scipy.stats import multivariate_normal, norm

import libi
from libi.base.layers import Hidden, Network
from libi.base.simulation import simulate
from libi.datasets import DATASETS, own_points
from libi.paper.vocabulary import PAPERS_DATASETS
from libi.posterior.cubature import elementwise_log_likelihood
from libi.posterior.marginal import laplace_log_likelihood, marginal_log_likelihood
from libi.posterior.modes import Joint
from libi.posterior.piecewise import ReluNetwork, relu_log_likelihood

REPOSITORY = Path(__file__).parents[2]
ALLOWED = 1e-3  # nats a point: what the study promises


@cache
def truth_of(name):
    """θ_GT, named arrays; Mobius's takes seconds to fit."""
    return DATASETS[name].ground_truth()[0]


def gaussian(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def random_network(units=12, observed=2, seed=0):
    scales = (1.0, 1.0, 0.5, 1.0)
    shapes = ((units, 2), (units,), (observed, units), (observed,))
    return ReluNetwork(
        *(scale * gaussian(*shape, seed=seed + n) for n, (scale, shape) in enumerate(zip(scales, shapes, strict=True)))
    )


def means(network, codes):
    """f(z) [observed, points] for codes [2, points]."""
    hidden = (network.inner @ codes + network.inner_bias[:, None]).clamp(min=0)
    return network.outer @ hidden + network.outer_bias[:, None]


def grid_log_likelihood(decode, noise, x, reach=6.0, spacing=0.008):
    """A plain sum over a fine grid of codes."""
    axis = torch.arange(-reach, reach, spacing, dtype=torch.float64)
    total = torch.full((x.shape[1],), -torch.inf, dtype=torch.float64)
    for row in axis.split(100):
        codes = torch.cartesian_prod(row, axis).T
        prior = -0.5 * codes.square().sum(0) - log(2 * pi)
        decoded = decode(codes)
        for point in range(x.shape[1]):
            deviation = (x[:, point, None] - decoded).square() / noise[:, None]
            term = (prior - 0.5 * deviation.sum(0)).logsumexp(0)
            total[point] = torch.logaddexp(total[point], term)
    return total + 2 * log(spacing) - 0.5 * (2 * pi * noise).log().sum()


def published(dataset, method):
    """A model of the published study, its θ by name, and points of its truth [2, 8]."""
    folder = REPOSITORY / "paper/reference/models" / dataset
    truth, model = (libi.load(folder / f"{name}.safetensors", replicate=0) for name in ("truth", method))
    x = simulate(truth.dataset, truth.generative, 8, torch.Generator().manual_seed(0))[1].double()
    theta = model.dataset.generative.unpack(model.generative.double())
    return model, {name: value[0] for name, value in theta.items()}, x


@pytest.mark.parametrize("method", ["truth", "vae", "lagging", "libi"])
def test_published_models_of_mobius_agree_with_a_plain_grid_point_by_point(method):
    """At the study's own noise, by a sum over codes that shares no code with the package."""
    model, theta, x = published("mobius", method)

    def decode(codes):
        hidden = (theta["hidden_1.weight"] @ codes + theta["hidden_1.bias"][:, None]).clamp(min=0)
        return theta["mean.weight"] @ hidden + theta["mean.bias"][:, None]

    exact = marginal_log_likelihood(model.dataset, model.generative, x).log_likelihood
    noise = torch.tensor(model.dataset.noise_variance, dtype=torch.float64)
    assert (exact - grid_log_likelihood(decode, noise, x, spacing=0.012)).abs().max() < ALLOWED


@pytest.mark.parametrize("method", ["vae", "libi"])
def test_published_models_of_cubic_jtex_agree_with_scipy_s_cubature_point_by_point(method):
    """∫ N(u; 0, A Aᵀ + B) N(x; u³, σ² − B) du by scipy's adaptive rules, broken where the cube passes x."""
    model, theta, x = published("cubic_jtex", method)
    (loading,) = theta.values()
    exact = marginal_log_likelihood(model.dataset, model.generative, x[:, :2]).log_likelihood
    (noise,) = set(model.dataset.noise_variance)
    prior = multivariate_normal(cov=loading @ loading.T + 0.006 * torch.eye(2))  # B of Eq. 3
    for point, value in zip(x.T.tolist(), exact.tolist(), strict=False):
        breaks = [sorted(float(np.cbrt(x_i + k * noise**0.5)) for k in (-9, -3, 0, 3, 9)) for x_i in point]
        peak = np.cbrt(point)
        scale = prior.logpdf(peak)

        def density(u_1, u_2, point=point, scale=scale):
            likelihoods = norm.logpdf(point, np.array([u_1, u_2]) ** 3, noise**0.5).sum()
            return np.exp(prior.logpdf([u_1, u_2]) - scale + likelihoods)

        ranges = [(low[0] - 1, low[-1] + 1) for low in breaks]
        options = [{"points": own, "epsabs": 0, "epsrel": 1e-6} for own in breaks]
        assert log(nquad(density, ranges, opts=options)[0]) + scale == pytest.approx(value, abs=ALLOWED)


# --- networks of ReLU units ---


@pytest.mark.parametrize("observed", [1, 2, 5])
def test_pieces_are_the_network(observed):
    network = random_network(observed=observed, seed=7)
    network.inner[3, 0] = 0.0  # a unit that a line never turns on or off
    network.inner[4] = 0.0
    across = torch.tensor([-1.3, 0.0, 0.4, 2.0], dtype=torch.float64)
    edges, offset, slope = network.pieces(across)
    for line, second in enumerate(across):
        for piece, (left, right) in enumerate(pairwise(edges[line].clamp(-20, 20).tolist())):
            if left == right:
                continue
            first = torch.linspace(left, right, 5, dtype=torch.float64)
            expected = means(network, torch.stack([first, second.expand(5)]))
            result = offset[line, piece][:, None] + slope[line, piece][:, None] * first
            torch.testing.assert_close(result, expected, rtol=1e-9, atol=1e-9)


def test_a_linear_network_has_the_closed_form():
    """max(0, a) − max(0, −a) = a, so that pairs of units make f(z) = W z + c."""
    loading, units, offset = gaussian(3, 2), gaussian(2, 2, seed=1), gaussian(3, seed=2)
    inverse = torch.linalg.inv(units)
    network = ReluNetwork(
        torch.cat([units, -units]),
        torch.zeros(4, dtype=torch.float64),
        torch.cat([loading @ inverse, -loading @ inverse], 1),
        offset,
    )
    noise = torch.tensor([0.01, 0.1, 0.3], dtype=torch.float64)
    x = 4 * gaussian(3, 60, seed=3)  # far out too
    expected = multivariate_normal(offset, loading @ loading.T + noise.diag()).logpdf(x.T)
    assert relu_log_likelihood(network, noise, x).log_value.numpy() == pytest.approx(expected, abs=ALLOWED)


def test_a_constant_network_has_the_noise_s_density():
    network = ReluNetwork(*(torch.zeros(shape, dtype=torch.float64) for shape in ((3, 2), (3,), (2, 3), (2,))))
    noise, x = torch.tensor([0.5, 2.0], dtype=torch.float64), gaussian(2, 20)
    expected = multivariate_normal(cov=noise.diag()).logpdf(x.T)
    assert relu_log_likelihood(network, noise, x).log_value.numpy() == pytest.approx(expected, abs=1e-6)


def test_points_that_only_far_codes_explain():
    """f(z) = z₁ by one pair of units: p(x) is N(0, 1 + noise), whose codes for x = 100 are at 100 (1 − noise)."""
    inner = torch.tensor([[0.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    outer = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    network = ReluNetwork(inner, torch.zeros(2, dtype=torch.float64), outer, torch.zeros(1, dtype=torch.float64))
    noise, x = torch.tensor([0.01], dtype=torch.float64), torch.tensor([[0.0, 12.0, -40.0, 100.0]], dtype=torch.float64)
    expected = norm.logpdf(x[0], scale=1.01**0.5)
    for side in (network, network.swapped()):
        assert relu_log_likelihood(side, noise, x).log_value.numpy() == pytest.approx(expected, abs=ALLOWED)


@pytest.mark.parametrize("noise", [(1e-2, 1e-2), (0.3, 0.02)])
def test_a_network_agrees_with_a_plain_grid(noise):
    network, noise = random_network(), torch.tensor(noise, dtype=torch.float64)
    x = means(network, gaussian(2, 8, seed=9)) + noise.sqrt()[:, None] * gaussian(2, 8, seed=10)
    expected = grid_log_likelihood(lambda codes: means(network, codes), noise, x)
    result = relu_log_likelihood(network, noise, x)
    torch.testing.assert_close(result.log_value, expected, rtol=0, atol=ALLOWED)


def test_a_network_agrees_with_scipy_s_cubature():
    """In x of one dimension a unit's kink is a curve through the plane of codes; scipy's adaptive rule finds it."""
    network, noise = random_network(units=3, observed=1, seed=4), torch.tensor([0.5], dtype=torch.float64)
    x = torch.tensor([[0.3]], dtype=torch.float64)
    inner, bias, outer = network.inner.numpy(), network.inner_bias.numpy(), network.outer[0].numpy()

    def density(first, second):
        mean = outer @ np.maximum(inner[:, 0] * first + inner[:, 1] * second + bias, 0) + network.outer_bias.item()
        return np.exp(-((0.3 - mean) ** 2) - (first**2 + second**2) / 2) / (2 * pi) / pi**0.5

    expected = log(dblquad(density, -7, 7, -7, 7, epsabs=1e-6, epsrel=1e-4)[0])
    assert relu_log_likelihood(network, noise, x).log_value.item() == pytest.approx(expected, abs=ALLOWED)


def test_densities_of_a_network_sum_to_one():
    network, noise = random_network(units=4, seed=2), torch.tensor([0.5, 0.5], dtype=torch.float64)
    axis = torch.arange(-12, 12, 0.6, dtype=torch.float64)
    x = torch.cartesian_prod(axis, axis).T
    assert relu_log_likelihood(network, noise, x).log_value.exp().sum().item() * 0.6**2 == pytest.approx(1, abs=1e-3)


def test_without_noise_a_network_s_density_is_the_prior_s_over_the_jacobian():
    """Of an invertible f: log p(x) = log N(f⁻¹(x)) − log |det J| as the noise goes to 0. f is Mobius's ground truth."""
    named = {name: value.double() for name, value in truth_of("mobius").items()}
    network = ReluNetwork(
        *(named[name][0] for name in ("hidden_1.weight", "hidden_1.bias", "mean.weight", "mean.bias"))
    )
    codes = gaussian(2, 20, seed=5)
    x = means(network, codes)
    noise = torch.full((2,), 3e-8, dtype=torch.float64)
    jacobian = torch.stack(
        [
            network.outer @ torch.diag((network.inner @ z + network.inner_bias > 0).double()) @ network.inner
            for z in codes.T
        ]
    )
    expected = -0.5 * codes.square().sum(0) - log(2 * pi) - torch.linalg.det(jacobian).abs().log()
    difference = relu_log_likelihood(network, noise, x).log_value - expected
    # A few points have a second code, or a kink within the noise.
    assert (difference.abs() < ALLOWED).double().mean() > 0.8
    assert difference.abs().median() < 1e-4


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_axes_may_be_swapped(scale):
    """Mobius's ground truth, and a network three times as steep, on points of the truth and beyond it."""
    dataset = DATASETS["mobius"]
    truth = truth_of("mobius")
    _, x = simulate(dataset, dataset.generative.pack(truth), 30, torch.Generator().manual_seed(3))
    named = {name: value[0].double() for name, value in truth.items()}
    network = ReluNetwork(
        named["hidden_1.weight"], named["hidden_1.bias"], scale * named["mean.weight"], named["mean.bias"]
    )
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    one, other = (relu_log_likelihood(side, noise, x.double()) for side in (network, network.swapped()))
    torch.testing.assert_close(one.log_value, other.log_value, rtol=0, atol=ALLOWED)


def test_a_narrow_peak_that_coarse_lines_miss_is_found():
    """f is 20 times as steep beyond z₂ = 2.013: there a code explains x within 0.005, between lines 0.04 apart, and
    weighs more than the other code that explains it.
    """
    rows = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 1.0]]
    network = ReluNetwork(
        torch.tensor(rows, dtype=torch.float64),
        torch.tensor([0.0, 0.0, 0.0, 0.0, -2.013], dtype=torch.float64),
        torch.tensor([[1.0, -1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0, -21.0]], dtype=torch.float64),
        torch.zeros(2, dtype=torch.float64),
    )
    noise, x = torch.full((2,), 0.01, dtype=torch.float64), torch.tensor([[0.3], [-4.0]], dtype=torch.float64)
    # By z₂: x₂ = z₂ up to 2.013, then 2.013 − 20 (z₂ − 2.013). Both pieces are Gaussian integrals.
    first = norm.logpdf(0.3, scale=1.01**0.5)
    weights = [
        quad(lambda z, mean=mean: norm.pdf(z) * norm.pdf(-4.0, mean(z), 0.1), *ends, epsabs=0, epsrel=1e-10)[0]
        for mean, ends in ((lambda z: z, (-4.6, -3.4)), (lambda z: 2.013 - 20 * (z - 2.013), (2.25, 2.38)))
    ]
    expected = first + log(sum(weights))
    assert weights[1] > weights[0]
    for side in (network, network.swapped()):
        assert relu_log_likelihood(side, noise, x).log_value.item() == pytest.approx(expected, abs=ALLOWED)


# --- an invertible map and a curve ---


def cubes(loading, noise, x):
    return elementwise_log_likelihood(loading, lambda u: u**3, lambda u: u.sign() * u.abs() ** (1 / 3), noise, x)


def test_without_a_curve_it_is_the_closed_form():
    loading = torch.tensor([[0.7, 0.0], [1.1, 0.3]], dtype=torch.float64)
    noise, x = torch.tensor([0.01, 0.2], dtype=torch.float64), 2 * gaussian(2, 40)
    result = elementwise_log_likelihood(loading, lambda u: u, lambda u: u, noise, x)
    expected = multivariate_normal(cov=loading @ loading.T + noise.diag()).logpdf(x.T)
    assert result.log_value.numpy() == pytest.approx(expected, abs=1e-4)
    assert (result.error < ALLOWED).all()


def test_coordinates_apart_are_integrals_of_one_dimension():
    def density(u, value, scale):
        return norm.pdf(value, u**3, 0.004**0.5) * norm.pdf(u, 0, scale)

    scales, noise = torch.tensor([0.8, 1.7], dtype=torch.float64), torch.tensor([0.004, 0.004], dtype=torch.float64)
    x = torch.tensor([[0.0, 0.01, -0.3, 2.0, 30.0], [0.0, 1.0, -8.0, 0.001, -4.0]], dtype=torch.float64)
    expected = np.zeros(x.shape[1])
    for feature, scale in enumerate(scales.tolist()):
        for point, value in enumerate(x[feature].tolist()):
            cuts = sorted(np.cbrt(value + np.array([-20, -6, -3, -1, 0, 1, 3, 6, 20]) * 0.004**0.5))
            expected[point] += log(
                sum(quad(density, *ends, (value, scale), epsrel=1e-10)[0] for ends in pairwise(cuts))
            )
    assert cubes(scales.diag(), noise, x).log_value.numpy() == pytest.approx(expected, abs=1e-6)


def test_cubes_agree_with_a_plain_grid():
    loading = torch.tensor([[0.6, 0.0], [0.9, 0.5]], dtype=torch.float64)
    noise, codes = torch.tensor([0.004, 0.004], dtype=torch.float64), 1.3 * gaussian(2, 6, seed=3)
    x = (loading @ codes) ** 3 + 0.063 * gaussian(2, 6, seed=4)
    expected = grid_log_likelihood(lambda z: (loading @ z) ** 3, noise, x)
    torch.testing.assert_close(cubes(loading, noise, x).log_value, expected, rtol=0, atol=ALLOWED)


def test_without_noise_cubes_have_the_density_of_a_change_of_variables():
    """log N(∛x | 0, W Wᵀ) − Σ log 3 ∛x², away from 0, where the noise is never small."""
    loading = torch.tensor([[0.6, 0.0], [0.9, 0.5]], dtype=torch.float64)
    x = (loading @ gaussian(2, 300, seed=5)) ** 3
    x = x[:, (x.abs() > 0.05).all(0)]
    roots = x.sign() * x.abs() ** (1 / 3)
    expected = multivariate_normal(cov=loading @ loading.T).logpdf(roots.T) - (3 * roots.square()).log().sum(0).numpy()
    noise = torch.full((2,), 1e-8, dtype=torch.float64)
    assert cubes(loading, noise, x).log_value.numpy() == pytest.approx(expected, abs=ALLOWED)


def test_a_model_all_but_of_one_dimension():
    """W whose columns are all but parallel: codes on a ridge far narrower than the rules' nodes are apart at first."""
    loading = torch.tensor([[1.0, 0.0], [1.5, 0.03]], dtype=torch.float64)
    noise = torch.tensor([0.004, 0.004], dtype=torch.float64)
    x = (loading @ gaussian(2, 5, seed=6)) ** 3 + 0.063 * gaussian(2, 5, seed=7)
    expected = grid_log_likelihood(lambda z: (loading @ z) ** 3, noise, x)
    torch.testing.assert_close(cubes(loading, noise, x).log_value, expected, rtol=0, atol=ALLOWED)


# --- any model ---


@pytest.mark.parametrize("name", [name for name in DATASETS if not own_points(name)])
def test_truth_of_every_data_set_agrees_with_importance_sampling_at_the_modes(name):
    """4,000 draws a point: the mean over points must agree within four standard errors, whatever the decoder."""
    dataset = DATASETS[name]
    truth = truth_of(name)
    theta = dataset.generative.pack(truth)
    _, x = simulate(dataset, theta, 50, torch.Generator().manual_seed(1))
    exact = marginal_log_likelihood(dataset, theta, x)
    assert exact.exact or name not in PAPERS_DATASETS
    assert not exact.exact or (exact.error <= ALLOWED).all()
    named = {key: value.double() for key, value in truth.items()}
    joint = Joint(
        lambda codes: dataset.decode(named, codes[None])[0],
        x.double(),
        torch.tensor(dataset.noise_variance, dtype=torch.float64),
    )
    estimate = laplace_log_likelihood(joint, 4_000, 0.1, torch.Generator().manual_seed(2))
    standard_error = estimate.error.square().sum().sqrt() / 50
    assert (exact.log_likelihood - estimate.log_likelihood).mean().abs() < 4 * standard_error + 2e-3


def test_a_decoder_of_another_kind_is_estimated_and_says_so():
    """Two layers of tanh: no integral is known, so importance sampling must agree with a plain grid."""
    decoder = Network(2, (Hidden(5, torch.tanh), Hidden(5, torch.tanh)), {"mean": 2})
    dataset = replace(DATASETS["mobius"], decoder=decoder, noise_variance=(0.05, 0.05))
    theta = decoder.layout.draw(torch.Generator().manual_seed(0))[None].double() * 2
    x = 0.5 * gaussian(2, 10)
    result = marginal_log_likelihood(dataset, theta, x)
    assert not result.exact
    named = decoder.layout.unpack(theta)
    expected = grid_log_likelihood(
        lambda codes: decoder(named, codes[None])[0][0], torch.full((2,), 0.05, dtype=torch.float64), x, spacing=0.02
    )
    assert ((result.log_likelihood - expected).abs() < 5 * result.error + 1e-3).all()
    assert (result.error < 0.1).all()
