"""Microseconds of one model's step on a GPU, its kernels started one by one and recorded, beside one core's kernels.

`python benchmarks/bench_gpu.py` on a machine with a GPU writes benchmarks/results/gpu.csv; elsewhere it says so.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import pandas as pd  # noqa: E402
import torch  # noqa: E402

from benchmarks.in_engine import InEngine  # noqa: E402
from benchmarks.tasks import TASKS, UNITS, Task  # noqa: E402
from benchmarks.timing import interleave  # noqa: E402
from libi.runtime.device import HOST  # noqa: E402
from libi.training.captured import Captured  # noqa: E402
from libi.training.compilation import Program  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "gpu.csv"
MODELS = (160, 800)  # a stack of LiBI on one replicate, and on five in one job
ON_A_CORE = 40  # the best stack size of the kernels, see steps.csv


def waiting(stack: InEngine) -> None:
    """Run a call and wait until the GPU is done."""
    stack.run()
    torch.cuda.synchronize()


def measure(task: Task) -> list[dict[str, str | int | float]]:
    """Time one task: a record for each way and stack size."""
    stacks = {("one core, kernels", ON_A_CORE): InEngine(task, ON_A_CORE)}
    stacks["GPU, one by one", MODELS[0]] = InEngine(task, MODELS[0], way=Program, device="cuda")
    for models in MODELS:
        stacks["GPU, recorded", models] = InEngine(task, models, way=Captured, device="cuda")
    begin = time.perf_counter()
    timings = interleave({key: partial(waiting, stack) for key, stack in stacks.items()})
    print(f"{task.dataset.name}, {task.objective}, {task.unit}: {time.perf_counter() - begin:.0f} s", flush=True)
    return [
        {
            "dataset": task.dataset.name,
            "objective": task.objective,
            "unit": task.unit,
            "way": way,
            "models": models,
            "median_us": timing.median / (UNITS * models) * 1e6,
            "minimum_us": timing.minimum / (UNITS * models) * 1e6,
            "rounds": timing.rounds,
        }
        for (way, models), timing in timings.items()
    ]


def main() -> None:
    """Measure every task; print and write the table."""
    if not torch.cuda.is_available():
        print(f"PyTorch finds no GPU here, only the {HOST}, so nothing is measured on one")
        return
    torch.set_num_threads(1)
    table = pd.DataFrame([record for task in TASKS for record in measure(task)])
    table["gpu"], table["torch"] = torch.cuda.get_device_name(), torch.__version__
    table.to_csv(RESULTS, index=False, float_format="%.4f")
    wide = table.pivot_table(
        index=["dataset", "objective", "unit"], columns=["way", "models"], values="median_us", sort=False
    )
    print(f"\n{torch.cuda.get_device_name()}: microseconds of one model's unit, median\n\n{wide.round(2).to_string()}")


if __name__ == "__main__":
    main()
