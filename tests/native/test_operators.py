"""The kernels as operators: against published answers, and against the plain form in float64."""

import math

import numpy as np
import pytest
import torch
from torch.library import opcheck

from libi.native.operators import henze_zirkler, normal_draws, smooth_neighbours
from libi.runtime.seeding import name_of
from libi.statistics.gaussianity import hermite_functions, spectral_henze_zirkler
from libi.training.noise import chunk_keys
from libi.training.noise import normal_draws as normal_draws_in_pytorch

# Threefry-2x32 with 20 rounds, published with Random123 (kat_vectors): all zeros in.
WORDS = 0x6B200159, 0x99BA4EFE


def test_draws_are_box_mullers_of_the_published_words():
    first, second = ((word >> 8) + 0.5 for word in WORDS)
    radius, angle = math.sqrt(-2 * math.log(first / 2**24)), 2 * math.pi * second / 2**24
    draws = normal_draws(torch.zeros(1, 2, dtype=torch.int32), 0, 1)
    assert draws.flatten().tolist() == pytest.approx([radius * math.cos(angle), radius * math.sin(angle)], abs=1e-6)


@pytest.mark.parametrize(("models", "start", "points"), [(1, 0, 1), (1, 7, 17), (3, 12_500, 500), (200, 5, 10_003)])
def test_draws_are_those_of_pytorch(models, start, points):
    keys = chunk_keys([name_of("model", number) for number in range(models)], 0, 0)
    counters = torch.arange(start, start + points, dtype=torch.int32)[None, None]
    expected = normal_draws_in_pytorch(counters, keys)[:, 0]
    torch.testing.assert_close(normal_draws(keys, start, points), expected, rtol=0, atol=1e-6)


def codes_of(case, generator):
    """Codes of one to three models, of any size and shape, scale and place."""
    points = [5, 15, 16, 17, 64, 65, 100, 129, 500, 513, 1100][case % 11]
    codes = torch.randn(1 + case % 3, 2, points, generator=generator, dtype=torch.float64)
    shape = case // 11 % 4
    codes = [codes, codes.exp(), codes**3, codes.abs().sqrt() * codes.sign()][shape]
    codes = (codes - codes.mean(2, keepdim=True)) / codes.std(2, keepdim=True) + case % 3
    shear = torch.eye(2, dtype=torch.float64) + 0.5 * torch.rand(len(codes), 2, 2, generator=generator).double()
    return (shear @ codes * 10 ** float(torch.randn((), generator=generator))).float()


def test_henze_zirkler_and_its_gradient_are_those_of_the_plain_form():
    generator, worst = torch.Generator().manual_seed(0), 0.0
    for case in range(1000):
        codes = codes_of(case, generator)
        plain = codes.double().requires_grad_()
        expected = spectral_henze_zirkler(plain)
        (slope,) = torch.autograd.grad(expected.sum(), plain)
        ours = codes.requires_grad_()
        values, _ = henze_zirkler(ours, *hermite_functions(codes.shape[2]))
        (gradient,) = torch.autograd.grad(values.sum(), ours)
        torch.testing.assert_close(values.double(), expected, rtol=1e-5, atol=1e-5)
        scale = slope.abs().amax((1, 2), keepdim=True)
        worst = max(worst, ((gradient - slope).abs() / scale).max().item())
    assert worst < 1e-5, worst


def test_henze_zirkler_of_what_is_not_finite():
    codes = torch.randn(4, 2, 100, generator=torch.Generator().manual_seed(0))
    sound, _ = henze_zirkler(codes, *hermite_functions(100))
    codes[1, 0, 7], codes[2, 1, 99], codes[3, 0, 0] = math.nan, math.inf, -math.inf
    values, _ = henze_zirkler(codes, *hermite_functions(100))
    assert values[0] == sound[0] and not values[1:].isfinite().any()


def literal_sums(first, second, smoothness):
    """T, degrees and Σ M² + Σ M∘Mᵀ of one pool, from M itself."""
    pool = np.concatenate([first, second], 1).T
    distance = np.sqrt(1e-5 + ((pool[:, None] - pool) ** 2).sum(2))
    weights = np.exp(-smoothness * distance)
    np.fill_diagonal(weights, 0)
    m = weights / weights.sum(1, keepdims=True)
    other = np.add.outer(np.arange(len(pool)) < first.shape[1], -1.0 * (np.arange(len(pool)) < first.shape[1])) != 0
    return m[other].sum(), m.sum(0) + m.sum(1), (m * m).sum() + (m * m.T).sum()


@pytest.mark.parametrize(
    ("features", "sizes"), [(2, (100, 100)), (4, (100, 100)), (1, (2, 2)), (3, (7, 12)), (2, (1, 8))]
)
def test_smooth_neighbours_are_those_of_the_definition(features, sizes):
    generator = torch.Generator().manual_seed(features)
    first, second = (torch.randn(5, features, size, generator=generator, dtype=torch.float64) for size in sizes)
    between, degree, squares = smooth_neighbours(first, 2 * second, 0.7)
    for pool in range(5):
        expected = literal_sums(first[pool].numpy(), 2 * second[pool].numpy(), 0.7)
        assert between[pool].item() == pytest.approx(expected[0], rel=1e-11)
        np.testing.assert_allclose(degree[pool].numpy(), expected[1], rtol=1e-11)
        assert squares[pool].item() == pytest.approx(expected[2], rel=1e-11)


def test_smooth_neighbours_that_cannot_be_told():
    first, second = torch.zeros(2, 2, 3, dtype=torch.float64), torch.ones(2, 2, 3, dtype=torch.float64)
    first[1, 0, 0] = 1e4  # its weights underflow
    assert all(output.isnan().all() for output in smooth_neighbours(first, second, 1.0))
    first[1, 0, 0] = math.nan
    assert not smooth_neighbours(first, second, 1.0)[2].isfinite().all()


def test_operators_can_be_traced_and_differentiated():
    keys = chunk_keys([name_of("model", 0)], 0, 0)
    opcheck(normal_draws, (keys, 3, 20))
    opcheck(henze_zirkler, (torch.randn(3, 2, 40, requires_grad=True), *hermite_functions(40)))
