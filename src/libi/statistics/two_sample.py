"""The smooth k-nearest-neighbour two-sample statistic, by which Table 1 compares p(x) with p_θ(x).

Djolonga and Krause, "Learning Implicit Generative Models Using Differentiable Graph Tests" (2017). Two samples
are pooled and each point chooses k neighbours among the others at random, near ones more likely:

    P(S) ∝ exp(−α Σ_{j∈S} d_ij),  d_ij = sqrt(10⁻⁵ + ‖z_i − z_j‖²),  M_ij = P(i chooses j).

If the samples come from one distribution, T = Σ M over pairs from different samples is what a random
relabelling of the pool would give; if not, T is smaller. Reported is t = −(T − μ)/sqrt(10⁻⁵ + v), with μ and v
the mean and variance of T over all relabellings. So t has mean 0 and variance 1 over relabellings, and is
large where the samples differ.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.native.operators import available, smooth_neighbours

# Added to squared distances and to the variance of T, as Djolonga and Krause do.
_FLOOR = 1e-5
# Matrices of this many pairs in all are worked on at once: they stay in a core's caches.
_PAIRS_AT_ONCE = 400_000
# A row of weights exp(−α d) whose sum falls below this is a far outlier; its squares would underflow.
_SMALLEST_ROW = 1e-130


class AveragedStatistic(NamedTuple):
    """Mean and standard deviation (divisor draws − 1) of the statistic over independent draws."""

    mean: float
    standard_deviation: float


class _Graph(NamedTuple):
    """What the standardised statistic needs to know of M, for each pool in a batch."""

    between: Tensor  # T: sum of M over pairs from different samples, [pools]
    degree: Tensor  # row sum plus column sum of each point, [pools, points]
    squares: Tensor  # Σ M² + Σ M∘Mᵀ, [pools]


@torch.no_grad()
def smooth_knn_statistic(
    first: Float[Tensor, "*batch features first_points"],
    second: Float[Tensor, "*batch features second_points"],
    *,
    neighbours: int = 1,
    smoothness: Sequence[float] = (1.0,),
) -> Float64[Tensor, "*batch"]:
    """Compute the standardised smooth k-nearest-neighbour statistic of pairs of samples.

    Args:
        first: samples [..., features, first points].
        second: samples [..., features, second points], with the same leading axes and unit.
        neighbours: k, how many neighbours a point chooses.
        smoothness: α, in inverse units of the samples; the larger, the closer to a hard choice. Of several values M is
            the mean, as in the authors' own program.

    Returns:
        t [...], float64, without gradient: about 0 for samples from one distribution, larger for samples that differ.
        NaN where a sample is not finite.

    Raises:
        ValueError: if shapes disagree, naming both; if fewer than four points are pooled; if k is not
            between 1 and the number of other points; if α is not positive.
    """
    _check(first, second, neighbours, smoothness)
    sizes = first.shape[-1], second.shape[-1]
    one_sample, other = (sample.double().reshape(-1, *sample.shape[-2:]) for sample in (first, second))
    one = neighbours == len(smoothness) == 1
    graph = _by_kernel(one_sample, other, *smoothness) if one and available(first) else None
    if graph is None:
        pooled = torch.cat([one_sample, other], dim=-1)
        block = max(1, _PAIRS_AT_ONCE // sum(sizes) ** 2)
        graphs = [_graph(part, sizes[0], neighbours, smoothness) for part in pooled.split(block)]
        graph = _Graph(*(torch.cat(entries) for entries in zip(*graphs, strict=True)))
    return _standardise(graph, sizes, neighbours).reshape(first.shape[:-2])


def averaged_smooth_knn(
    draw_first: Callable[[int, int], Tensor],
    draw_second: Callable[[int, int], Tensor],
    *,
    draws: int = 20_000,
    points: int = 100,
    neighbours: int = 1,
    smoothness: Sequence[float] = (1.0,),
    batch: int = 50,
) -> AveragedStatistic:
    """Average the statistic over fresh pairs of samples, as Table 1 does (Appendix E, Evaluation).

    Args:
        draw_first: draws [batch, features, points] from the first distribution, given batch and points.
        draw_second: the same for the second distribution.
        draws: number of pairs; at least two.
        points: points of each sample.
        neighbours: k.
        smoothness: α, in inverse units of the samples; of several values M is the mean.
        batch: pairs drawn at once; the last batch may be smaller.

    Returns:
        mean and standard deviation of t over the draws.

    Raises:
        ValueError: if there are fewer than two draws or batch is not positive, and as `smooth_knn_statistic`.
    """
    if draws < 2 or batch < 1:
        raise ValueError(f"expected at least 2 draws and a batch of at least 1, got draws={draws}, batch={batch}")
    statistics = torch.cat(
        [
            smooth_knn_statistic(
                draw_first(size, points), draw_second(size, points), neighbours=neighbours, smoothness=smoothness
            )
            for size in (min(batch, draws - start) for start in range(0, draws, batch))
        ]
    )
    return AveragedStatistic(statistics.mean().item(), statistics.std().item())


def neighbour_probabilities(
    logits: Float[Tensor, "*batch points points"], neighbours: int
) -> Float[Tensor, "*batch points points"]:
    """Compute M: the probability that a point's set of k neighbours has a given member.

    With weights w = exp(logits), M_ij = w_j e_{k−1}(w without j) / e_k(w), e the elementary symmetric
    polynomials of a row. The polynomial without j is composed of those of the weights before j and after j.
    Every term is positive and kept as a logarithm, so nothing cancels, underflows or overflows.

    Args:
        logits: −α d_ij [..., points, points]; the diagonal is ignored, since no point is its own neighbour.
        neighbours: k.

    Returns:
        M [..., points, points]: rows sum to k, the diagonal is 0.
    """
    points = logits.shape[-1]
    own = torch.eye(points, dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(own, -torch.inf)
    if neighbours == 1:
        return logits.softmax(-1)
    before = _cumulative_polynomials(logits, neighbours)
    after = _cumulative_polynomials(logits.flip(-1), neighbours)
    total = before[neighbours][..., -1:]
    without = torch.stack(
        [before[m][..., :-1] + after[neighbours - 1 - m][..., :-1].flip(-1) for m in range(neighbours)]
    ).logsumexp(0)
    return (logits + without - total).exp()


def _check(first: Tensor, second: Tensor, neighbours: int, smoothness: Sequence[float]) -> None:
    if first.ndim < 2 or second.ndim < 2 or first.shape[:-1] != second.shape[:-1]:
        raise ValueError(
            f"samples must be [..., features, points] and differ in points alone, "
            f"got first {list(first.shape)} and second {list(second.shape)}"
        )
    pooled = first.shape[-1] + second.shape[-1]
    if pooled < 4 or 0 in (first.shape[-1], second.shape[-1]):
        raise ValueError(f"expected four points or more in all, got {first.shape[-1]} and {second.shape[-1]}")
    if not 1 <= neighbours < pooled:
        raise ValueError(f"neighbours must be between 1 and {pooled - 1}, got {neighbours}")
    if not smoothness or not all(value > 0 for value in smoothness):
        raise ValueError(f"smoothness must be one or more positive values, got {smoothness}")


def _by_kernel(first: Tensor, second: Tensor, smoothness: float) -> _Graph | None:
    """Summarise M for k = 1 by the C++ kernel; None if weights underflow or a sample is not finite."""
    graph = _Graph(*smooth_neighbours(first, second, smoothness))
    return graph if graph.squares.isfinite().all() else None


def _graph(pooled: Tensor, size: int, neighbours: int, smoothness: Sequence[float]) -> _Graph:
    """Summarise M for pools [pools, features, points], of which the first `size` points are one sample."""
    left, right = _factors_of_squared_distance(pooled)
    if neighbours == len(smoothness) == 1:
        graph = _single_neighbour_graph(left, right, size, *smoothness)
        if graph is not None:
            return graph
    first, *others = (neighbour_probabilities(_logits(left, right, value), neighbours) for value in smoothness)
    return _general_graph(sum(others, start=first) / len(smoothness), size)


def _factors_of_squared_distance(pooled: Tensor) -> tuple[Tensor, Tensor]:
    """Two arrays [pools, features + 2, points] whose products over features are d², but for rounding."""
    centred = pooled - pooled.mean(-1, keepdim=True)
    square = centred.square().sum(-2, keepdim=True)
    one = torch.ones_like(square)
    left = torch.cat([-2 * centred, square + _FLOOR, one], dim=-2)
    return left, torch.cat([centred, one, square], dim=-2)


def _logits(left: Tensor, right: Tensor, smoothness: float) -> Tensor:
    """−α d_ij of each pair of points [pools, left points, right points]; a point's with itself count for nothing."""
    return (left.mT @ right).clamp_(min=_FLOOR).sqrt_().mul_(-smoothness)


