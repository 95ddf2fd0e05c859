"""Why LiBI's restarts fail on CubicJTEx: the same models trained with one thing changed at a time.

    python benchmarks/libi_failures.py --replicates 0 1 2
One configuration (ε_HZ = 1, ε_Σ = ε_μ = 0.2) with R = 1 and R = 6, ten restarts, full length, from the same seeds. A
restart fails if it ends more than 20 nats of Eq. 44, on ten times 500 fresh points, above the best that was found.
Writes results/libi_failures.csv, one row a variant, replicate, R and restart.

    as studied     the study's own settings
    no whitening   the encoder starts from its random parameters
    cap 30         exp() of Eq. 44 goes on linearly above 30, not 8
    rate 0.003     Adam's learning rate, not 0.01
    rate 0.001
    epochs x 4     120,000 epochs
    last snapshot  a round keeps its last iterate, not the snapshot with the best objective on the validation points
    ten validations  snapshots, rounds and restarts are judged on 5,000 validation points, not 500
    in PyTorch     compiled PyTorch in the place of the kernels: a control for the next
    soft root      the encoder's cube root with a derivative of at most 33 at 0, not 3,333; in PyTorch
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
from torch import Tensor  # noqa: E402

from libi.base import layers  # noqa: E402
from libi.base.simulation import simulate  # noqa: E402
from libi.datasets import DATASETS  # noqa: E402
from libi.objectives.constrained_likelihood import constrained_likelihood  # noqa: E402
from libi.posterior.marginal import marginal_log_likelihood  # noqa: E402
from libi.runtime.allocator import keep_freed_memory  # noqa: E402
from libi.runtime.seeding import stream  # noqa: E402
from libi.runtime.storage import READABLE, save_table  # noqa: E402
from libi.statistics.likelihood import gaussian_log_likelihood  # noqa: E402
from libi.study.jobs import TrainingJob  # noqa: E402
from libi.study.reading import read_study  # noqa: E402
from libi.training import engine  # noqa: E402
from libi.training.job import train_job  # noqa: E402

DATASET = DATASETS["cubic_jtex"]
GRID = [{"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2, "rounds": rounds} for rounds in (1, 6)]
RESTARTS, POINTS, BLOCKS, FARTHEST, FAILED = 10, 500, 10, 5, 20.0
TRAINING = {
    "as studied": {},
    "no whitening": {"whitened_start": False},
    "cap 30": {"exponential_cap": 30.0},
    "rate 0.003": {"learning_rate": 0.003},
    "rate 0.001": {"learning_rate": 0.001},
    "epochs x 4": {"epochs": 120_000, "validate_every": 1_000},
    "last snapshot": {"snapshot": "last"},
    "ten validations": {},
    "in PyTorch": {},
    "soft root": {},
}


def soft_cube_root(inputs: Tensor) -> Tensor:
    """The cube root with a hundredth of the derivative at 0."""
    return torch.sign(inputs) * ((inputs.abs() + 1e-3) ** (1 / 3) - 1e-1)


@contextmanager
def variant(name: str) -> Iterator[None]:
    """Train so."""
    without = mock.patch.object(engine, "has_kernels", lambda problem, objective: False)
    patches: dict[str, list[Any]] = {
        "in PyTorch": [without],
        "soft root": [without, mock.patch.object(layers, "cube_root", soft_cube_root)],
    }
    with ExitStack() as stack:
        for patch in patches.get(name, []):
            stack.enter_context(patch)
        yield


def draw(truth: Tensor, replicate: int, split: str, points: int = POINTS) -> Tensor:
    """Points of a replicate [2, points], as the study draws them from its seeds; "fresh" ones are no part of it."""
    return simulate(DATASET, truth, points, stream(0, "data", DATASET.name, replicate, split))[1].float()


def train(name: str, replicate: int) -> pd.DataFrame:
    """Train one variant on one replicate, and look at its models on fresh points."""
    given = read_study(ROOT / "config/config.yaml").training_job(DATASET.name, "libi")
    given |= {"restarts": RESTARTS, "device": "cpu", "configurations": GRID}
    given["training"] = given["training"] | TRAINING[name]
    truth = DATASET.true_parameters()
    with variant(name):
        points = [draw(truth, replicate, "train")]
        blocks = BLOCKS if name == "ten validations" else 1
        validation = [draw(truth, replicate, "validation", blocks * POINTS)]
        trained = train_job(TrainingJob.model_validate(given), [replicate], truth, points, validation)
        looked = look(trained.tensors, draw(truth, replicate, "fresh", BLOCKS * POINTS))
    records = trained.records[["configuration", "restart", "best_round", "validation_objective"]]
    rounds = records["configuration"].str.extract(r"rounds=(\d+)", expand=False).astype(int)
    return records.drop(columns="configuration").assign(variant=name, replicate=replicate, rounds=rounds, **looked)


def look(tensors: dict[str, Tensor], x: Tensor) -> dict[str, list[float]]:
    """Eq. 44, its reconstruction, the share of the five worst points of 500 in that, and the exact log-likelihood."""
    found: dict[str, list[float]] = {"objective": [], "reconstruction": [], "share_of_worst": [], "exact": []}
    noise = torch.tensor(DATASET.noise_variance)
    blocks = x.unflatten(1, (BLOCKS, POINTS)).transpose(0, 1)
    scalars = [torch.full((BLOCKS,), GRID[0][f"epsilon_{name}"]) for name in ("hz", "covariance", "mean")]
    for theta, phi in zip(tensors["generative"], tensors["encoder"], strict=True):
        groups = {
            "generative": DATASET.generative.unpack(theta.expand(BLOCKS, -1)),
            "encoder": DATASET.encoder.layout.unpack(phi.expand(BLOCKS, -1)),
        }
        (codes,) = DATASET.encoder(groups["encoder"], blocks)
        losses = -gaussian_log_likelihood(blocks, DATASET.decode(groups["generative"], codes), noise)
        worst = losses.topk(FARTHEST, dim=1).values.clamp(min=0).sum()
        found["objective"].append(float(constrained_likelihood(DATASET, groups, blocks, *scalars, cap=8.0).mean()))
        found["reconstruction"].append(float(losses.mean()))
        found["share_of_worst"].append(float(worst / losses.clamp(min=0).sum()))
        exact = marginal_log_likelihood(DATASET, theta[None], x[:, :POINTS]).log_likelihood
        found["exact"].append(float(exact.mean()))
    return found


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """How many restarts fail, and what the one that is chosen by its own validation objective is worth."""
    rows = rows.reset_index(drop=True).assign(failed=rows["objective"].to_numpy() > rows["objective"].min() + FAILED)
    chosen = rows.loc[rows.groupby(["variant", "rounds", "replicate"])["validation_objective"].idxmin()]
    keys = ["variant", "rounds"]
    rows["far_out"] = rows["share_of_worst"].where(rows["failed"])
    table = rows.groupby(keys, sort=False).agg(
        replicates=("replicate", "nunique"), failed=("failed", "mean"), far_out=("far_out", "median")
    )
    winners = chosen.groupby(keys).agg(
        chosen_failed=("failed", "mean"), chosen_objective=("objective", "median"), chosen_exact=("exact", "mean")
    )
    return table.join(winners).reset_index()


def to_markdown(rows: pd.DataFrame) -> str:
    """The same as a table in Markdown."""
    heads = [
        "variant",
        "R",
        "replicates",
        "restarts that fail",
        "share of the error that comes from the 5 worst of 500 points",
        "chosen restarts that fail",
        "median Eq. 44 of all chosen restarts",
    ]
    heads.append("exact log-likelihood")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in summarise(rows).itertuples(index=False):
        lines.append(
            f"| {row.variant} | {row.rounds} | {row.replicates} | {row.failed:.0%} | {row.far_out:.0%} "
            f"| {row.chosen_failed:.0%} "
            f"| {row.chosen_objective:.1f} | {row.chosen_exact:.2f} |"
        )
    return "\n".join(lines)


def far_out(rows: pd.DataFrame) -> str:
    """How much of the error of failed restarts comes from a few points, in words."""
    studied = summarise(rows).set_index(["variant", "rounds"]).loc["as studied", "far_out"]
    shares = " or ".join(f"{share:.0%} (R = {rounds})" for rounds, share in studied.items())
    return f"In a failed restart, {FARTHEST} of {POINTS} points cause {shares} of the reconstruction error (medians)."


def main() -> None:
    """Train all variants, write the rows, print what they come to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=TRAINING, default=list(TRAINING))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/libi_failures.csv")
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    tables = []
    for name in given.variants:
        tables += [train(name, replicate) for replicate in given.replicates]
        save_table(given.out, pd.concat(tables, ignore_index=True), READABLE)
    print(summarise(pd.concat(tables)).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
