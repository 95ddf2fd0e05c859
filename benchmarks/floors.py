"""What no way of doing it can avoid: the parts of a step that are pure arithmetic, timed bare.

It is the time of that arithmetic as PyTorch's own kernels do it, in arrays that stay in cache, without anything of what
a step has besides. Noise, sines and cosines are computed as the engine does it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.in_engine import draw_noise
from benchmarks.tasks import UNITS, Task
from libi.statistics.gaussianity import FREQUENCIES
from libi.training.compilation import Compiled
from libi.training.engine import Programs

SIDE = 256  # of the large matrix product
MODELS = 16


def _noise(task: Task, programs: Programs) -> Callable[[], None]:
    """The draws of one timed call."""

    def run() -> None:
        for _ in draw_noise(programs, task, MODELS, 0):
            pass

    return run


def _products(task: Task) -> Callable[[], None]:
    """[2K x points] @ [points x 2K] of the Henze–Zirkler statistic: once forward, twice backward."""
    first, second = torch.randn(2, MODELS, 2 * FREQUENCIES, task.batch).unbind(0)
    small, wide = torch.empty(MODELS, 2 * FREQUENCIES, 2 * FREQUENCIES), torch.empty_like(first)

    def run() -> None:
        for _ in range(UNITS):
            torch.bmm(first, second.mT, out=small)
            torch.bmm(small, second, out=wide)
            torch.bmm(small.mT, first, out=wide)

    return run


def _waves(task: Task) -> Callable[[], None]:
    """Sine and cosine of frequency times coordinate, two coordinates."""
    angle = torch.randn(MODELS, 2 * FREQUENCIES, task.batch)
    waves = Compiled(lambda points, angle: torch.stack([angle.sin(), angle.cos()], 1), f"waves-{FREQUENCIES}")
    points = torch.zeros(1)

    def run() -> None:
        for _ in range(UNITS):
            waves(points, angle)

    return run


def _layers(task: Task) -> list[tuple[int, int]]:
    """(in, out) of the products of the networks that move, a network's heads joined."""
    networks = [getattr(task.dataset, task.network), *([task.dataset.decoder] if task.dataset.decoder else [])]
    layers: list[tuple[int, int]] = []
    for network in networks:
        widths = [network.inputs, *(layer.units for layer in network.hidden), sum(network.heads.values())]
        layers += zip(widths, widths[1:], strict=False)
    return layers


def _multiplications(task: Task) -> Callable[[], None]:
    """The multiplications of the layers, once forward and twice backward, as one large matrix product.

    Nobody can multiply the narrow matrices of these networks at the rate of a large product: a floor indeed.
    """
    each = 3 * task.batch * sum(before * after for before, after in _layers(task))
    rows = max(1, MODELS * each // SIDE**2)
    first, second, result = torch.randn(rows, SIDE), torch.randn(SIDE, SIDE), torch.empty(rows, SIDE)

    def run() -> None:
        for _ in range(UNITS * task.steps):
            torch.mm(first, second, out=result)

    return run


def floors(task: Task, programs: Programs) -> dict[tuple[str, int], Callable[[], None]]:
    """The floors of a task: (name, models) to a call of as many units as a timed call of the ways has."""
    parts: dict[str, Callable[[], None]] = {}
    if task.objective == "elbo":
        parts["floor: noise"] = _noise(task, programs)
    else:
        parts |= {"floor: Henze-Zirkler products": _products(task), "floor: sines and cosines": _waves(task)}
    if task.dataset.hidden:
        parts["floor: layers"] = _multiplications(task)
    return {(name, MODELS): run for name, run in parts.items()}
