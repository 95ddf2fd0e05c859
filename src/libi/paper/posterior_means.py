"""What Figures 2 to 5 share: panels of one code a training point, each point in the same colour everywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from libi.rendering.style import (
    COLUMN,
    INK,
    PAGE,
    SMALL,
    Drawing,
    gaussian_contour,
    note,
    position_colours,
    styled,
)
from libi.statistics import TRUSTED

log = logging.getLogger(__name__)

SURROUNDING = 0.3  # of the height of square panels: titles and labels, which do not grow with the panels
LONGEST = 1.6  # height of a panel over its width, and the other way round
LEAST_REACH = 3.9  # of the axes: beyond nearly all of the prior
MARKER = {2: 4.0, 3: 6.0}  # area in square points, by number of columns
SIZE = {2: (COLUMN, 3.5), 3: (PAGE, 4.7)}  # inches, by number of columns
KEY = (0.02, 0.8, 0.18, 0.18)  # where the key to the colours is, in a panel's coordinates
KEY_REACH, KEY_STEPS = 2.5, 25  # standard deviations of the prior that it covers, and colours a side
MONTE_CARLO = "posterior_mean"
GIVEN = [
    *("configuration", "restart", "point", "effective_sample_size"),
    *(f"{name}_{axis}" for name in ("z", "q_mean", "code", MONTE_CARLO, "exact_mean") for axis in (1, 2)),
]
COLUMNS = [
    *("title", "method", "configuration", "restart", "shows", "point", "z_1", "z_2", "colour"),
    *("effective_sample_size", "hollow", "exact_1", "exact_2"),
]


class Panel(NamedTuple):
    """One panel of a figure.

    Attributes:
        method: whose rows of the points' table it shows.
        shows: the columns it shows, without their _1 and _2.
        title: what that is, in the paper's notation.
    """

    method: str
    shows: str
    title: str


TRUE_Q = Panel("truth", "q_mean", r"mean of $q_{\phi_\mathrm{GT}}(z|x)$")
TRUE_POSTERIOR = Panel("truth", MONTE_CARLO, r"mean of $p_{\theta_\mathrm{GT}}(z|x)$")
ORIGINAL_CODES = Panel("truth", "z", r"$z$ that generated $x$")


def learned(method: str, name: str) -> tuple[Panel, Panel]:
    """The means of a method's variational posterior, and of the posterior under its own θ."""
    return (
        Panel(method, "q_mean", rf"{name}: mean of $q_{{\phi}}(z|x)$"),
        Panel(method, MONTE_CARLO, rf"{name}: mean of $p_{{\theta}}(z|x)$"),
    )


# Above, variational posteriors (ϕ_GT minimises the posterior-matching objective at θ_GT); below, Monte-Carlo estimates
# of the posteriors themselves. Columns differ where a method has compromised θ. With LiBI, the codes that generated
# the points and the encoder's stand on the right.
VAE_PANELS = tuple(zip((TRUE_Q, TRUE_POSTERIOR), learned("vae", "VAE"), strict=True))
LIBI_PANELS = tuple(
    zip(
        (TRUE_Q, TRUE_POSTERIOR),
        learned("libi", "LiBI"),
        (ORIGINAL_CODES, Panel("libi", "code", r"LiBI: $z$ learned, $h(x; \varphi)$")),
        strict=True,
    )
)


@styled
def draw_posterior_means(points: pd.DataFrame, *, panels: tuple[tuple[Panel, ...], ...], dataset: str) -> Drawing:
    """Draw a grid of panels, and the prior's circles at one and two standard deviations.

    All panels have the same shape, and those of a column the same axes, so that a column of far codes does not make the
    others small. A point has the colour of the code that generated it in every panel. A Monte-Carlo mean whose
    effective sample size is below 100 is drawn hollow. A panel whose method has no model says so.

    Args:
        points: one row a method and training point: dataset, method, configuration, restart, point, z_1, z_2, q_mean_*,
            code_*, posterior_mean_*, effective_sample_size, exact_mean_* (missing without a closed form).
        panels: rows of panels, from the top.
        dataset: which data set the points must be of.

    Returns:
        the figure, and the tables of its panels (`panel_table`) in one, led by row and column from the top left.

    Raises:
        ValueError: if the points are of another data set.
    """
    for other in set(points["dataset"]) - {dataset}:
        raise ValueError(f"points of {other}; this figure shows those of {dataset}")
    points = points.reindex(columns=list(dict.fromkeys([*points.columns, *GIVEN])))  # of no model there are none
    rows, columns = len(panels), len(panels[0])
    figure = Figure(SIZE[columns], layout="compressed")
    grid: Any = figure.subplots(rows, columns, sharex="col", sharey="col", squeeze=False)
    tables = []
    for row, column in np.ndindex(rows, columns):
        shown = panel_table(points, panels[row][column])
        draw_panel(grid[row, column], panels[row][column], shown, MARKER[columns])
        tables.append(shown.assign(row=row + 1, column=column + 1))
    numbers = pd.concat(tables, ignore_index=True)[["row", "column", *COLUMNS]]
    limits = reaches([numbers[numbers["column"] == 1 + column] for column in range(columns)])
    for column, (across, up) in enumerate(limits):
        grid[0, column].set(xlim=(-across, across), ylim=(-up, up))
        for axes in grid[:, column]:
            axes.tick_params(labelleft=column == 0 or limits[column] != limits[0])
    figure.set_size_inches(
        SIZE[columns][0], SIZE[columns][1] * (SURROUNDING + (1 - SURROUNDING) * max(1.0, limits[0][1] / limits[0][0]))
    )
    for axes in grid[-1]:
        axes.set_xlabel("$z_1$")
    for axes in grid[:, 0]:
        axes.set_ylabel("$z_2$")
    draw_key(grid[0, 0])
    return Drawing(figure, numbers)


