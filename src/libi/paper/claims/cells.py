"""The 40 cells of Table 1, each beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan, nan
from typing import Protocol, cast, runtime_checkable

import pandas as pd

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, REPRODUCED, Claim, Interval, PublishedClaim
from libi.judging.intervals import welch
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import (
    CHOSEN_BY,
    PAPERS_DATASETS,
    PAPERS_METHODS,
    PAPERS_METRICS,
    PAPERS_REPLICATES,
    TUNED,
    UNRELIABLE,
)

PLACE = 5
READS = ("table1", "published")
SAYS = {
    "cell": {
        "family": "Cells of Table 1",
        "where": "Table 1",
        "statement": "{metric} of {method} on {dataset}: {mean:.2f} ± {sd:.2f}",
    },
}
TEST = (
    "95 % Welch interval of our mean minus the published one (n = 5 for the paper). Reproduced: it holds 0 and half "
    "its width is at most the margin (ours: half the spread of the paper's five means in the column). Not reproduced: "
    "it does not hold 0. Else not decidable"
)


@runtime_checkable
class Cell(Protocol):
    """A row of the paper's Table 1 beside ours."""

    dataset: str
    method: str
    metric: str
    mean: float
    sd: float
    replicates: int
    mean_paper: float
    sd_paper: float
    mean_exact: float
    sd_exact: float


def judge_cells(stated: PublishedClaim, table1: pd.DataFrame, published: pd.DataFrame) -> list[Claim]:
    """Whether our mean and the paper's can be the same, and whether we could tell if they were not.

    Args:
        stated: what all cells have in common.
        table1: `results/table1.csv`; cells that it has not are not decidable.
        published: the paper's Table 1: dataset, method, metric, mean, sd.
    """
    cell = ["dataset", "method", "metric"]
    margins = published.groupby(["dataset", "metric"])["mean"].agg(lambda means: (means.max() - means.min()) / 2)
    exact = table1[table1["metric"] == "test_ll_exact"].assign(metric="test_ll")
    cells = published.merge(table1[[*cell, "mean", "sd", "replicates"]], "left", cell, suffixes=("_paper", ""))
    cells = cells.merge(exact[[*cell, "mean", "sd"]], "left", cell, suffixes=("", "_exact"))
    return [_judge(stated, cast(Cell, row), margins[row.dataset, row.metric]) for row in cells.itertuples(index=False)]


def judge_difference(interval: Interval, margin: float) -> str:
    """The verdict on a difference that should be 0, by its interval and the margin that it must not exceed."""
    if interval.low > 0 or interval.high < 0:
        return NOT_REPRODUCED
    return REPRODUCED if (interval.high - interval.low) / 2 <= margin else NOT_DECIDABLE


def _judge(stated: PublishedClaim, row: Cell, margin: float) -> Claim:
    unit = "mean test log-likelihood (Eq. 48), nats" if row.metric == "test_ll" else "smooth k-NN statistic"
    names = {
        "dataset": PAPERS_DATASETS[row.dataset],
        "method": PAPERS_METHODS[row.method],
        "metric": PAPERS_METRICS[row.metric],
    }
    paper = (row.mean_paper, row.sd_paper, PAPERS_REPLICATES)
    interval = welch((row.mean, row.sd, row.replicates), paper) if row.replicates > 1 else Interval(nan, nan, nan)
    verdict = judge_difference(interval, margin)
    return stated.about(row.dataset, row.method, row.metric, **names, mean=row.mean_paper, sd=row.sd_paper).judged(
        verdict,
        interval,
        measure=f"{unit}; mean ± sd over replicates",
        value=row.mean,
        uncertainty=row.sd,
        published=row.mean_paper,
        margin=margin,
        test=TEST,
        note="; ".join(filter(None, [_reading(row, interval, margin, verdict), _exact(row, paper), _warning(row)])),
    )


def _reading(row: Cell, interval: Interval, margin: float, verdict: str) -> str:
    """What a verdict other than reproduced rests on."""
    if isnan(row.mean):
        return "lacking: a finite value on every replicate"
    if isnan(interval.low):
        return "lacking: a second replicate, for an interval"
    if verdict == NOT_REPRODUCED:
        side = "above" if interval.centre > 0 else "below"
        small = ", but the whole interval lies within the margin" if max(-interval.low, interval.high) < margin else ""
        return f"ours is {side} the published mean by {abs(interval.centre):.2f}{small}"
    if verdict == NOT_DECIDABLE:
        reach = (interval.high - interval.low) / 2
        alone = welch((0.0, 0.0, PAPERS_REPLICATES), (0.0, row.sd_paper, PAPERS_REPLICATES)).high
        whose = " (the paper's sd alone makes the interval too wide)" if alone > margin else ""
        return f"the interval reaches {reach:.2f} to either side, the margin is {margin:.2f}{whose}"
    return ""


def _exact(row: Cell, paper: tuple[float, float, int]) -> str:
    """The exact log-likelihood, and its difference from the published estimate; empty for other metrics."""
    if row.metric != "test_ll" or isnan(row.mean_exact) or isnan(row.sd_exact):
        return ""
    _, low, high = welch((row.mean_exact, row.sd_exact, row.replicates), paper)
    ours = f"exact {row.mean_exact:.2f} ± {row.sd_exact:.2f}"
    return f"{ours}; its difference from the published mean is {low:+.2f} to {high:+.2f} (95 %)"


def _warning(row: Cell) -> str:
    if (row.dataset, row.metric) == UNRELIABLE:
        return "the paper calls this column unreliable"
    if (row.dataset, row.metric) == TUNED:
        return CHOSEN_BY
    return ""


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """Cell by cell."""
    return judge_cells(said["cell"], evidence.table1, evidence.published)


CLAIMS = judge