def _single_neighbour_graph(left: Tensor, right: Tensor, size: int, smoothness: float) -> _Graph | None:
    """Summarise M for k = 1 without forming it; None if weights underflow.

    M = diag(a) E with E = exp(−α d) symmetric and a the inverse row sums, so that column sums are E a and Σ M∘Mᵀ is
    aᵀ(E∘E)a. E is symmetric: of its four blocks, each sample with itself or the other, three are computed.
    """
    one, two = slice(None, size), slice(size, None)
    first, second, across = (
        _logits(left[..., rows], right[..., columns], smoothness).exp_()
        for rows, columns in ((one, one), (two, two), (one, two))
    )
    for own in (first, second):
        own.diagonal(dim1=-2, dim2=-1).zero_()
    other = torch.cat([across.sum(-1), across.sum(-2)], dim=-1)
    row = torch.cat([first.sum(-1), second.sum(-1)], dim=-1) + other
    if row.min() < _SMALLEST_ROW:
        return None
    inverse = row.reciprocal()
    column = _product(first, second, across, inverse)
    for block in (first, second, across):
        block.square_()
    total = torch.cat([first.sum(-1) + across.sum(-1), second.sum(-1) + across.sum(-2)], dim=-1)
    squares = (inverse * (inverse * total + _product(first, second, across, inverse))).sum(-1)
    return _Graph((inverse * other).sum(-1), 1 + column, squares)