def panel_table(points: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """What a panel draws.

    Returns:
        one row a point, none without a model: title, method, configuration, restart, shows, point, z_1, z_2 (its place
        in the panel), colour, hollow; and for Monte-Carlo means (else missing) effective_sample_size, and the exact
        posterior mean, exact_1 and exact_2, where there is one.
    """
    rows = points[points["method"] == panel.method]
    colours = [to_hex(colour) for colour in position_colours(rows[["z_1", "z_2"]].to_numpy(float))]
    table = rows[["method", "configuration", "restart", "point"]].assign(
        title=panel.title,
        shows=panel.shows,
        z_1=rows[f"{panel.shows}_1"].astype(float),
        z_2=rows[f"{panel.shows}_2"].astype(float),
        colour=colours,
        hollow=False,
    )
    if panel.shows == MONTE_CARLO:
        table = table.assign(
            effective_sample_size=rows["effective_sample_size"],
            hollow=rows["effective_sample_size"] < TRUSTED,
            exact_1=rows["exact_mean_1"].astype(float),
            exact_2=rows["exact_mean_2"].astype(float),
        )
    return table.reindex(columns=COLUMNS)


def reaches(columns: list[pd.DataFrame]) -> list[tuple[float, float]]:
    """How far the axes of each column go, along z₁ and z₂, so that all its points are shown.

    All have the shape that the longest one needs, but none is longer than LONGEST times its width.
    """
    furthest = [1.04 * finite_codes(numbers)[["z_1", "z_2"]].abs().max().fillna(0.0) for numbers in columns]
    wanted = [tuple(max(LEAST_REACH, float(reach)) for reach in both) for both in furthest]
    shapes = [up / across for across, up in wanted]
    shape = max(shapes) if max(shapes) > 1 else min(shapes)
    shape = min(max(shape, 1 / LONGEST), LONGEST)
    return [(max(across, up / shape), max(up, across * shape)) for across, up in wanted]


def finite_codes(shown: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a place in the plane."""
    return shown[np.isfinite(shown[["z_1", "z_2"]]).all(axis=1)]


def draw_panel(axes: Axes, panel: Panel, shown: pd.DataFrame, marker: float) -> None:
    """Draw the points of `panel_table`, the prior's circles, and what a reader must know of the points."""
    axes.set(title=panel.title, aspect="equal")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    for deviations in (1, 2):
        axes.plot(*gaussian_contour(np.zeros(2), np.eye(2), deviations).T, color=INK, linewidth=0.6, linestyle="--")
    finite = finite_codes(shown)
    if finite.empty:
        problem = "no finite value" if len(shown) else "no model"
        log.warning("%s of %s: %s", panel.shows, panel.method, problem)
        note(axes, problem)
        return
    axes.scatter(
        finite["z_1"],
        finite["z_2"],
        s=marker,
        facecolors=[to_rgba(*face) for face in zip(finite["colour"], 1.0 - finite["hollow"], strict=True)],
        edgecolors=finite["colour"],
        linewidths=np.where(finite["hollow"], 0.5, 0.0).tolist(),
    )
    axes.text(0.03, 0.03, "\n".join(remarks(shown)), transform=axes.transAxes, fontsize=SMALL, linespacing=1.0)


def remarks(shown: pd.DataFrame) -> Iterator[str]:
    """What a reader must know of a panel's points, one short line each."""
    finite = finite_codes(shown)
    if len(finite) < len(shown):
        yield f"{len(shown) - len(finite)} not finite"
    if finite["hollow"].any():
        yield f"hollow: ESS < {TRUSTED} ({finite['hollow'].sum()} of {len(finite)})"
    exact = finite[["exact_1", "exact_2"]].to_numpy(float)
    distance = np.hypot(*(finite[["z_1", "z_2"]].to_numpy() - exact).T)
    if np.isfinite(distance).any():
        yield rf"within {np.nanmax(distance):.2g} of the exact means"


def draw_key(axes: Axes) -> None:
    """Show in a panel's corner which code has which colour."""
    steps = np.linspace(-KEY_REACH, KEY_REACH, KEY_STEPS)
    plane = np.stack(np.meshgrid(steps, steps), axis=-1)
    colours = position_colours(plane.reshape(-1, 2)).reshape(*plane.shape[:2], 3)
    key = axes.inset_axes(KEY)
    key.imshow(colours, origin="lower", extent=(-KEY_REACH, KEY_REACH) * 2, interpolation="none")
    key.set(xticks=[], yticks=[])
    key.set_xlabel("$z$", fontsize=SMALL)
