"""Where the time of the paper's study went, and how far each stage is from its floor.

    python benchmarks/budget.py

By what `make publish` noted of the study's jobs on the machine of the benches (paper/reference/third_run/budget.csv),
and by the benches (results/steps.csv and evaluation.csv): what a stage comes to by the kernels, in compiled PyTorch,
and at the core's peak, each with the seconds that its jobs take to start. Last, the ratio of the whole study's
core-seconds without kernels and with them.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "workflow")]

import pandas as pd  # noqa: E402
from costs import OTHERS, epoch_costs, training_seconds  # noqa: E402

from libi.study.reading import read_study  # noqa: E402
from libi.study.study import Study  # noqa: E402

# What steps.csv and evaluation.csv call them.
SPEEDS = {"engine": ("engine", "seconds"), "compiled": ("compiled", "compiled"), "floor": ("floor", "floor")}
METRICS = {"select": ["test_ll_exact"], "evaluate": ["test_ll", "test_ll_exact", "s_knn"]}
SMALL = 0.006  # the share below which jobs are shown as one row


def metric_seconds(study: Study, stage: str, jobs: int, column: str) -> float:
    """What a stage takes that computes metrics: of all configurations, or of one a method."""
    table = pd.read_csv(ROOT / "benchmarks/results/evaluation.csv").set_index(["dataset", "metric"])[column]
    table = table.fillna(0)  # an exact likelihood has no floor: how many pieces it needs depends on the model
    seconds = jobs * OTHERS
    for name in study.dataset_names():
        grids = [len(study.configurations(name, method)) for method in study.methods(name)]
        models = sum(grids) if stage == "select" else len(grids)
        seconds += study.replicates * models * sum(table[name, metric] for metric in METRICS[stage])
    return seconds


def budget() -> pd.DataFrame:
    """One row a kind of job: jobs, seconds, share, and where a bench tells of it bench and floor."""
    study, spent = read_study(ROOT / "config/config.yaml"), pd.read_csv(ROOT / "paper/reference/third_run/budget.csv")
    rows = []
    for row in spent.itertuples():
        stage, *job = str(row.what).split()
        made = {"what": row.what, "jobs": row.jobs, "seconds": row.seconds, "share": row.share}
        for speed, (steps, metrics) in SPEEDS.items():
            if stage == "train":
                made[speed] = row.jobs * training_seconds(study.training_job(*job), epoch_costs(steps))
            elif stage in METRICS:
                made[speed] = metric_seconds(study, stage, row.jobs, metrics)
        rows.append(made)
    return pd.DataFrame(rows)


def summed(table: pd.DataFrame, what: str) -> dict[str, object]:
    """One row for several."""
    return {"what": what, **table.drop(columns="what").sum(min_count=1)}


def condensed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its small rows in two, training and the rest, and a row for all."""
    small, training = table["share"] < SMALL, table["what"].str.startswith("train")
    rows = [
        *table[~small].to_dict("records"),
        summed(table[small & training], "train, other methods"),
        summed(table[small & ~training], "the other stages"),
        summed(table[table["engine"].notna()], "all jobs that a bench covers"),
        summed(table[["what", "jobs", "seconds", "share"]], "all"),
    ]
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """The table in Markdown, with how many times its floor each row takes."""
    lines = ["| what | jobs | core-seconds | share | by kernels | in compiled PyTorch | floor | times the floor |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for row in table.to_dict("records"):
        cells = [row["what"], f"{row['jobs']:.0f}", f"{row['seconds']:,.0f}", f"{row['share']:.1%}"]
        known = not pd.isna(row["floor"])
        cells += (
            [*(f"{row[speed]:,.0f}" for speed in SPEEDS), f"{row['seconds'] / row['floor']:.1f}"] if known else [""] * 4
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def ratio(table: pd.DataFrame) -> float:
    """Core-seconds of the whole study without kernels over those with them; what no bench tells of takes as long."""
    rest = table.loc[table["engine"].isna(), "seconds"].sum()
    return (table["compiled"].sum() + rest) / (table["engine"].sum() + rest)


if __name__ == "__main__":
    table = budget()
    print(markdown(condensed(table)))
    print(f"\nThe whole study, core-seconds in compiled PyTorch over those by kernels: {ratio(table):.2f}")
