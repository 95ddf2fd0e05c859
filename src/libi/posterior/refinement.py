"""Integrals over codes, one for each point, computed ever more finely until they stand still."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

TOLERANCE = 3e-4  # nats
LEVELS = 8
# A change this small ends the refinement at once. A larger one within the tolerance must be followed by another: a rule
# too coarse for a narrow peak may miss it twice, and change little from once to twice.
TINY = 1e-5  # nats


class Integral(NamedTuple):
    """Logarithms of integrals.

    Attributes:
        log_value: [points], nats, float64.
        error: how much the last refinement changed it [points], nats. A rule that converges errs by less than that.
    """

    log_value: Float64[Tensor, " points"]
    error: Float64[Tensor, " points"]


def _the_finer(coarse: Tensor, finer: Tensor) -> Tensor:
    return finer


def refined(
    integrate: Callable[[Tensor, int], Tensor],
    x: Float64[Tensor, "observed points"],
    combine: Callable[[Tensor, Tensor], Tensor] = _the_finer,
) -> Integral:
    """Refine the integral of each point until it stands still, or for eight levels.

    It stands still once it has changed by at most 3e-4 nats twice in a row, or by at most 1e-5 once.

    Args:
        integrate: log integrals [n] of n of the points [observed, n], at a level 0, 1, ...
        x: the points [observed, points].
        combine: the value of a level, from that of the level before and from what `integrate` gives for it, each [n].
    """
    value = integrate(x, 0)
    error = torch.full_like(value, torch.inf)
    open_points = torch.arange(x.shape[1])
    for level in range(1, LEVELS):
        before = value[open_points]
        finer = combine(before, integrate(x[:, open_points], level))
        change = (finer - before).abs()
        done = (change <= TINY) | ((change <= TOLERANCE) & (error[open_points] <= TOLERANCE))
        value[open_points], error[open_points] = finer, change
        open_points = open_points[~done]
        if not len(open_points):
            break
    return Integral(value, error)
