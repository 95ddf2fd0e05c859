"""The smooth k-NN statistic against enumerations, values found by hand, and the population values of the paper."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from libi.statistics.two_sample import (
    averaged_smooth_knn,
    neighbour_probabilities,
    smooth_knn_statistic,
)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def sampler(covariance, seed):
    """Draws [batch, features, points] from N(0, covariance)."""
    factor = torch.linalg.cholesky(torch.as_tensor(covariance, dtype=torch.float64))
    stream = torch.Generator().manual_seed(seed)
    return lambda batch, points: factor @ torch.randn(batch, len(factor), points, dtype=torch.float64, generator=stream)


def literal_neighbour_probabilities(pooled, neighbours, smoothness):
    """Sum over every set of k neighbours, as the definition reads; pooled [features, points]."""
    points = pooled.T.numpy()
    n = len(points)
    distances = np.sqrt(1e-5 + ((points[:, None] - points[None]) ** 2).sum(-1))
    probabilities = np.zeros((n, n))
    for i in range(n):
        sets = list(combinations([j for j in range(n) if j != i], neighbours))
        weights = np.array([np.exp(-smoothness * distances[i, list(chosen)].sum()) for chosen in sets])
        for chosen, weight in zip(sets, weights / weights.sum(), strict=True):
            probabilities[i, list(chosen)] += weight
    return probabilities


def relabellings(n, size):
    for chosen in combinations(range(n), size):
        yield list(chosen), [i for i in range(n) if i not in chosen]


def between(probabilities, first, second):
    return probabilities[np.ix_(first, second)].sum() + probabilities[np.ix_(second, first)].sum()


@pytest.mark.parametrize("smoothness", [[1.5], [0.2, 1.0, 4.0]])
@pytest.mark.parametrize("neighbours", [1, 2, 3])
def test_statistic_is_standardised_by_all_relabellings(neighbours, smoothness):
    """Of several α it is the mean of the probabilities that counts."""
    pooled = gaussian(2, 7)
    probabilities = np.mean([literal_neighbour_probabilities(pooled, neighbours, value) for value in smoothness], 0)
    splits = list(relabellings(7, 3))
    counts = np.array([between(probabilities, *split) for split in splits])
    expected = -(counts - counts.mean()) / np.sqrt(1e-5 + counts.var())
    first = torch.stack([pooled[:, split[0]] for split in splits])
    second = torch.stack([pooled[:, split[1]] for split in splits])
    statistic = smooth_knn_statistic(first, second, neighbours=neighbours, smoothness=smoothness)
    assert statistic.numpy() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("neighbours", [1, 2])
@pytest.mark.parametrize(("size", "n"), [(4, 8), (2, 7), (1, 6)])
def test_mean_is_zero_and_variance_one_over_relabellings(neighbours, size, n):
    pooled = 3 * gaussian(3, n, seed=1)
    splits = list(relabellings(n, size))
    first = torch.stack([pooled[:, split[0]] for split in splits])
    second = torch.stack([pooled[:, split[1]] for split in splits])
    statistic = smooth_knn_statistic(first, second, neighbours=neighbours)
    assert statistic.mean().item() == pytest.approx(0, abs=1e-10)
    assert statistic.var(correction=0).item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("neighbours", [1, 2, 3, 5])
def test_probabilities_are_sums_over_all_sets_of_neighbours(neighbours):
    pooled = gaussian(2, 8)
    distances = (1e-5 + (pooled[:, :, None] - pooled[:, None]).square().sum(0)).sqrt()
    probabilities = neighbour_probabilities(-2 * distances, neighbours)
    expected = literal_neighbour_probabilities(pooled, neighbours, 2.0)
    assert probabilities.numpy() == pytest.approx(expected, abs=1e-12)
    assert probabilities.sum(1).numpy() == pytest.approx(neighbours)


def test_probabilities_of_extreme_logits_are_those_of_a_hard_choice():
    place = torch.tensor([0.0, 1.0, 3.0, 7.0, 15.0], dtype=torch.float64)
    logits = -1e4 * (place[:, None] - place).abs()
    expected = [[0, 1, 1, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 0]]
    assert neighbour_probabilities(logits, 2).tolist() == pytest.approx(np.array(expected))


def test_two_pairs_by_hand():
    """Four points in two far pairs. Partners choose each other: m = 4, c1 = 1/3, μ = 8/3.

    Of the three ways to split the pool, one keeps the pairs together (T = 0) and two part them (T = 4), so
    that v = 32/9 and t is √2 or −1/√2.
    """
    left, right = [[0.0, 0.0]], [[100.0, 100.0]]
    together = smooth_knn_statistic(torch.tensor(left), torch.tensor(right))
    parted = smooth_knn_statistic(torch.tensor([[0.0, 100.0]]), torch.tensor([[0.0, 100.0]]))
    assert together.item() == pytest.approx(sqrt(2), abs=1e-5)
    assert parted.item() == pytest.approx(-1 / sqrt(2), abs=1e-5)


def test_outliers_choose_the_nearest_point():
    """So far apart that all weights underflow: each of 0, 1e4, 3e4 chooses its left neighbour, and 0 chooses 1e4.

    m = 4 over four points 0, 1e4, 3e4, 7e4 with choices 0↔1, 2→1, 3→2. First = {0, 1}: T = 1 (2→1).
    First = {0, 2}: T = 4. First = {0, 3}: T = 3. Mean 8/3, variance 26/3 − 64/9 = 14/9.
    """
    places = torch.tensor([[0.0, 1e4, 3e4, 7e4]])
    for chosen, count in (([0, 1], 1), ([0, 2], 4), ([0, 3], 3)):
        others = [i for i in range(4) if i not in chosen]
        statistic = smooth_knn_statistic(places[:, chosen], places[:, others])
        assert statistic.item() == pytest.approx((8 / 3 - count) / sqrt(14 / 9), abs=1e-5)


def test_indifferent_neighbours_give_zero():
    """Corners of a regular tetrahedron are all equally near; k = n − 1 leaves no choice either."""
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]).T
    assert smooth_knn_statistic(corners[:, :2], corners[:, 2:]).item() == pytest.approx(0, abs=1e-9)
    pooled = gaussian(2, 6)
    assert smooth_knn_statistic(pooled[:, :3], pooled[:, 3:], neighbours=5).item() == pytest.approx(0, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), neighbours=st.integers(1, 3), shift=st.floats(-100, 100))
def test_invariances(seed, neighbours, shift):
    first, second = gaussian(3, 6, seed=seed), 2 * gaussian(3, 8, seed=seed + 1)
    options = {"neighbours": neighbours, "smoothness": [0.7]}
    statistic = smooth_knn_statistic(first, second, **options).item()
    rotation, _ = torch.linalg.qr(gaussian(3, 3, seed=seed))
    same = {
        "order of the samples": (second, first),
        "order of the points": (first.flip(1), second.roll(3, dims=1)),
        "rotation": (rotation @ first, rotation @ second),
        "shift": (first + shift, second + shift),
    }
    for name, pair in same.items():
        assert smooth_knn_statistic(*pair, **options).item() == pytest.approx(statistic, abs=1e-6), name


def test_fast_form_equals_plain_form():
    first, second = gaussian(5, 2, 40), 1.5 * gaussian(5, 2, 60, seed=1)
    fast = smooth_knn_statistic(first, second)
    for row in range(5):
        pooled = torch.cat([first[row], second[row]], dim=1)
        distances = (1e-5 + (pooled[:, :, None] - pooled[:, None]).square().sum(0)).sqrt()
        m = neighbour_probabilities(-distances, 1).numpy()
        n, n1, n2 = 100, 40, 60
        c1, c2 = n1 * n2 / (n * (n - 1)), 4 * (n1 - 1) * (n2 - 1) / ((n - 2) * (n - 3))
        degree, squares, total = m.sum(0) + m.sum(1), (m * m).sum() + (m * m.T).sum(), m.sum()
        variance = c1 * (1 - c2) * (degree**2).sum() + c1 * c2 * squares + c1 * (c2 - 4 * c1) * total**2
        count = between(m, list(range(40)), list(range(40, 100)))
        assert fast[row].item() == pytest.approx((2 * c1 * total - count) / sqrt(1e-5 + variance), rel=1e-9)


def test_batches_of_any_shape():
    first, second = gaussian(2, 3, 2, 10), gaussian(2, 3, 2, 12, seed=1)
    statistic = smooth_knn_statistic(first.float(), second.float())
    assert statistic.shape == (2, 3)
    assert statistic.dtype == torch.float64
    alone = smooth_knn_statistic(first[1, 2], second[1, 2])
    assert statistic[1, 2].item() == pytest.approx(alone.item(), abs=1e-4)


@pytest.mark.parametrize("spread", [0.1, 0.01, 0.003])
def test_nearly_uniform_weights_keep_their_digits(spread):
    """The closer the points, the more uniform M, and the smaller v beside the squares it is made of.

    Means and variances over enumerated relabellings, of centred counts, do not share that cancellation.
    """
    pooled = spread * gaussian(2, 8)
    probabilities = literal_neighbour_probabilities(pooled, 1, 1.0)
    counts = np.array([between(probabilities, *split) for split in relabellings(8, 4)])
    expected = -(counts[0] - counts.mean()) / np.sqrt(1e-5 + counts.var())
    statistic = smooth_knn_statistic(pooled[:, :4] + 10, pooled[:, 4:] + 10)
    assert statistic.item() == pytest.approx(expected, rel=1e-7)


def test_gaussian_with_the_same_moments_gives_zero_and_unit_spread():
    covariance = [[0.635, 0.875], [0.875, 3.26]]
    result = averaged_smooth_knn(sampler(covariance, 0), sampler(covariance, 1), draws=2000)
    assert result.mean == pytest.approx(0, abs=4 / sqrt(2000))
    assert result.standard_deviation == pytest.approx(1, abs=0.1)


def test_optimum_of_the_plain_vae_on_linear_jtex():
    """The model's covariance at the global optimum, against the truth: 1.72 to 1.76 in the population."""
    truth, model = [[0.635, 0.875], [0.875, 3.26]], [[0.6353, 0.1684], [0.1684, 2.8851]]
    result = averaged_smooth_knn(sampler(truth, 2), sampler(model, 3), draws=3000)
    assert result.mean == pytest.approx(1.74, abs=0.02 + 4 * result.standard_deviation / sqrt(3000))


def test_average_draws_what_was_asked():
    sizes = []

    def draw(batch, points):
        sizes.append((batch, points))
        return gaussian(batch, 2, points, seed=len(sizes))

    result = averaged_smooth_knn(draw, draw, draws=25, points=7, batch=10, neighbours=2, smoothness=[0.5])
    assert sizes == [(10, 7), (10, 7), (10, 7), (10, 7), (5, 7), (5, 7)]
    assert np.isfinite([result.mean, result.standard_deviation]).all()


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [
        ((2, 5), (3, 5), {}, r"\[2, 5\].*\[3, 5\]"),
        ((4, 2, 5), (2, 5), {}, r"\[4, 2, 5\].*\[2, 5\]"),
        ((2, 1), (2, 2), {}, "four points"),
        ((2, 3), (2, 3), {"neighbours": 6}, "between 1 and 5"),
        ((2, 3), (2, 3), {"smoothness": [0.0]}, "smoothness must be one or more positive values"),
    ],
)
@pytest.mark.wrong_shapes
def test_errors_say_what_was_expected(first, second, options, message):
    with pytest.raises(ValueError, match=message):
        smooth_knn_statistic(torch.zeros(first), torch.zeros(second), **options)
