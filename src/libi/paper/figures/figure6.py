"""Figure 6, which the original lacks: all models in the plane of the two gaps of Eq. 2, with lines of equal L."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.paper.vocabulary import TRUTH
from libi.rendering.style import FAINT, INK, PAGE, SMALL, Drawing, note, styled

READS = ("gaps",)
CAPTION = """
All models of Table 1, and the ground truth, in the plane of the two gaps of Eq. 2: how far the generative model is
from the data (horizontal), and how far the inference model is from its posteriors (vertical). A point is a replicate;
grey lines join models of equal L, which is the sum of the two. Training by L moves along these lines towards easier
posteriors. Models beyond the axes are hollow, at the edge.

From ``gaps.csv``; ``figure6.csv`` has the numbers as plotted.
"""
COLUMNS_OF_PANELS, HEIGHT = 2, 2.8  # inches of a row of panels
X, Y = "mle_objective", "posterior_matching"
LABELS = {X: r"KL$[p(x) \| p_\theta(x)]$, nats", Y: r"E KL$[q_\phi(z|x) \| p_\theta(z|x)]$, nats"}
# Okabe and Ito's colours, and a marker each for readers without colours.
MARKS = {
    TRUTH: ("#000000", "*"),
    "vae": ("#D55E00", "o"),
    "beta_vae": ("#E69F00", "s"),
    "beta_vae_anneal": ("#CC79A7", "D"),
    "lagging": ("#56B4E9", "v"),
    "libi": ("#009E73", "P"),
}
FURTHER = [("#0072B2", "^"), ("#F0E442", "X"), ("#999999", "<"), ("#8B4513", ">")]  # of methods that the paper has not
ROOM = 1.25  # of an axis, by the largest median of a method
SHORT = 0.3  # of an axis: shorter lines have no label
LEAST_INWARD = 0.07  # of an axis: from the end of a line to the middle of its label
NEAR = 0.1  # of an axis: so far from a model a label is readable
BEFORE = 0.04  # of an axis, before 0, where the truth's misfit is
AREA, AREA_OF_OTHERS = {"*": 70.0}, 18.0  # square points
COLUMNS = ["dataset", "method", "replicate", X, Y, "objective", "beyond"]


@styled
def draw(gaps: pd.DataFrame) -> Drawing:
    """Draw Figure 6.

    Args:
        gaps: results/gaps.csv: dataset, method, replicate, mle_objective, posterior_matching, objective.

    Returns:
        the figure, a panel for each data set whose truth is known, and its numbers, one row a model: where it is, and
        whether that is beyond the axes. These end at 1.25 times the largest median of a method; a model beyond them is
        drawn at their edge, hollow.
    """
    gaps = gaps[gaps[X].notna()]
    names, marks = DATASETS.titles(gaps["dataset"]), marks_of(gaps["method"])
    rows = max(1, -(-len(names) // COLUMNS_OF_PANELS))
    figure = Figure(figsize=(PAGE, HEIGHT * rows), layout="constrained")
    panels = list(figure.subplots(rows, COLUMNS_OF_PANELS).flat)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    if not names:
        note(panels[0], "no data set with a known p(x)")
        return Drawing(figure, pd.DataFrame(columns=COLUMNS))
    tables = [
        _panel(axes, title, gaps[gaps["dataset"] == name], marks)
        for axes, (name, title) in zip(panels, names.items(), strict=False)
    ]
    handles = [_handle(METHODS.title(method), *mark) for method, mark in marks.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return Drawing(figure, pd.concat(tables, ignore_index=True)[COLUMNS])


def marks_of(methods: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each method that a table has; the paper's have always the same."""
    further = itertools.cycle(FURTHER)
    return {method: MARKS.get(method) or next(further) for method in METHODS.titles(methods)}


def _handle(title: str, colour: str, marker: str) -> Line2D:
    size = AREA.get(marker, AREA_OF_OTHERS) ** 0.5
    return Line2D([], [], linestyle="", marker=marker, markersize=size, color=colour, label=title)


def _panel(axes: Axes, title: str, rows: pd.DataFrame, marks: dict[str, tuple[str, str]]) -> pd.DataFrame:
    axes.set_title(title)
    medians = rows.groupby("method")[[X, Y]].median()
    ends = {column: ROOM * float(medians[column].max()) for column in (X, Y)}
    beyond = (rows[X] > ends[X]) | (rows[Y] > ends[Y])
    _equal_objective(axes, ends, rows)
    for method, (colour, marker) in marks.items():
        own = rows["method"] == method
        for outside in (False, True):
            some = rows[own & (beyond == outside)]
            if len(some):
                axes.scatter(
                    some[X].clip(upper=ends[X]),
                    some[Y].clip(upper=ends[Y]),
                    s=AREA.get(marker, AREA_OF_OTHERS),
                    marker=marker,
                    facecolors="none" if outside else colour,
                    edgecolors=colour if outside else "white",
                    linewidths=0.8 if outside else 0.4,
                    zorder=4 if method == "vae" else 3,
                    clip_on=False,
                )
    axes.set(xlabel=LABELS[X], ylabel=LABELS[Y])
    axes.set(xlim=(-BEFORE * ends[X], ends[X]), ylim=(-BEFORE * ends[Y], ends[Y]))
    return rows.assign(beyond=beyond)


def _equal_objective(axes: Axes, ends: dict[str, float], models: pd.DataFrame) -> None:
    """Lines on which L is the same, each with its value where no model is near."""
    shares = np.minimum(models[[X, Y]].to_numpy(float) / [ends[X], ends[Y]], 1)
    for level in MaxNLocator(6).tick_values(0, ends[X] + ends[Y]):
        if not 0 < level < ends[X] + ends[Y]:
            continue
        x = np.array([max(0.0, level - ends[Y]), min(level, ends[X])])
        axes.plot(x, level - x, color=FAINT, linewidth=0.4, zorder=1)
        if x[1] - x[0] < SHORT * ends[X]:
            continue
        places = x[1] - np.linspace(LEAST_INWARD * ends[X], 0.8 * (x[1] - x[0]), 30)
        spots = np.stack([places / ends[X], (level - places) / ends[Y]], 1)
        free = np.hypot(*(spots[:, None] - shares).T).min(0)
        place = places[np.argmax(free > NEAR) if (free > NEAR).any() else np.argmax(free)]
        axes.annotate(
            f"L = {level:g}",
            (place, level - place),
            ha="center",
            va="center",
            fontsize=SMALL - 0.5,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            zorder=2,
        )


FIGURE = draw
