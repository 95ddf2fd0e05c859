"""Seconds that the metrics of one model take, beside the floors of their arithmetic.

`make bench` runs it after the benches of training. benchmarks/README.md says what is measured, and how.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.machine import pin_to_one_core  # noqa: E402

pin_to_one_core()

import pandas as pd  # noqa: E402  (all that may start threads comes after the process is bound to its core)
import torch  # noqa: E402

from benchmarks.floors import nanoseconds  # noqa: E402
from benchmarks.report import markdown  # noqa: E402
from benchmarks.tasks import POINTS, Task  # noqa: E402
from libi.base.dataset import LATENT, Dataset  # noqa: E402
from libi.base.layers import Network  # noqa: E402
from libi.datasets import DATASETS  # noqa: E402
from libi.metrics import s_knn, test_ll  # noqa: E402
from libi.models.metric import Subject  # noqa: E402
from libi.models.trained import TrainedModel  # noqa: E402
from libi.paper import vocabulary  # noqa: E402
from libi.posterior.marginal import marginal_log_likelihood  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.study.reading import read_study  # noqa: E402

ROUNDS = 3
BLOCK = 300_000  # numbers that stay in a core's caches
SIDE = 256  # of the large matrix product
TEST_LL, EXACT, S_KNN = "test_ll", "test_ll_exact", "s_knn"


def model_of(dataset: Dataset) -> TrainedModel:
    """A model with the parameters from which training starts; for the time their values do not matter."""
    start = Task(dataset, "elbo", POINTS).start(1)
    return TrainedModel(dataset, start["generative"], start["inference"], None, "bench", 0)


def statistic_floor(dataset: Dataset, job: Mapping[str, Any]) -> float:
    """Seconds of the weights of all pairs of points of every draw of S-kNN, at the core's peak."""
    pool, cost = 2 * job["s_knn"].points, nanoseconds()
    each = cost["pair_weight"] + 2 * dataset.observed * cost["multiply_add"]  # float64 has half the lanes
    return 1e-9 * job["s_knn"].draws * pool * (pool - 1) / 2 * each


def likelihood_floor(dataset: Dataset, job: Mapping[str, Any]) -> None:
    """The normal draws of Eq. 48, and the decoder's multiplications at the rate of a large product."""
    samples, network = job["test_ll"].importance_samples * POINTS, dataset.decoder
    draws = torch.empty(BLOCK, dtype=torch.float64)
    for _ in range(samples * LATENT // BLOCK):
        draws.normal_()
    if not isinstance(network, Network) or not network.hidden:
        return
    widths = [network.inputs, *(layer.units for layer in network.hidden), sum(network.heads.values())]
    each = sum(before * after for before, after in zip(widths, widths[1:], strict=False))
    first, second = torch.rand(SIDE, SIDE).double(), torch.rand(SIDE, SIDE).double()
    result = torch.empty_like(first)
    for _ in range(samples * each // SIDE**3):
        torch.mm(first, second, out=result)


def in_pytorch(call: Callable[[], object]) -> Callable[[], object]:
    """The same without kernels."""

    def run() -> object:
        with mock.patch("libi.statistics.two_sample.available", lambda tensor: False):
            return call()

    return run


def calls_of(dataset: Dataset, job: Mapping[str, Any]) -> dict[tuple[str, str], Callable[[], object]]:
    """What is timed of a data set: (metric, way) to a call."""
    model, x = model_of(dataset), Task(dataset, "elbo", POINTS).data()[0]
    subject = Subject(model, model.generative + 0.1, x, 0, ("bench",))
    statistic = lambda: s_knn.measure(subject, job["s_knn"])  # noqa: E731
    return {
        (TEST_LL, "seconds"): lambda: test_ll.measure(subject, job["test_ll"]),
        (TEST_LL, "floor"): lambda: likelihood_floor(dataset, job),
        (EXACT, "seconds"): lambda: marginal_log_likelihood(dataset, model.generative, x),
        (S_KNN, "seconds"): statistic,
        (S_KNN, "compiled"): in_pytorch(statistic),
    }


def measure(dataset: Dataset, job: Mapping[str, Any]) -> pd.DataFrame:
    """One row a metric: median seconds by kernels and in PyTorch, timed in turns, and the floor."""
    calls = calls_of(dataset, job)
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for key, call in calls.items():
            begin = time.perf_counter()
            call()
            times.setdefault(key, []).append(time.perf_counter() - begin)
    found = {key: median(seconds) for key, seconds in times.items()}
    for metric in (TEST_LL, EXACT):
        found[metric, "compiled"] = found[metric, "seconds"]  # they have no kernels
    found[EXACT, "floor"] = float("nan")  # how many pieces and panels a point needs depends on the model
    found[S_KNN, "floor"] = statistic_floor(dataset, job)
    ways = "seconds", "compiled", "floor"
    rows = [
        {"dataset": dataset.name, "metric": metric, **{way: found[metric, way] for way in ways}}
        for metric in (TEST_LL, EXACT, S_KNN)
    ]
    return pd.DataFrame(rows)


def main() -> None:
    """Measure, print and write."""
    torch.set_num_threads(1)
    keep_freed_memory()
    study = read_study(ROOT / "config/config.yaml")
    job = {name: study.metric(name) for name in (TEST_LL, S_KNN)}
    papers = (DATASETS[name] for name in vocabulary.PAPERS_DATASETS)
    table = pd.concat([measure(dataset, job) for dataset in papers], ignore_index=True).round(3)
    table.to_csv(ROOT / "benchmarks" / "results" / "evaluation.csv", index=False)
    print("\nSeconds of a model's metrics on one core\n")
    print(markdown(table))
    print("\nWritten: benchmarks/results/evaluation.csv")


if __name__ == "__main__":
    main()
