"""The floor of a step: its multiply-adds and transcendental functions at the core's measured peak.

The peak is that of loops whose values never leave the registers (peak.cpp), so a floor has no loads, no stores, no sums
over points, no Adam and no calls. Nothing can be faster in this arithmetic on this core.
"""

from __future__ import annotations

import ctypes
import functools
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.tasks import Task
from libi.base.dataset import LATENT
from libi.base.layers import MatrixMap, Network, cube, sigmoid_and_cube_root
from libi.native import library
from libi.native.compilers import compilers, for_this_processor, run
from libi.statistics.gaussianity import FUNCTIONS

TIMES, ROUNDS = 120_000, 15
PEAK = {  # to lanes of a vector for each of float32
    **dict.fromkeys(("multiply_add", "exponential_function", "sigmoid", "cube_root_function", "normal_pair"), 1.0),
    "pair_weight": 0.5,
}
OF_ACTIVATIONS = {
    torch.sigmoid: {"sigmoid": 1.0},
    sigmoid_and_cube_root: {"sigmoid": 0.5, "cube_root_function": 0.5},
    cube: {"multiply_add": 2.0},
}


@functools.cache
def nanoseconds() -> dict[str, float]:
    """What each function takes of one number, a lane of a vector."""
    command = [*compilers()[0], *library.FLAGS, *for_this_processor(), f"-I{library.FOLDER}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "peak.so"
        run([*command, str(Path(__file__).with_name("peak.cpp")), "-o", str(path)])
        peak = ctypes.CDLL(str(path))
    found = {}
    for name, share in PEAK.items():
        call = getattr(peak, name)
        call.argtypes, call.restype = [ctypes.c_long], ctypes.c_float if share == 1 else ctypes.c_double
        seconds = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            call(TIMES)
            seconds.append(time.perf_counter() - begin)
        found[name] = min(seconds) * 1e9 / TIMES / (share * peak.lanes())
    return found


def added(*counts: Mapping[str, float]) -> dict[str, float]:
    """The numbers of functions of several things together."""
    names = dict.fromkeys(name for each in counts for name in each)
    return {name: sum(each.get(name, 0.0) for each in counts) for name in names}


def of_network(network: Network | MatrixMap, by_inputs: bool) -> dict[str, float]:
    """What a network takes of one point, forwards and backwards."""
    outputs = network.outputs if isinstance(network, MatrixMap) else sum(network.heads.values())
    widths = [network.inputs, *(layer.units for layer in network.hidden), outputs]
    products = [before * after for before, after in zip(widths, widths[1:], strict=False)]
    products_alone = {"multiply_add": 3.0 * sum(products) - (0 if by_inputs else products[0])}
    activations: list[tuple[Any, int]] = [(layer.activation, layer.units) for layer in network.hidden]
    if isinstance(network, MatrixMap):
        activations.append((network.activation, outputs))
    functions = [(OF_ACTIVATIONS.get(activation, {}), units) for activation, units in activations]
    return added(products_alone, *({name: share * units for name, share in of.items()} for of, units in functions))


def of_point(task: Task) -> dict[str, float]:
    """What a step takes of one point."""
    counts = added(of_network(task.dataset.decoder, True), of_network(getattr(task.dataset, task.network), False))
    if task.objective == "elbo":
        return added(counts, {"normal_pair": LATENT / 2, "exponential_function": LATENT})
    # Means of products, and their derivatives by both factors; then the functions of both coordinates themselves.
    products = FUNCTIONS * (FUNCTIONS + 1) / 2
    return added(counts, {"multiply_add": 3 * products + 2 * 4 * FUNCTIONS, "exponential_function": 2})


def floor(task: Task) -> float:
    """Seconds of one unit of one model."""
    costs = nanoseconds()
    return 1e-9 * task.points * sum(number * costs[name] for name, number in of_point(task).items())
