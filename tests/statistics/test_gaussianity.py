"""Henze–Zirkler against its definition, an independent package, its theory, and the two forms against each other."""

import math

import numpy as np
import pingouin
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import multivariate_normal
from torch.fx.experimental.proxy_tensor import make_fx

from libi.statistics.gaussianity import (
    henze_zirkler,
    henze_zirkler_p_value,
    hermite_functions,
    null_moments,
    spectral_henze_zirkler,
)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def exponential(*shape, seed=0):
    return -torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).log()


def mixed(features, points, seed=0):
    """Neither Gaussian nor centred nor uncorrelated."""
    codes = exponential(features, points, seed=seed) + gaussian(features, points, seed=seed + 1)
    return torch.eye(features, dtype=torch.float64).cumsum(0) @ codes + 3


def literal_henze_zirkler(codes):
    """The pairwise sums of the definition, with Mahalanobis distances from scipy."""
    sample = codes.T.numpy()
    n, d = sample.shape
    inverse = np.linalg.inv(np.cov(sample, rowvar=False, bias=True).reshape(d, d))
    b2 = 0.5 * ((2 * d + 1) * n / 4) ** (2 / (d + 4))
    pairs = cdist(sample, sample, "mahalanobis", VI=inverse) ** 2
    centre = cdist(sample, sample.mean(0, keepdims=True), "mahalanobis", VI=inverse) ** 2
    return (
        np.exp(-b2 * pairs / 2).sum() / n
        - 2 * (1 + b2) ** (-d / 2) * np.exp(-b2 * centre / (2 * (1 + b2))).sum()
        + n * (1 + 2 * b2) ** (-d / 2)
    )


@pytest.mark.parametrize(("features", "points"), [(1, 40), (2, 100), (3, 60), (5, 30)])
def test_exact_form_is_the_definition(features, points):
    codes = mixed(features, points)
    assert henze_zirkler(codes).item() == pytest.approx(literal_henze_zirkler(codes), rel=1e-10)


@pytest.mark.parametrize(("features", "points"), [(2, 100), (3, 60), (5, 30)])
def test_statistic_and_p_value_agree_with_pingouin(features, points):
    codes = mixed(features, points)
    theirs = pingouin.multivariate_normality(codes.T.numpy())
    ours = henze_zirkler(codes)
    assert ours.item() == pytest.approx(theirs.hz, rel=1e-10)
    assert henze_zirkler_p_value(ours, points, features).item() == pytest.approx(theirs.pval, rel=1e-8)


def test_statistic_is_the_weighted_distance_of_characteristic_functions():
    codes = mixed(2, 30)
    deviations = codes - codes.mean(1, keepdim=True)
    whitened = torch.linalg.inv(torch.linalg.cholesky(deviations @ deviations.T / 30)) @ deviations
    b = (5 * 30 / 4) ** (1 / 6) / math.sqrt(2)
    axis = torch.arange(-12, 12, 0.05, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    empirical = torch.exp(1j * (grid @ whitened)).mean(1)
    density = torch.from_numpy(multivariate_normal(cov=b**2 * np.eye(2)).pdf(grid.numpy()))
    integral = ((empirical - torch.exp(-grid.square().sum(1) / 2)).abs().square() * density).sum() * 0.05**2
    assert henze_zirkler(codes).item() == pytest.approx(30 * integral.item(), rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    features=st.integers(1, 4),
    seed=st.integers(0, 1000),
    logarithm_of_unit=st.floats(-6, 6),
    shift=st.floats(-5, 5),
)
def test_exact_form_is_affine_invariant(features, seed, logarithm_of_unit, shift):
    codes = mixed(features, 25, seed=seed)
    mixing = gaussian(features, features, seed=seed + 2) + 4 * torch.eye(features)
    moved = 10**logarithm_of_unit * (mixing @ codes + shift)
    torch.testing.assert_close(henze_zirkler(moved), henze_zirkler(codes), rtol=1e-7, atol=1e-7)


def singular_codes():
    codes = gaussian(2, 50)
    line = torch.stack([codes[0], 3 * codes[0] - 7])
    return {
        "a line": line,
        "a line in float32": line.float(),
        "a line far from the origin": (line + 1000).float(),
        "a line in small units": 1e-7 * line,
        "one constant feature": torch.stack([codes[0], torch.full((50,), 0.1, dtype=torch.float64)]),
        "a single place": torch.full((2, 50), 0.3, dtype=torch.float64),
        "zero": torch.zeros(2, 50),
        "no more points than features": gaussian(3, 3),
    }


@pytest.mark.parametrize("name", singular_codes())
def test_singular_covariance_gives_four_n(name):
    codes = singular_codes()[name].requires_grad_()
    statistic = henze_zirkler(codes)
    assert statistic.item() == 4 * codes.shape[-1]
    if statistic.requires_grad:
        statistic.backward()
        assert codes.grad.isfinite().all()


def test_nearly_singular_covariance_is_told_from_a_singular_one():
    codes = mixed(2, 50)
    narrow = torch.stack([codes[0], codes[0] + 1e-6 * codes[1]])
    assert henze_zirkler(narrow).item() == pytest.approx(henze_zirkler(codes).item(), rel=1e-6)


def test_one_bad_sample_leaves_its_neighbours_alone():
    codes = gaussian(4, 2, 50)
    alone = [literal_henze_zirkler(codes[model]) for model in (0, 3)]
    codes[1, 0, 7] = math.nan
    codes[2, 1] = 0
    statistic = henze_zirkler(codes.reshape(2, 2, 2, 50)).flatten()
    assert statistic[[0, 3]].tolist() == pytest.approx(alone, rel=1e-10)
    assert statistic[1].isnan()
    assert statistic[2] == 200


@pytest.mark.wrong_shapes
def test_shape_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"\[5\]"):
        henze_zirkler(torch.zeros(5))
    with pytest.raises(ValueError, match=r"\[3, 3, 5\]"):
        spectral_henze_zirkler(torch.zeros(3, 3, 5))


