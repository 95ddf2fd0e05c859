"""Figure 7, which the original lacks: the cells of Table 1, the published beside what our choices make of them."""

from __future__ import annotations

from math import nan, sqrt
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from scipy.stats import t

from libi.judging.intervals import CONFIDENCE
from libi.paper.nearest import far_off
from libi.paper.sensitivity import split
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS, PAPERS_REPLICATES
from libi.rendering.style import INK, LEARNED, PAGE, TRUE, Drawing, note, styled

READS = ("sensitivity",)
CAPTION = """
For each cell of Table 1: the paper's mean with its 95 % interval, and the range that the variants span, with the base's
value and the name of the variant that moves the cell most.

Variants more than ten times as far from the paper as the base are left out. ``figure7.csv`` has the numbers as plotted.
"""

SIZE = (PAGE, 5.3)
PAPER, OURS, NAME = -0.30, -0.06, 0.25  # heights in a row, which is 1 high and grows downwards
ROOM = 0.06  # of an axis, at either end
REACH = 0.75  # how far an axis may go beyond the published means, by their span
TYPE = 6.0  # points, of the names of variants
TICK = 0.13  # half the height of the base's tick
CELL = ["dataset", "method", "metric"]
COLUMNS = ["variants", "paper_mean", "paper_low", "paper_high", "base", "lowest", "highest"]
COLUMNS = [*CELL, *COLUMNS, "moved_most_by", "moved_to", "beyond"]


@styled
def draw(sensitivity: pd.DataFrame) -> Drawing:
    """Draw Figure 7.

    Args:
        sensitivity: result of `libi.paper.sensitivity.sensitivity_table`; the first variant is the base. The published
            cells are drawn, those of Test-LL by Eq. 48. Variants that are `far_off` are left out: they would fill the
            panels.

    Returns:
        the figure, a panel a metric (rows) and data set (columns), and its numbers, one row a cell: variants (how many
        have a value), the paper's mean with its 95 % interval (Student's, n = 5), the base's mean, the lowest and the
        highest mean of all variants, the variant that moves the cell most from the base, the mean there, and whether
        something is beyond the axis. An axis ends 0.75 times the span of its published means (or the median width of
        their intervals, if that is more) beyond them, or where the numbers end; a triangle at its edge stands for what
        is beyond.
    """
    cells, _ = split(sensitivity)
    figure = Figure(figsize=SIZE, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.03))
    panels = figure.subplots(len(PAPERS_METRICS), len(PAPERS_DATASETS), sharey=True)
    numbers = _numbers(cells[~cells["variant"].isin(far_off(cells))])
    tables = []
    for metric, row in zip(PAPERS_METRICS, panels, strict=True):
        for dataset, axes in zip(PAPERS_DATASETS, row, strict=True):
            own = numbers[(numbers["dataset"] == dataset) & (numbers["metric"] == metric)]
            tables.append(_panel(axes, f"{PAPERS_DATASETS[dataset]}, {PAPERS_METRICS[metric]}", own))
    figure.legend(handles=_handles(), loc="outside lower center", ncols=3)
    return Drawing(figure, pd.concat(tables, ignore_index=True)[COLUMNS])


def _numbers(cells: pd.DataFrame) -> pd.DataFrame:
    base = cells["variant"].iloc[0]
    half = t.ppf((1 + CONFIDENCE) / 2, PAPERS_REPLICATES - 1) / sqrt(PAPERS_REPLICATES)
    rows = []
    for cell, group in cells[cells["metric"].isin(list(PAPERS_METRICS))].groupby(CELL, sort=False):
        means = group.set_index("variant")["mean"].dropna()
        mean, sd = group[["paper_mean", "paper_sd"]].iloc[0]
        row = dict(zip(CELL, cell, strict=True)) | {"variants": len(means), "base": means.get(base, nan)}
        row |= {"paper_mean": mean, "paper_low": mean - half * sd, "paper_high": mean + half * sd}
        row |= {"lowest": means.min(), "highest": means.max(), "moved_most_by": "", "moved_to": nan}
        moves = (means - row["base"]).abs()
        if moves.max() > 0:
            row |= {"moved_most_by": moves.idxmax(), "moved_to": means[moves.idxmax()]}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS[:-1])


def _panel(axes: Axes, title: str, rows: pd.DataFrame) -> pd.DataFrame:
    axes.set_title(title)
    axes.set_yticks(range(len(PAPERS_METHODS)), PAPERS_METHODS.values())
    axes.set_ylim(len(PAPERS_METHODS) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if rows.empty:
        axes.set_xticks([])
        note(axes, "not in this study")
        return rows.assign(beyond=False)
    ends = _ends(rows)
    axes.set_xlim(*ends)
    axes.locator_params(axis="x", nbins=5)
    for height in range(1, len(PAPERS_METHODS)):
        axes.axhline(height - 0.5, color="#DDDDDD", linewidth=0.4, zorder=0)
    beyond = [_row(axes, list(PAPERS_METHODS).index(row.method), row, ends) for row in rows.itertuples()]
    return rows.assign(beyond=beyond)


def _ends(rows: pd.DataFrame) -> tuple[float, float]:
    """The ends of a panel's axis, at which what is far out is cut."""
    means = rows["paper_mean"]
    reach = REACH * max(means.max() - means.min(), (rows["paper_high"] - rows["paper_low"]).median())
    low = max(rows[["paper_low", "lowest"]].min(axis=None), means.min() - reach)
    high = min(rows[["paper_high", "highest"]].max(axis=None), means.max() + reach)
    return low - ROOM * (high - low), high + ROOM * (high - low)


def _row(axes: Axes, height: int, row: Any, ends: tuple[float, float]) -> bool:
    """Draw a cell; whether something of it is beyond the axis."""
    cut = _interval(axes, height + PAPER, (row.paper_low, row.paper_high), ends, color=TRUE, linewidth=1.0)
    axes.plot(row.paper_mean, height + PAPER, "o", color=TRUE, markersize=3)
    if row.variants:
        span = (row.lowest, row.highest)
        cut |= _interval(axes, height + OURS, span, ends, color=LEARNED, linewidth=2.6, solid_capstyle="butt")
        tick = [height + OURS - TICK, height + OURS + TICK]
        axes.plot([row.base] * 2, tick, color=INK, linewidth=1.0, zorder=4)
    if row.moved_most_by:
        place = axes.get_yaxis_transform()
        axes.text(0.03, height + NAME, row.moved_most_by, transform=place, fontsize=TYPE, va="center", color=INK)
    return cut


def _interval(axes: Axes, height: float, span: tuple[float, float], ends: tuple[float, float], **style: Any) -> bool:
    """Draw a line from one number to another, with a triangle at the edge where it leaves the axis; whether it does."""
    axes.plot(span, [height] * 2, zorder=2, **style)
    below, above = span[0] < ends[0], span[1] > ends[1]
    for marker, edge, left in (("<", ends[0], below), (">", ends[1], above)):
        if left:
            axes.plot(edge, height, marker, color=style["color"], markersize=4.5, clip_on=False, zorder=5)
    return bool(below or above)


def _handles() -> list[Line2D]:
    return [
        Line2D([], [], color=TRUE, marker="o", markersize=3, linewidth=1.0, label="the paper's mean, 95 % interval"),
        Line2D([], [], color=LEARNED, linewidth=2.6, label="our means under all choices"),
        Line2D(
            [],
            [],
            color=INK,
            linestyle="",
            marker="|",
            markersize=7,
            label="our base; below, the choice that moves the cell most",
        ),
    ]


FIGURE = draw