def _product(first: Tensor, second: Tensor, across: Tensor, vector: Tensor) -> Tensor:
    """[[first, across], [acrossᵀ, second]] times a vector, for each pool."""
    upper, lower = vector.split([first.shape[-1], second.shape[-1]], dim=-1)
    above = (first * upper[..., None, :]).sum(-1) + (across * lower[..., None, :]).sum(-1)
    below = (second * lower[..., None, :]).sum(-1) + (across * upper[..., None]).sum(-2)
    return torch.cat([above, below], dim=-1)


def _general_graph(probabilities: Tensor, size: int) -> _Graph:
    """Summarise M [pools, points, points] itself."""
    between = probabilities[:, :size, size:].sum((-2, -1)) + probabilities[:, size:, :size].sum((-2, -1))
    squares = (probabilities * (probabilities + probabilities.mT)).sum((-2, -1))
    return _Graph(between, probabilities.sum(-1) + probabilities.sum(-2), squares)


def _cumulative_polynomials(logits: Tensor, degree: int) -> list[Tensor]:
    """log e_m of the first 0, 1, …, points weights of each row [..., points + 1], for m = 0 … degree."""
    empty = torch.full_like(logits[..., :1], -torch.inf)
    polynomials = [torch.zeros_like(torch.cat([empty, logits], dim=-1))]
    for _ in range(degree):
        terms = logits + polynomials[-1][..., :-1]
        polynomials.append(torch.cat([empty, terms.logcumsumexp(-1)], dim=-1))
    return polynomials


def _standardise(graph: _Graph, sizes: tuple[int, int], neighbours: int) -> Tensor:
    """t from T and its moments over relabellings.

    A constant added to all M_ij with i ≠ j moves T and μ alike and leaves v alone. So v is computed for M
    less its mean, whose total m is zero: of the formula c₁(1−c₂)Σs² + c₁c₂Q + c₁(c₂−4c₁)m² the last term goes,
    and with it the difference of large numbers.
    """
    first, second = sizes
    n = first + second
    total = n * neighbours
    c1 = first * second / (n * (n - 1))
    c2 = 4 * (first - 1) * (second - 1) / ((n - 2) * (n - 3))
    degree = graph.degree - 2 * total / n
    squares = graph.squares - 2 * total**2 / (n * (n - 1))
    variance = c1 * ((1 - c2) * degree.square().sum(-1) + c2 * squares)
    return (2 * c1 * total - graph.between) / (_FLOOR + variance.clamp(min=0)).sqrt()
