"""MMD² against its double sum, its expectation between Gaussians, and a model that is the truth."""

import itertools
import math

import torch

from libi.metrics.mmd import squared_discrepancy
from libi.runtime.seeding import stream


def test_it_is_the_double_sum_over_pairs():
    x, y = (torch.randn(2, 7, generator=stream("mmd", name), dtype=torch.float64) for name in "xy")
    squares = sorted(float(((x[:, i] - x[:, j]) ** 2).sum()) for i, j in itertools.permutations(range(7), 2))
    width = squares[(len(squares) - 1) // 2]  # the lower median, which PyTorch takes

    def kernel(a, b):
        return math.exp(-0.5 * float(((a - b) ** 2).sum()) / width)

    pairs = list(itertools.permutations(range(7), 2))
    within = sum(kernel(z[:, i], z[:, j]) for z in (x, y) for i, j in pairs) / len(pairs)
    between = sum(kernel(x[:, i], y[:, j]) for i in range(7) for j in range(7)) / 49
    assert math.isclose(squared_discrepancy(x, y), within - 2 * between, rel_tol=1e-12)


def test_between_gaussians_it_has_a_closed_form():
    """N(0, 1) and N(1, 1) under a kernel of variance w: 2 √(w/(w + 2)) (1 − exp(−1/(2(w + 2))))."""
    x = torch.randn(1, 4000, generator=stream("mmd", 0), dtype=torch.float64)
    y = 1 + torch.randn(1, 4000, generator=stream("mmd", 1), dtype=torch.float64)
    w = 2 * 0.6745**2  # the median of the squared difference of two draws
    expected = 2 * math.sqrt(w / (w + 2)) * (1 - math.exp(-1 / (2 * (w + 2))))
    assert abs(squared_discrepancy(x, y) - expected) < 0.01


def test_of_one_distribution_it_is_0_in_the_mean():
    values = []
    for number in range(200):
        x, y = (torch.randn(3, 50, generator=stream("mmd", name, number), dtype=torch.float64) for name in "xy")
        values.append(squared_discrepancy(x, y))
    found = torch.tensor(values)
    assert found.mean().abs() < 4 * found.std() / 200**0.5
    assert (found < 0).any()
