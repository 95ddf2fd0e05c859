"""Figure 7 shows each cell's numbers where they are, and cuts what is far out."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from libi.paper.figures import figure7
from libi.paper.sensitivity import CLAIM_COLUMNS, gather_cells, sensitivity_table
from libi.paper.tables.table1 import summarise
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS
from libi.rendering.style import save_drawing
from libi.runtime.storage import load_table

from ..judging.papers_study import PUBLISHED, metrics

VAE, LAGGING = ("gaussian", "vae", "test_ll"), ("cubic_jtex", "lagging", "test_ll")


def study(change=None):
    return summarise(metrics(change), PUBLISHED)


def cells():
    """The paper's own numbers as the base; two variants move the VAE on Gaussian, one lacks all else."""
    less = study({VAE: 6.5})
    tables = {"base": study(), "more": study({VAE: 7.25, LAGGING: -140.0})}
    return gather_cells(tables | {"less": less[(less["dataset"] == "gaussian") & (less["method"] == "vae")]}, PUBLISHED)


def drawn(cells):
    """The figure of a table without claims."""
    return figure7.FIGURE(sensitivity_table(cells, pd.DataFrame(columns=CLAIM_COLUMNS)))


@pytest.fixture(scope="module")
def drawing():
    return drawn(cells())


def panels(drawing):
    return {axes.get_title(): axes for axes in drawing.figure.axes}


def lines(axes, colour):
    """Horizontal lines of a colour: height and ends."""
    data = (line.get_data() for line in axes.lines if line.get_color() == colour and line.get_linestyle() == "-")
    return [(y[0], tuple(x)) for x, y in data if np.size(x) == 2 and y[0] == y[1]]


def test_forty_cells_with_the_papers_interval(drawing):
    """Student's interval of 5 values reaches 2.776 sd / √5 to either side."""
    numbers = drawing.numbers.merge(PUBLISHED, on=["dataset", "method", "metric"])
    assert len(numbers) == 40
    np.testing.assert_allclose(numbers["paper_mean"], numbers["mean"])
    half = 2.7764451 / np.sqrt(5) * numbers["sd"]
    np.testing.assert_allclose(numbers["paper_high"] - numbers["mean"], half, rtol=1e-6)
    np.testing.assert_allclose(numbers["mean"] - numbers["paper_low"], half, rtol=1e-6)


def test_the_range_that_choices_span_and_what_moves_a_cell_most(drawing):
    numbers = drawing.numbers.set_index(["dataset", "method", "metric"])
    row = numbers.loc[VAE]
    assert (row["base"], row["lowest"], row["highest"]) == pytest.approx((6.73, 6.5, 7.25))
    assert (row["variants"], row["moved_most_by"]) == (3, "more") and row["moved_to"] == pytest.approx(7.25)
    untouched = numbers.drop(index=[VAE, LAGGING])
    assert (untouched["moved_most_by"] == "").all() and untouched["moved_to"].isna().all()
    assert (untouched["variants"].drop(index=("gaussian", "vae", "s_knn")) == 2).all()
    assert numbers.loc[("gaussian", "vae", "s_knn"), "variants"] == 3


def test_panels_show_their_cells(drawing):
    titles = [f"{name}, {metric}" for metric in ("Test-LL", "S-kNN") for name in PAPERS_DATASETS.values()]
    assert list(panels(drawing)) == titles
    axes = panels(drawing)["Gaussian, Test-LL"]
    own = drawing.numbers.query("dataset == 'gaussian' and metric == 'test_ll'")
    assert [ends for _, ends in lines(axes, figure7.TRUE)] == list(
        own[["paper_low", "paper_high"]].itertuples(index=False, name=None)
    )
    assert [ends for _, ends in lines(axes, figure7.LEARNED)] == list(
        own[["lowest", "highest"]].itertuples(index=False, name=None)
    )
    heights = [round(height) for height, _ in lines(axes, figure7.LEARNED)]
    assert heights == [list(PAPERS_METHODS).index(method) for method in own["method"]]
    assert [text.get_text() for text in axes.texts] == ["more"]
    ticks = [label.get_text() for label in panels(drawing)["LinearJTEx, Test-LL"].get_yticklabels()]
    assert ticks == list(PAPERS_METHODS.values())


def test_what_is_far_out_is_cut(drawing):
    """The published means span −30.64 to −5.47; Lagging's interval is −79 to 18, and a variant has −140."""
    axes = panels(drawing)["CubicJTEx, Test-LL"]
    low, high = axes.get_xlim()
    span = 30.64 - 5.47
    assert -30.64 - span < low < -30.64 and -5.47 < high < -5.47 + span
    arrows = [(line.get_marker(), line.get_xdata()[0]) for line in axes.lines if line.get_marker() in ("<", ">")]
    assert arrows == [("<", low), (">", high), ("<", low)]  # the paper's interval to both sides, our range to the left
    assert drawing.numbers.set_index(["dataset", "method", "metric"]).loc[LAGGING, "beyond"]


def test_no_more_axis_than_numbers(drawing):
    """On LinearJTEx the paper's own intervals are all there is: −3.15 ± 0.0497 to −2.99 ± 0.0372."""
    axes = panels(drawing)["LinearJTEx, Test-LL"]
    left, right = -3.15 - 0.04967, -2.99 + 0.03725
    room = 0.06 * (right - left)
    assert axes.get_xlim() == pytest.approx((left - room, right + room), abs=1e-4)


def test_type_is_large_enough_and_names_are_not_cut():
    longest = "annealing-three-quarters"
    names = ["base", longest]
    moved = {tuple(cell): -3.0 for cell in PUBLISHED[["dataset", "method", "metric"]].to_numpy()}
    figure = drawn(gather_cells(dict(zip(names, (study(), study(moved)), strict=True)), PUBLISHED)).figure
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= 6.0
    assert figure.get_size_inches()[0] == 6.75
    for axes in figure.axes:
        for text in axes.texts:
            assert text.get_text() == longest
            assert text.get_window_extent().x1 < axes.get_window_extent().x1


def test_data_sets_and_values_that_are_not_there(tmp_path):
    given = cells().query("dataset == 'gaussian'").copy()
    given.loc[given["method"] == "lagging", ["mean", "sd"]] = np.nan
    drawing = drawn(given)
    for title, axes in panels(drawing).items():
        there = title.startswith("Gaussian")
        assert ("not in this study" in [text.get_text() for text in axes.texts]) == (not there)
    lagging = drawing.numbers[drawing.numbers["method"] == "lagging"]
    assert (lagging["variants"] == 0).all() and lagging[["base", "lowest", "highest"]].isna().all(axis=None)
    files = {kind: tmp_path / f"figure7.{kind}" for kind in ("pdf", "png", "csv")}
    save_drawing(drawing, **files)
    expected = drawing.numbers.replace("", np.nan)
    pd.testing.assert_frame_equal(load_table(files["csv"]), expected, check_dtype=False)
