"""Where the points come from that the two-sample statistic compares."""

import torch

from libi.base.simulation import fresh_points, points_among
from libi.datasets import DATASETS
from libi.runtime.seeding import stream

GAUSSIAN = DATASETS["gaussian"]


def test_points_among_given_ones_are_some_of_them_each_once():
    x = torch.arange(12, dtype=torch.float64).reshape(2, 6)  # column j is (j, j + 6)
    drawn = points_among(x, stream("test"))(50, 4)
    assert drawn.shape == (50, 2, 4)
    assert torch.equal(drawn[:, 1], drawn[:, 0] + 6)
    assert all(len(set(pool.tolist())) == 4 for pool in drawn[:, 0])
    assert set(drawn[:, 0].flatten().tolist()) == set(range(6))


def test_all_points_are_as_likely():
    """Each of 10 points is among 3 of them in 3/10 of the draws: within five standard errors."""
    drawn = points_among(torch.arange(10, dtype=torch.float64)[None], stream("test"))(4000, 3)
    share = torch.bincount(drawn.flatten().long(), minlength=10) / 4000
    assert (share - 0.3).abs().max() < 5 * (0.3 * 0.7 / 4000) ** 0.5


def test_fresh_points_have_the_model_s_covariance():
    """Gaussian's is AᵀA + σ², to a few standard errors."""
    truth = GAUSSIAN.generative.pack(GAUSSIAN.ground_truth()[0]).double()
    drawn = fresh_points(GAUSSIAN, truth, stream("test"))(100, 200)
    assert drawn.shape == (100, 4, 200)
    a = GAUSSIAN.generative.unpack(truth)["A"][0]
    expected = a.T @ a + torch.diag(torch.tensor(GAUSSIAN.noise_variance, dtype=torch.float64))
    found = drawn.transpose(0, 1).reshape(4, -1).cov()
    assert (found - expected).abs().max() < 0.05
