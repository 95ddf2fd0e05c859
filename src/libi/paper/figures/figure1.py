"""Figure 1: what the VAE objective prefers on LinearJTEx, and what that does to data and codes (Section 1)."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from libi.rendering.style import (
    FAINT,
    INK,
    LEARNED,
    LEARNED_Q,
    PAGE,
    SEQUENTIAL,
    SMALL,
    TRUE,
    Drawing,
    gaussian_contour,
    note,
    styled,
)

log = logging.getLogger(__name__)

DATASET = "linear_jtex"
READS = ("information", "optima", "samples", "own_gaps")
CAPTION = """
What the VAE objective prefers on LinearJTEx (Eq. 3; the paper's Figure 1).

**A**: the least posterior-matching objective over ϕ, for every B, in closed form. **B**: the mutual information of
data and codes, for the same B. The star is the B on this grid that the objective prefers. The title gives the value
there. **C**, **D**: data from the ground truth and from the trained VAE. Ellipses: one and two standard deviations;
dashed in D: the truth's. The titles give L in nats over all of p(x), and in brackets the smallest possible L (in C over
ϕ, in D over θ and ϕ). **E**, **F**: the aggregated posteriors of the truth and of the VAE, one code for each training
point. Ellipses as before; dashed: the prior's.

A and B are from ``closed_form/information.csv``, the least L from ``closed_form/optima.csv``, the rest from
``posterior/linear_jtex/*_samples.csv`` and ``*_gaps.csv``; ``figure1.csv`` has the numbers as plotted.
"""
SURFACES = {
    "A": ("posterior_matching", r"A: $\mathrm{min}_\phi$ KL$[q_\phi(z|x) \| p_\theta(z|x)]$", LogNorm),
    "B": ("mutual_information", "B: $I(X; Z)$", Normalize),
}
LEVELS = {"A": [0.1, 0.2, 0.4, 1], "B": [5, 5.5, 6]}  # nats
OPTIMA = {"truth": "truth", "vae": "beta=1"}  # by method, the row of the population's optima that it estimates
CODES = "EF"  # panels of codes; C and D are of data
TITLES = {
    "C": r"C: $p_{\theta_\mathrm{GT}}(x)$, true",
    "D": r"D: $p_{\theta^*}(x)$, learned",
    "E": "E: true aggregated posterior",
    "F": "F: learned aggregated posteriors",
}
TICKS = [0, 0.004, 0.008]
COLUMNS = ["panel", "method", "shows", "x", "y", "value"]


class Cloud(NamedTuple):
    """Draws of one kind in a panel.

    Attributes:
        method: whose draws.
        kind: of which kind.
        colour: theirs.
        name: in the legend; none if empty.
        line: style of their contours.
    """

    method: str
    kind: str
    colour: str
    name: str = ""
    line: str = "-"


CLOUDS = {
    "C": (Cloud("truth", "model", TRUE),),
    "D": (Cloud("vae", "model", LEARNED),),
    "E": (Cloud("truth", "p_aggregated", TRUE, r"$\mathrm{E}[p_{\theta_\mathrm{GT}}(z|x)]$"),),
    "F": (
        Cloud("vae", "p_aggregated", LEARNED, r"$\mathrm{E}[p_{\theta^*}(z|x)]$"),
        Cloud("vae", "q_aggregated", LEARNED_Q, r"$\mathrm{E}[q_{\phi^*}(z|x)]$", ":"),
    ),
}


@styled
def draw(information: pd.DataFrame, optima: pd.DataFrame, samples: pd.DataFrame, own_gaps: pd.DataFrame) -> Drawing:
    """Draw Figure 1: A over B, C over D, E over F.

    Args:
        information: a row a B: b_11, b_22, posterior_matching, mutual_information (nats).
        optima: L over all of p(x): name (truth, beta=1), objective (nats).
        samples: draws of LinearJTEx's chosen models: dataset, method, kind (model, q_aggregated, p_aggregated),
            value_1, value_2.
        own_gaps: of the same models: method, mle_objective, posterior_matching (nats; L is their sum).

    Returns:
        the figure, and one row a number in it: panel, method, shows, x, y, value. On the surfaces x and y are B₂₂ and
        B₁₁, value the height, and the row that shows "preferred" is the starred point; draws have no value; rows that
        show "L" or "optimum" have the value in a title.

    Raises:
        ValueError: if the samples are of another data set.
    """
    for other in set(samples["dataset"]) - {DATASET}:
        raise ValueError(f"samples of {other}; this figure shows those of {DATASET}")
    numbers = pd.concat(
        [surfaces_table(information), clouds_table(samples), objectives_table(own_gaps, optima)], ignore_index=True
    )
    figure = Figure((PAGE, 4.3), layout="constrained")
    panels = dict(zip("ACEBDF", figure.subplots(2, 3).flat, strict=True))
    for name, axes in panels.items():
        shown = numbers[numbers["panel"] == name]
        draw_surface(axes, name, shown) if name in SURFACES else draw_clouds(axes, name, shown)
    for name in "CD":
        reach = 1.04 * farthest(numbers, "CD")
        panels[name].set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="$x_1$", ylabel="$x_2$")
    truth = numbers[(numbers["panel"] == "C") & (numbers["shows"] == "model")]
    draw_contours(panels["D"], truth, color=TRUE, linestyle="--")
    for name in CODES:
        reach = max(4.0, 1.04 * farthest(numbers, CODES))
        panels[name].set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="$z_1$", ylabel="$z_2$")
        for deviations in (1, 2):
            circle = gaussian_contour(np.zeros(2), np.eye(2), deviations)
            panels[name].plot(*circle.T, color=FAINT, linestyle="--", label="prior" if deviations == 1 else "")
        panels[name].legend(loc="lower right", markerscale=2.5)
    return Drawing(figure, numbers)


def surfaces_table(information: pd.DataFrame) -> pd.DataFrame:
    """The heights of panels A and B, and in both the point that the posterior-matching objective prefers."""
    preferred = information.loc[[information["posterior_matching"].idxmin()]]
    tables = []
    for panel, (column, _, _) in SURFACES.items():
        for shows, rows in ((column, information), ("preferred", preferred)):
            table = pd.DataFrame({"x": rows["b_22"], "y": rows["b_11"], "value": rows[column]})
            tables.append(table.assign(panel=panel, method="", shows=shows))
    return pd.concat(tables)[COLUMNS]


def clouds_table(samples: pd.DataFrame) -> pd.DataFrame:
    """The draws of panels C to F; none of a method without a model."""
    tables = []
    for panel, clouds in CLOUDS.items():
        for cloud in clouds:
            rows = samples[(samples["method"] == cloud.method) & (samples["kind"] == cloud.kind)]
            table = pd.DataFrame({"x": rows["value_1"].astype(float), "y": rows["value_2"].astype(float)})
            tables.append(table.assign(panel=panel, method=cloud.method, shows=cloud.kind, value=np.nan))
    return pd.concat(tables)[COLUMNS]


def objectives_table(gaps: pd.DataFrame, optima: pd.DataFrame) -> pd.DataFrame:
    """L(θ, ϕ) of Eq. 2 over all of p(x), of the truth (panel C) and the VAE (D): of the model, and the least possible.

    A method without a model has no value of its own.
    """
    parts = gaps.set_index("method")[["mle_objective", "posterior_matching"]].astype(float)
    trained = parts.sum(axis=1, skipna=False).reindex(OPTIMA)
    least = optima.set_index("name")["objective"].loc[OPTIMA.values()]
    panels = {"panel": ["C", "D"], "method": [*OPTIMA]}
    tables = [
        pd.DataFrame({**panels, "shows": shows, "value": values.to_numpy()})
        for shows, values in (("L", trained), ("optimum", least))
    ]
    return pd.concat(tables).reindex(columns=COLUMNS)


def farthest(numbers: pd.DataFrame, panels: str) -> float:
    """The largest finite coordinate of the draws in some panels; 1 without any."""
    places = numbers.loc[numbers["panel"].isin(list(panels)), ["x", "y"]].to_numpy(float)
    finite = np.abs(places[np.isfinite(places)])
    return float(finite.max()) if finite.size else 1.0


def draw_surface(axes: Axes, name: str, shown: pd.DataFrame) -> None:
    """Draw a height over B, B₁₁ upwards and B₂₂ rightwards, with lines of level and a star at the preferred point."""
    column, title, scale = SURFACES[name]
    height = shown[shown["shows"] == column].pivot(index="y", columns="x", values="value")
    (left, right), (bottom, top) = ((axis[0], axis[-1]) for axis in (height.columns, height.index))
    norm = scale(height.min(axis=None), height.max(axis=None))
    extent = (left, right, bottom, top)
    image = axes.imshow(height, origin="lower", extent=extent, cmap=SEQUENTIAL, norm=norm, interpolation="none")
    axes.figure.colorbar(image, ax=axes, label="nats", shrink=0.8, pad=0.02)
    star = shown[shown["shows"] == "preferred"].iloc[0]
    lines = axes.contour(height.columns, height.index, height, LEVELS[name], colors="white", linewidths=0.5)
    axes.clabel(lines, fmt="%g", fontsize=SMALL)
    axes.plot(star["x"], star["y"], "*", ms=9, mfc="white", mec=INK, mew=0.6, clip_on=False, zorder=5)
    axes.set_title(f"{title}; star: {star['value']:.3g}", pad=7)  # above the star
    axes.set(xlabel="$B_{22}$", ylabel="$B_{11}$", xticks=TICKS, yticks=TICKS)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")


def draw_clouds(axes: Axes, name: str, shown: pd.DataFrame) -> None:
    """Draw what a panel has of draws, each cloud with its contours."""
    axes.set(title=TITLES[name] + described(shown), aspect="equal")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    for cloud in CLOUDS[name]:
        rows = shown[shown["shows"] == cloud.kind]
        rows = rows[np.isfinite(rows[["x", "y"]]).all(axis=1)]
        if rows.empty:
            log.warning("panel %s: no model of %s", name, cloud.method)
            note(axes, "no model")
            return
        axes.scatter(rows["x"], rows["y"], s=2.5, color=cloud.colour, linewidths=0, alpha=0.5, label=cloud.name)
        draw_contours(axes, rows, color=cloud.colour, linestyle=cloud.line)


def described(shown: pd.DataFrame) -> str:
    """The end of a title: L of the panel's model, if it has one, and the least L."""
    values = shown[np.isfinite(shown["value"])].set_index("shows")["value"]
    if "L" not in values:
        return ""
    return f": $L = {values['L']:.3f}$ (least: {values['optimum']:.3f})"


def draw_contours(axes: Axes, rows: pd.DataFrame, **line: Any) -> None:
    """Draw the contours of a sample's Gaussian at one and two standard deviations; none of a sample that has none."""
    places = rows[["x", "y"]].to_numpy(float)
    places = places[np.isfinite(places).all(axis=1)]
    if len(places) < 3:
        return
    for deviations in (1, 2):
        axes.plot(*gaussian_contour(places.mean(0), np.cov(places.T), deviations).T, zorder=3, **line)


FIGURE = draw
