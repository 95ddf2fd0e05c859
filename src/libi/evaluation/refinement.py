"""Integrals over codes, one for each point, computed ever more finely until they stand still."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

TOLERANCE = 3e-4  # nats
LEVELS = 6


class Integral(NamedTuple):
    """Logarithms of integrals.

    Attributes:
        log_value: [points], nats, float64.
        error: how much the last refinement changed it [points], nats. A rule that converges errs by less than that.
    """

    log_value: Tensor
    error: Tensor


def refined(integrate: Callable[[Tensor, int], Tensor], x: Tensor) -> Integral:
    """Refine the integral of each point until it changes by at most 3e-4 nats, or for six levels.

    Args:
        integrate: log integrals [n] of n of the points [observed, n], at a level 0, 1, ...
        x: the points [observed, points].
    """
    value = integrate(x, 0)
    error = torch.full_like(value, torch.inf)
    open_points = torch.arange(x.shape[1])
    for level in range(1, LEVELS):
        finer = integrate(x[:, open_points], level)
        error[open_points] = (finer - value[open_points]).abs()
        value[open_points] = finer
        open_points = open_points[~(error[open_points] <= TOLERANCE)]
        if not len(open_points):
            break
    return Integral(value, error)
