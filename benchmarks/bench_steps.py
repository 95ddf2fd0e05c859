"""Microseconds of one model's step: conventionally, by torch.func.vmap, in JAX and in the engine, side by side.

`make bench` runs it. benchmarks/README.md says what is measured, and how.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.machine import describe_machine, has_jax, pin_to_one_core  # noqa: E402

pin_to_one_core()

import pandas as pd  # noqa: E402  (all that may start threads comes after the process is bound to its core)
import torch  # noqa: E402

from benchmarks import report  # noqa: E402
from benchmarks.agreement import assert_agreement  # noqa: E402
from benchmarks.conventional import Conventional, spectral_statistic  # noqa: E402
from benchmarks.floors import floor, nanoseconds  # noqa: E402
from benchmarks.in_engine import InEngine  # noqa: E402
from benchmarks.tasks import TASKS, UNITS, Task  # noqa: E402
from benchmarks.timing import interleave  # noqa: E402
from benchmarks.vmapped import Vmapped  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.training.compilation import Compiled  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
Record = dict[str, str | int | float]

# Asked of the kernels: how many times faster than the engine in compiled PyTorch, each at its best stack size.
ASKED = {
    ("linear_jtex", "constrained_likelihood"): 2.0,
    ("gaussian", "constrained_likelihood"): 2.0,
    ("cubic_jtex", "constrained_likelihood"): 2.5,
    ("mobius", "constrained_likelihood"): 2.5,
    **{(dataset, "elbo"): 2.0 for dataset in ("linear_jtex", "cubic_jtex", "gaussian", "mobius")},
}


def ladder(task: Task, way: str) -> tuple[int, ...]:
    """Stack sizes to try, around each way's best."""
    wide, elbo, linear = task.dataset.name == "mobius", task.objective == "elbo", not task.dataset.hidden
    if way == "engine":
        return (10, 40, 160)
    if way == "compiled":
        return (10, 16, 40, 64) if wide else (10, 40, 64, 256) if elbo else (8, 16, 40)
    if way == "jax":
        return (2, 4, 8, 16) if wide else (8, 32, 64) if elbo else (4, 8, 32)
    if not elbo:
        return (2, 4)  # the matrices of pairs fill the cache
    return (64, 256) if linear or (task.steps > 1 and not wide) else (16, 64)


def ways(task: Task) -> dict[tuple[str, int], Callable[[], object]]:
    """Everything to time: (way, models) to a call that trains that many models for UNITS units."""
    calls: dict[tuple[str, int], Callable[[], object]] = {("conventional", 1): Conventional(task).run}
    calls |= {("vmapped", models): Vmapped(task, models).run for models in ladder(task, "vmapped")}
    if task.objective != "elbo":
        calls["conventional, spectral", 1] = Conventional(task, 0, spectral_statistic).run
        calls["vmapped, spectral", 64] = Vmapped(task, 64, spectral_statistic).run
    for way in ("engine", "compiled"):
        stacks = {
            models: InEngine(task, models, way=None if way == "engine" else Compiled) for models in ladder(task, way)
        }
        calls |= {(way, models): stack.run for models, stack in stacks.items()}
    if has_jax():
        from benchmarks.in_jax import InJax  # noqa: PLC0415  (JAX need not be installed)

        calls |= {("jax", models): InJax(task, models).run for models in ladder(task, "jax")}
    return calls


def measure(task: Task) -> list[Record]:
    """Check that all ways of one task agree, then time them: one record a way and stack size."""
    gc.collect()
    torch.manual_seed(0)
    begin = time.perf_counter()
    difference = assert_agreement(task)
    timings = interleave(ways(task))
    print(
        f"{task.dataset.name}, {task.objective}, {task.unit}: all ways agree to {difference:.0e}; "
        f"{time.perf_counter() - begin:.0f} s",
        flush=True,
    )
    row: Record = {"dataset": task.dataset.name, "objective": task.objective, "unit": task.unit}
    records = [
        row
        | {
            "way": way,
            "models": models,
            "median_us": timing.median / (UNITS * models) * 1e6,
            "minimum_us": timing.minimum / (UNITS * models) * 1e6,
            "rounds": timing.rounds,
        }
        for (way, models), timing in timings.items()
    ]
    least = floor(task) * 1e6
    return [*records, row | {"way": "floor", "models": 1, "median_us": least, "minimum_us": least, "rounds": 1}]


def main() -> None:
    """Measure every task; print and write the table."""
    torch.set_num_threads(1)
    keep_freed_memory()
    machine = describe_machine()
    print("\n".join(f"{name}: {value}" for name, value in machine.items()), flush=True)
    table = report.with_ratios(pd.DataFrame([record for task in TASKS for record in measure(task)]))
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / "steps.csv", index=False, float_format="%.4f")
    (RESULTS / "machine.json").write_text(json.dumps(machine, indent=2) + "\n")
    print("\nEverything timed: microseconds of one model's unit; ratio to the conventional way\n")
    print(report.every_size(table))
    print("\nBest stack size of each way: median microseconds (times faster than conventional) @ models\n")
    print(report.best_sizes(table))
    print("\nThe engine beside the floor of its arithmetic, microseconds\n")
    print(report.floors_beside(table))
    print(
        "\nNanoseconds of a number at the core's peak: "
        + json.dumps({k: round(v, 4) for k, v in nanoseconds().items()})
    )
    print("\nAsked of the engine\n")
    print("\n".join(report.verdicts(table, ASKED)))
    print(f"\nWritten: {RESULTS / 'steps.csv'} and machine.json beside it")


if __name__ == "__main__":
    main()
