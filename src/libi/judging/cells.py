"""The 40 cells of Table 1, each beside the paper's."""

from __future__ import annotations

from math import hypot, isnan

import pandas as pd

from libi.judging.claims import DATASETS, METHODS, METRICS, NOT_DECIDABLE, Claim, Saying

SOURCE = "2·√(sd² + paper_sd²); not decidable where an sd exceeds the spread of the paper's five means"
UNRELIABLE = ("cubic_jtex", "test_ll")


def judge_cells(saying: Saying, table1: pd.DataFrame, published: pd.DataFrame) -> list[Claim]:
    """Whether our mean is within two standard deviations, ours and the paper's together, of the paper's.

    A cell is not decidable where the paper's standard deviation exceeds the spread between methods, which is the
    largest less the least of its five means in the column; where ours does and is all that makes the cell agree; and
    where we have no standard deviation.

    Args:
        saying: what all cells have in common.
        table1: `results/table1.csv`; cells that it has not are not decidable.
        published: the paper's Table 1: dataset, method, metric, mean, sd.
    """
    cell = ["dataset", "method", "metric"]
    spreads = published.groupby(["dataset", "metric"])["mean"].agg(lambda means: means.max() - means.min())
    cells = published.merge(table1[[*cell, "mean", "sd", "replicates"]], "left", cell, suffixes=("_paper", ""))
    return [_judge(saying, row, spreads[row.dataset, row.metric]) for row in cells.itertuples(index=False)]


def _judge(saying: Saying, row: tuple, spread: float) -> Claim:
    unit = "mean test log-likelihood (Eq. 48), nats" if row.metric == "test_ll" else "smooth k-NN statistic"
    tolerance = 2 * hypot(row.sd, row.sd_paper)
    within = abs(row.mean - row.mean_paper) <= tolerance
    names = {"dataset": DATASETS[row.dataset], "method": METHODS[row.method], "metric": METRICS[row.metric]}
    gap = _undecided(row, spread, within)
    unreliable = "the paper calls this column unreliable" if (row.dataset, row.metric) == UNRELIABLE else ""
    return saying.about(row.dataset, row.method, row.metric, **names, mean=row.mean_paper, sd=row.sd_paper).judged(
        within,
        measure=f"{unit}; mean ± sd over replicates",
        value=row.mean,
        uncertainty=row.sd,
        published=row.mean_paper,
        tolerance=tolerance,
        tolerance_source=SOURCE,
        note="; ".join(filter(None, [gap, unreliable])),
        **({"verdict": NOT_DECIDABLE} if gap else {}),
    )


def _undecided(row: tuple, spread: float, within: bool) -> str:
    """Why a cell is not decidable; empty if it is."""
    if isnan(row.mean):
        return "lacking: a finite value on every replicate"
    if isnan(row.sd):
        return "lacking: a second replicate, for an sd"
    if row.sd_paper > spread:
        side = "within" if within else "outside"
        return f"the paper's sd exceeds the spread of its means, {spread:.2f}; {side} the tolerance"
    if within and row.sd > spread:
        return f"our own sd exceeds the spread of the paper's means, {spread:.2f}: the tolerance would hold any of them"
    return ""
