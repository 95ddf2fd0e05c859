"""How the cost of training grows with the number of models and of points, and that of Henze–Zirkler by both forms.

`make bench` runs it after the bench of steps. benchmarks/README.md says what is measured, and how.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.machine import pin_to_one_core  # noqa: E402

pin_to_one_core()

import numpy as np  # noqa: E402  (all that may start threads comes after the process is bound to its core)
import pandas as pd  # noqa: E402
import torch  # noqa: E402

from benchmarks.in_engine import InEngine  # noqa: E402
from benchmarks.report import markdown  # noqa: E402
from benchmarks.tasks import Task  # noqa: E402
from libi.datasets import DATASETS  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.statistics.gaussianity import henze_zirkler, spectral_henze_zirkler  # noqa: E402

MODELS = (1, 3, 10, 30, 100, 300, 1000)
POINTS = (500, 2_000, 10_000, 100_000)
PAIRS = (500, 1_000, 2_000, 4_000)  # beyond, the matrices of pairs do not fit
SECONDS = 1.0  # a measurement, at least three calls
LARGE = 10.0  # how much larger than the least a size is that counts for the exponent


def seconds_of(call: Callable[[], object]) -> float:
    """Median time of a call, after one that is not timed."""
    call()
    times: list[float] = []
    while len(times) < 3 or sum(times) < SECONDS:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return median(times)


def training(task: Task, models: int, units: int) -> float:
    """Seconds of one unit of a stack."""
    return seconds_of(InEngine(task, models, units=units).run) / units


def gradient(statistic: Callable[[torch.Tensor], torch.Tensor], points: int) -> float:
    """Seconds of a statistic of one sample and its gradient, eager."""
    codes = torch.randn(1, 2, points, generator=torch.Generator().manual_seed(0))
    slope = torch.func.grad(lambda z: statistic(z).sum())
    return seconds_of(lambda: slope(codes))


def measure() -> pd.DataFrame:
    """One row a measurement: what is timed, what grows, its size, seconds."""
    dataset, rows = DATASETS["linear_jtex"], []

    def note(what: str, grows: str, size: int, seconds: float) -> None:
        rows.append({"what": what, "grows": grows, "size": size, "seconds": seconds})
        print(f"{what}, {size} {grows}: {seconds:.3g} s", flush=True)

    for models in MODELS:
        note("epoch of 5 x 100, elbo", "models", models, training(Task(dataset, "elbo", 100), models, 25))
        note("step, constrained likelihood", "models", models, training(_whole(500), models, 25))
    for points in POINTS:
        epoch = Task(dataset, "elbo", 100, points)
        note("epoch in batches of 100, elbo, 16 models", "points", points, training(epoch, 16, 2))
        note("step, constrained likelihood, 4 models", "points", points, training(_whole(points), 4, 5))
        note("Henze-Zirkler by eigenfunctions", "points", points, gradient(spectral_henze_zirkler, points))
    for points in PAIRS:
        note("Henze-Zirkler by pairs", "points", points, gradient(henze_zirkler, points))
    return pd.DataFrame(rows)


def _whole(points: int) -> Task:
    return Task(DATASETS["linear_jtex"], "constrained_likelihood", points, points)


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """How each cost grows: the slope of its logarithm over that of the larger sizes (1: linear, 2: quadratic)."""

    def slope(group: pd.DataFrame) -> float:
        sizes = group[group["size"] * LARGE >= group["size"].max()]
        return float(np.polyfit(np.log(sizes["size"]), np.log(sizes["seconds"]), 1)[0])

    fitted = {key: slope(group) for key, group in table.groupby(["what", "grows"], sort=False)}
    return pd.DataFrame(
        [(*key, f"{value:.2f}") for key, value in fitted.items()], columns=["what", "grows", "exponent"]
    )


def main() -> None:
    """Measure, print and write."""
    torch.set_num_threads(1)
    keep_freed_memory()
    table = measure()
    table.to_csv(ROOT / "benchmarks" / "results" / "growth.csv", index=False, float_format="%.6g")
    print("\nCost grows as size to the power of\n")
    print(markdown(exponents(table)))
    print("\nWritten: benchmarks/results/growth.csv")


if __name__ == "__main__":
    main()
