"""Whether two ways to train LiBI give the same models, as far as anything does.

    python benchmarks/same_science.py cubic_jtex kernels rounded
    python benchmarks/same_science.py mobius kernels compiled --replicates 0 1 --restarts 9

Trains the paper's grid of LiBI twice, from the same seeds, at full length, and compares the pairs: the final validation
objectives (Eq. 44), and the share of restarts that fail: they end more than 20 nats above the best of their
configuration and replicate. Training is chaotic, so the yardstick are two runs of one engine whose starts differ in the
last bit of half the parameters (`rounded`).

    kernels     the C++ kernels
    compiled    compiled PyTorch (an hour of a core for the paper's ten restarts on one replicate)
    rounded     the kernels, from starts moved by one rounding
    other-noise the kernels, with other draws and batches; the first round has neither

Writes the pairs of all models into results/same_science.csv, instead of an earlier comparison of the same two ways.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

import pandas as pd  # noqa: E402
import torch  # noqa: E402
from scipy import stats  # noqa: E402

from libi.base.simulation import simulate  # noqa: E402
from libi.datasets import DATASETS  # noqa: E402
from libi.paper.vocabulary import PAPERS_DATASETS  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.runtime.seeding import seed_of, stream  # noqa: E402
from libi.runtime.storage import load_table, save_table  # noqa: E402
from libi.study.jobs import TrainingJob  # noqa: E402
from libi.study.reading import read_study  # noqa: E402
from libi.training import engine, noise  # noqa: E402
from libi.training.job import train_job  # noqa: E402

WAYS = ("kernels", "compiled", "rounded", "other-noise")
FAILED = 20.0  # nats above the best
RECORDED = ROOT / "benchmarks/results/same_science.csv"
KEY = ["replicate", "configuration", "restart"]


def moved(start: torch.Tensor) -> torch.Tensor:
    """Half of the parameters at the next number that float32 has."""
    some = torch.rand(start.shape, generator=stream("rounded")) < 0.5
    return torch.where(some, torch.nextafter(start, torch.full_like(start, torch.inf)), start)


@contextmanager
def way(name: str) -> Iterator[None]:
    """Train so."""
    start = engine.Stack._initial_parameters
    patches: dict[str, list[Any]] = {
        "kernels": [],
        "compiled": [mock.patch.object(engine, "has_kernels", lambda problem, objective: False)],
        "rounded": [
            mock.patch.object(
                engine.Stack, "_initial_parameters", lambda self: {k: moved(v) for k, v in start(self).items()}
            )
        ],
        "other-noise": [
            mock.patch.object(noise, "seed_of", lambda *labels: seed_of(*labels, "other")),
            mock.patch.object(noise, "stream", lambda *labels: stream(*labels, "other")),
        ],
    }
    with ExitStack() as stack:
        for patch in patches[name]:
            stack.enter_context(patch)
        yield


def train(name: str, dataset_name: str, replicates: list[int], restarts: int) -> pd.DataFrame:
    """Records of LiBI's models, trained in one way."""
    study = read_study(ROOT / "config/config.yaml")
    job = TrainingJob.model_validate(study.training_job(dataset_name, "libi") | {"restarts": restarts, "device": "cpu"})
    dataset = DATASETS[dataset_name]
    truth = dataset.true_parameters()
    train_points, validation_points = (
        [
            simulate(dataset, truth, 500, stream(study.seed, "data", dataset_name, number, split))[1]
            for number in replicates
        ]
        for split in ("train", "validation")
    )
    with way(name):
        return train_job(job, replicates, truth, train_points, validation_points).records


def compared(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float]:
    """The pairs of two runs."""
    pairs = first.merge(second, on=KEY, suffixes=("_1", "_2"))
    one, two = pairs["validation_objective_1"], pairs["validation_objective_2"]
    both = pd.concat([one, two], axis=1).min(axis=1)
    best = both.groupby([pairs["replicate"], pairs["configuration"]]).transform("min")
    failed_1, failed_2 = one > best + FAILED, two > best + FAILED
    only_1, only_2 = int((failed_1 & ~failed_2).sum()), int((failed_2 & ~failed_1).sum())
    return {
        "models": len(pairs),
        "median_1": one.median(),
        "median_2": two.median(),
        "median_difference": (one - two).abs().median(),
        "failed_1": failed_1.mean(),
        "failed_2": failed_2.mean(),
        "wilcoxon_p": stats.wilcoxon(one, two).pvalue,
        "mcnemar_p": stats.binomtest(only_1, only_1 + only_2).pvalue if only_1 + only_2 else 1.0,
    }


def main() -> None:
    """Train twice, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("ways", nargs=2, choices=WAYS)
    parser.add_argument("--replicates", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--restarts", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    records = [train(name, given.dataset, given.replicates, given.restarts) for name in given.ways]
    rounds = records[0]["configuration"].str.extract(r"rounds=(\d+)")[0]
    rows = {"all": compared(*records)}
    for number in sorted(rounds.unique()):
        rows[f"R = {number}"] = compared(*(table[rounds == number] for table in records))
    print(f"{given.dataset}: {given.ways[0]} (1) against {given.ways[1]} (2)")
    print(pd.DataFrame(rows).T.round(3).to_string())
    record({"dataset": given.dataset, "first": given.ways[0], "second": given.ways[1], **rows["all"]})


def record(row: dict[str, object]) -> None:
    """Put a comparison among those in results/same_science.csv."""
    names, table = ["dataset", "first", "second"], load_table(RECORDED)
    others = table[(table[names] != pd.Series({name: row[name] for name in names})).any(axis=1)]
    joined = pd.concat([others, pd.DataFrame([row])], ignore_index=True)
    save_table(RECORDED, joined.sort_values("dataset", kind="stable").round(3))


def to_markdown(rows: pd.DataFrame) -> str:
    """The recorded comparisons as a table in Markdown."""
    heads = ["data set", "one way", "the other", "models", "median objective", "median of differences", "failed"]
    heads += ["Wilcoxon's p", "McNemar's p"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows.itertuples(index=False):
        cells = [
            *(PAPERS_DATASETS[row.dataset], row.first, row.second, f"{row.models:.0f}"),
            *(f"{row.median_1:g}, {row.median_2:g}", f"{row.median_difference:g}"),
            *(f"{row.failed_1:.0%}, {row.failed_2:.0%}", f"{row.wilcoxon_p:.2f}", f"{row.mcnemar_p:.2f}"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
