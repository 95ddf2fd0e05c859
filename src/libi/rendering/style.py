"""One style for all figures: sizes, type, colours that colour-blind readers tell apart, and files that never differ."""

from __future__ import annotations

import io
from typing import NamedTuple

import matplotlib.style
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.special import ndtr

from libi.runtime.seals import PathLike
from libi.runtime.storage import READABLE, save_table, sealed

COLUMN, PAGE = 3.25, 6.75  # inches: a column of a two-column page, and both
SMALL, NORMAL = 6.5, 7.5  # points

# Okabe and Ito's colours, by what they stand for.
TRUE, LEARNED, LEARNED_Q = "#0072B2", "#D55E00", "#000000"
FAINT, INK = "#8C8C8C", "#222222"
SEQUENTIAL = "cividis"
# Corners of the plane of positions: left and right differ in blue against orange, bottom and top in lightness, which
# every reader with a colour vision deficiency but the rarest tells apart.
CORNERS = np.array([[[9, 36, 104], [146, 52, 0]], [[86, 190, 247], [255, 196, 30]]]) / 255  # [bottom/top, left/right]

STYLE = {
    "font.family": "STIXGeneral",  # comes with matplotlib, as its mathematics does
    "mathtext.fontset": "stix",
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "axes.titlepad": 3.0,
    "axes.labelpad": 1.5,
    "axes.linewidth": 0.5,
    "axes.edgecolor": INK,
    "text.color": INK,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 0.8,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
    "legend.borderaxespad": 0.3,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.hashsalt": "libi",
}
# What would tell when, and with which version, a file was made.
METADATA = {"pdf": {"CreationDate": None, "Creator": None, "Producer": None}, "png": {"Software": None}}


class Drawing(NamedTuple):
    """A figure, and the numbers that it shows."""

    figure: Figure
    numbers: pd.DataFrame


# Draws in the style of this file, whatever the reader's own matplotlibrc says. To be used as a decorator.
styled = matplotlib.style.context(STYLE, after_reset=True)


@styled
def save_drawing(drawing: Drawing, *, pdf: PathLike, png: PathLike, csv: PathLike) -> None:
    """Write a figure as PDF and PNG, and its numbers as CSV: the same bytes whenever the same drawing is made."""
    for kind, path in (("pdf", pdf), ("png", png)):
        drawn = io.BytesIO()  # on a full drive, matplotlib's own writing ends in an error of zlib
        drawing.figure.savefig(drawn, format=kind, metadata=METADATA[kind])
        with sealed(path) as temporary:
            temporary.write_bytes(drawn.getvalue())
    save_table(csv, drawing.numbers, READABLE)


def position_colours(positions: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 3"]:
    """A colour for each position in the plane, RGB [points, 3] in [0, 1], mixed from those of the four corners.

    Args:
        positions: codes z [points, 2]; by the prior's distribution function each coordinate fills its axis evenly.
    """
    right, up = ndtr(positions).T[..., None]
    bottom, top = CORNERS
    return (1 - up) * ((1 - right) * bottom[0] + right * bottom[1]) + up * ((1 - right) * top[0] + right * top[1])


def gaussian_contour(
    mean: Float[np.ndarray, 2], covariance: Float[np.ndarray, "2 2"], deviations: float, vertices: int = 120
) -> Float[np.ndarray, "closed 2"]:
    """The closed line [vertices + 1, 2] at a number of standard deviations of a Gaussian in the plane.

    Args:
        mean: [2].
        covariance: [2, 2].
        deviations: Mahalanobis distance of the line from the mean.
        vertices: how many points of the line.
    """
    angle = np.linspace(0, 2 * np.pi, vertices + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    values, vectors = np.linalg.eigh(covariance)
    return mean + deviations * (vectors * np.sqrt(values) @ circle).T


def note(axes: Axes, text: str) -> Text:
    """Say in the middle of a panel why it is empty."""
    return axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=INK)