def test_null_distribution_has_the_known_moments():
    assert null_moments(500, 2) == pytest.approx((0.718, 0.045), abs=5e-4)
    statistic = henze_zirkler(gaussian(400, 2, 500))
    # Four standard errors of 400 simulations; the variance of a skewed distribution needs a wider margin.
    assert statistic.mean().item() == pytest.approx(0.718, abs=4 * math.sqrt(0.045 / 400))
    assert statistic.var().item() == pytest.approx(0.045, rel=0.35)


def test_p_values_of_gaussian_samples_are_nearly_uniform():
    p_value = henze_zirkler_p_value(henze_zirkler(gaussian(400, 2, 500, seed=1)), 500, 2)
    for level in (0.1, 0.5, 0.9):
        assert (p_value < level).double().mean().item() == pytest.approx(level, abs=0.08)
    assert henze_zirkler_p_value(2000.0, 500, 2).item() < 1e-12
    assert henze_zirkler_p_value(0.0, 500, 2).item() == 1


def test_hermite_functions_expand_the_kernel():
    """Mercer's theorem: Σ_k λ_k ψ_k(u) ψ_k(v) is the kernel, and the ψ_k are orthonormal under N(0, s²)."""
    known, b2 = hermite_functions(500, 60, 1.2), 0.5 * (5 * 500 / 4) ** (1 / 3)
    eigenvalues = known.weights[0] / known.weights[0, 0].sqrt()

    def functions(u):
        rows = [known.start * torch.exp(-known.decay * u * u)]
        for k in range(59):
            before = rows[k - 1] if k else torch.zeros_like(u)
            rows.append(known.recurrence[k, 0] * u * rows[k] - known.recurrence[k, 1] * before)
        return torch.stack(rows)

    u = torch.linspace(-2, 2, 41, dtype=torch.float64)
    kernel = torch.exp(-b2 / 2 * (u[:, None] - u).square())
    torch.testing.assert_close((functions(u).T * eigenvalues) @ functions(u), kernel, rtol=0, atol=1e-6)
    grid = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    density = torch.exp(-grid.square() / 2.88) / math.sqrt(2.88 * math.pi) * (grid[1] - grid[0])
    gram = (functions(grid)[:20] * density) @ functions(grid)[:20].T
    torch.testing.assert_close(gram, torch.eye(20, dtype=torch.float64), rtol=0, atol=1e-9)
    normal = torch.exp(-grid.square() / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    means = functions(grid)[:20] @ normal
    torch.testing.assert_close(known.targets[:20, :20], means[:, None] * means, rtol=0, atol=1e-9)


def uniform(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def ring(*shape, seed=0):
    angle = 2 * math.pi * uniform(shape[0], 1, shape[2], seed=seed)
    return torch.cat([angle.cos(), angle.sin()], 1) + 0.1 * gaussian(*shape, seed=seed)


def cubes(*shape, seed=0):
    return gaussian(*shape, seed=seed) ** 3


@pytest.mark.parametrize(
    ("draw", "value", "gradient"),
    [(gaussian, 3e-3, 6e-3), (uniform, 4e-3, 3e-3), (ring, 6e-3, 3e-3), (exponential, 0.1, 8e-3), (cubes, 0.2, 4e-3)],
)
def test_spectral_form_is_the_exact_one(draw, value, gradient):
    """Twice the errors that the docstring states; with 40 functions a third of them."""
    codes = draw(20, 2, 500).requires_grad_()
    exact = henze_zirkler(codes)
    (slope,) = torch.autograd.grad(exact.sum(), codes)
    for functions, share in ((20, 1.0), (40, 0.3)):
        spectral = spectral_henze_zirkler(codes, functions=functions)
        assert (exact - spectral).min() > -1e-9  # what is missing are squares
        torch.testing.assert_close(spectral, exact, rtol=0, atol=share * value)
        (other,) = torch.autograd.grad(spectral.sum(), codes)
        error = (other - slope).flatten(1).norm(dim=1) / slope.flatten(1).norm(dim=1)
        assert error.max() < share * gradient, (functions, error.max())


@pytest.mark.parametrize(("mixing", "tolerance"), [([[1, 0], [0.5, 0.8]], 1e-5), ([[1, 0], [5, 0.1]], 1e-4)])
def test_spectral_form_in_float32_keeps_its_digits(mixing, tolerance):
    """Correlations of 0.53 and 0.9998: the second takes most of what float32 has."""
    codes = torch.tensor(mixing, dtype=torch.float64) @ gaussian(20, 2, 500) - 2
    spectral = spectral_henze_zirkler(codes.float())
    assert spectral.dtype == torch.float32
    torch.testing.assert_close(spectral.double(), spectral_henze_zirkler(codes), rtol=0, atol=tolerance)


def test_spectral_gradient_is_that_of_the_exact_form():
    codes = gaussian(6, 2, 200) + 0.3 * exponential(6, 2, 200)
    exact_codes = codes.clone().requires_grad_()
    henze_zirkler(exact_codes).sum().backward()
    for precision in (torch.float64, torch.float32):
        gradient = torch.func.grad(lambda z: spectral_henze_zirkler(z).sum())(codes.to(precision))
        cosine = torch.cosine_similarity(gradient.double().flatten(1), exact_codes.grad.flatten(1))
        assert cosine.min().item() > 0.9999
        length = gradient.double().flatten(1).norm(dim=1) / exact_codes.grad.flatten(1).norm(dim=1)
        torch.testing.assert_close(length, torch.ones_like(length), rtol=0.01, atol=0)


@pytest.mark.parametrize("name", [name for name in singular_codes() if name != "no more points than features"])
def test_spectral_form_of_singular_codes_is_that_of_a_lost_coordinate(name):
    """The closed form with the coordinates that have no variance at zero, and a finite gradient."""
    sample = singular_codes()[name]
    b2 = 0.5 * (5 * 50 / 4) ** (1 / 3)
    spread = sample.double().std(1, correction=0)
    kept = (sample[0].double() - sample[0].double().mean()) / spread[0] if spread[0] > 1e-10 else torch.zeros(50)
    pairs = (kept[:, None] - kept).square()
    expected = (
        (-b2 * pairs / 2).exp().sum() / 50
        - 2 / (1 + b2) * (-b2 * kept.square() / (2 * (1 + b2))).exp().sum()
        + 50 / (1 + 2 * b2)
    )
    for codes in (sample, sample.float()):
        codes = codes[None].clone().requires_grad_()
        statistic = spectral_henze_zirkler(codes)
        statistic.sum().backward()
        assert statistic.item() == pytest.approx(expected.item(), rel=0.02)
        assert codes.grad.isfinite().all()


def test_gradient_of_the_spectral_form_is_traced_whole():
    """What was written down for one sample computes another's: nothing depends on values."""
    gradient = torch.func.grad(lambda z: spectral_henze_zirkler(z).sum())
    traced = make_fx(gradient)(gaussian(3, 2, 100).float())
    codes = exponential(3, 2, 100).float()
    torch.testing.assert_close(traced(codes), gradient(codes), rtol=1e-4, atol=1e-5)
