"""The figures show the numbers in their CSV, where the paper says, and are the same files whenever they are drawn."""

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.text import Text

from libi.datasets import DATASETS
from libi.paper.examples.optima import optima_table
from libi.paper.examples.pedagogical import information_table
from libi.paper.figures import FIGURES, figure1, figure6
from libi.posterior.closed_form import loading_of, mean_field, objective, posterior
from libi.rendering.style import position_colours, save_drawing
from libi.runtime.storage import load_table

POSTERIOR_FIGURES = {2: "linear_jtex", 3: "linear_jtex", 4: "cubic_jtex", 5: "cubic_jtex"}
LEAST_TYPE = 6.0  # points
CODES = np.random.default_rng(0).normal(size=(60, 2))
INFORMATION, OPTIMA = information_table(), optima_table()
# Of Machado, Oliveira and Fernandes (2009), for linear RGB: how a reader sees who lacks one kind of cone.
MISSING_CONES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
SIZES = np.where(np.arange(60) < 7, 99.9, 100.0)  # seven points of which too few codes carry the estimate


def rotated(codes, angle):
    return codes @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def points(dataset, methods=("truth", "vae", "libi")):
    """A point table whose methods differ by known rotations of the codes that generated the points."""
    tables = []
    for number, method in enumerate(methods):
        pairs = {
            "x": CODES,
            "z": CODES,
            "q_mean": rotated(CODES, number),
            "posterior_mean": rotated(CODES, number + 0.5),
            "exact_mean": rotated(CODES, number + 0.5) if dataset == "linear_jtex" else CODES * np.nan,
            "code": CODES / 2 if method == "libi" else CODES * np.nan,
        }
        table = pd.DataFrame({f"{name}_{axis + 1}": pair[:, axis] for name, pair in pairs.items() for axis in (0, 1)})
        named = {"dataset": dataset, "method": method, "configuration": "default", "restart": 0}
        tables.append(table.assign(**named, point=range(60), effective_sample_size=SIZES))
    return pd.concat(tables, ignore_index=True)


def samples(methods=("truth", "vae")):
    tables = []
    for method in methods:
        for kind in ("model", "q_aggregated", "p_aggregated"):
            table = pd.DataFrame({"value_1": CODES[:, 0], "value_2": 2 * CODES[:, 1]})
            tables.append(table.assign(dataset="linear_jtex", method=method, kind=kind, draw=range(60)))
    return pd.concat(tables, ignore_index=True)


def gaps(methods=("truth", "vae")):
    dataset = DATASETS["linear_jtex"]
    loading = loading_of(dataset, dataset.generative.pack(dataset.ground_truth()[0]))
    noise = torch.tensor(dataset.noise_variance, dtype=torch.float64)
    parts = objective(loading, noise, mean_field(posterior(loading, noise)), loading @ loading.T + torch.diag(noise))
    values = dict(zip(("mle_objective", "posterior_matching"), map(float, parts), strict=True))
    return pd.DataFrame([{"method": method, **values} for method in methods])


def drawings():
    yield "figure1", figure1.draw(INFORMATION, OPTIMA, samples(), gaps())
    for number, dataset in POSTERIOR_FIGURES.items():
        yield f"figure{number}", FIGURES[f"figure{number}"](points(dataset))


@pytest.fixture(scope="module")
def drawn():
    return dict(drawings())


def panels(drawing, columns):
    """Panels by (row, column) from the top left."""
    axes = drawing.figure.axes
    return {(1 + place // columns, 1 + place % columns): panel for place, panel in enumerate(axes)}


def test_files_are_the_same_bytes_whenever_they_are_drawn(tmp_path, drawn):
    for name, drawing in drawings():
        paths = []
        for number, same in enumerate((drawn[name], drawing)):
            files = {kind: tmp_path / f"{name}_{number}.{kind}" for kind in ("pdf", "png", "csv")}
            save_drawing(same, **files)
            paths.append(files)
        for kind in ("pdf", "png", "csv"):
            assert paths[0][kind].read_bytes() == paths[1][kind].read_bytes(), (name, kind)
        assert b"matplotlib" not in paths[0]["png"].read_bytes().lower()
        assert b"CreationDate" not in paths[0]["pdf"].read_bytes()
        expected = drawing.numbers.replace("", np.nan)
        pd.testing.assert_frame_equal(load_table(paths[0]["csv"]), expected, check_dtype=False)


@pytest.mark.parametrize("number", POSTERIOR_FIGURES)
def test_panels_show_the_numbers_of_the_table(drawn, number):
    drawing, columns = drawn[f"figure{number}"], 2 if number in (2, 4) else 3
    for (row, column), axes in panels(drawing, columns).items():
        table = drawing.numbers[(drawing.numbers["row"] == row) & (drawing.numbers["column"] == column)]
        (scatter,) = axes.collections
        np.testing.assert_array_equal(scatter.get_offsets(), table[["z_1", "z_2"]])
        assert axes.get_aspect() == 1
        assert axes.get_xlim() == panels(drawing, columns)[1, 1].get_xlim()
        assert axes.get_ylim() == panels(drawing, columns)[1, 1].get_ylim()


# Captions of Figures 2 to 5: which method's which values, from the top left.
CAPTIONS = {
    2: [["truth q_mean", "vae q_mean"], ["truth posterior_mean", "vae posterior_mean"]],
    3: [
        ["truth q_mean", "libi q_mean", "truth z"],
        ["truth posterior_mean", "libi posterior_mean", "libi code"],
    ],
}


@pytest.mark.parametrize("number", POSTERIOR_FIGURES)
def test_panels_are_those_of_the_captions(drawn, number):
    given = points(POSTERIOR_FIGURES[number])
    for row, names in enumerate(CAPTIONS[2 if number in (2, 4) else 3], start=1):
        for column, name in enumerate(names, start=1):
            method, values = name.split()
            numbers = drawn[f"figure{number}"].numbers
            here = numbers[(numbers["row"] == row) & (numbers["column"] == column)]
            expected = given.loc[given["method"] == method, [f"{values}_1", f"{values}_2"]]
            np.testing.assert_array_equal(here[["z_1", "z_2"]], expected)


@pytest.mark.parametrize("number", POSTERIOR_FIGURES)
def test_points_are_hollow_where_few_codes_carry_the_estimate(drawn, number):
    drawing, columns = drawn[f"figure{number}"], 2 if number in (2, 4) else 3
    for (row, column), axes in panels(drawing, columns).items():
        alpha = axes.collections[0].get_facecolors()[:, 3]
        estimated = row == 2 and column < 3
        np.testing.assert_array_equal(alpha == 0, (np.arange(60) < 7) & estimated)


def test_a_point_has_one_colour_in_all_panels(drawn):
    for number in POSTERIOR_FIGURES:
        colours = drawn[f"figure{number}"].numbers.groupby("point")["colour"].unique()
        assert all(len(each) == 1 for each in colours)
    # Far away in two opposite directions, the colours are those of opposite corners.
    corners = [to_hex(colour) for colour in position_colours(np.array([[-9.0, -9.0], [9.0, 9.0]]))]
    assert corners == ["#092468", "#ffc41e"]


def lab(colours):
    """CIELAB, D65, of linear RGB (IEC 61966-2-1), where a distance of 2.3 is just noticeable."""
    xyz = colours @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    ratio = np.clip(xyz, 0, None) / [0.9505, 1, 1.089]
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("vision", MISSING_CONES)
def test_positions_can_be_told_apart_by_colour_blind_readers(vision):
    """Nine places, a standard deviation apart, and the paper's white."""
    places = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2)
    colours = np.vstack([position_colours(places), np.ones(3)])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = lab(np.clip(linear @ np.transpose(MISSING_CONES[vision]), 0, 1))
    distances = np.linalg.norm(seen[:, None] - seen, axis=-1)[np.triu_indices(len(seen), 1)]
    assert distances.min() > 4 * 2.3


def test_the_objective_prefers_the_top_left_corner(drawn):
    numbers = drawn["figure1"].numbers
    for panel in "AB":
        star = numbers[(numbers["panel"] == panel) & (numbers["shows"] == "preferred")].iloc[0]
        assert (star["x"], star["y"]) == pytest.approx((0, 0.0099))  # B₂₂ rightwards, B₁₁ upwards
        axes = next(axes for axes in drawn["figure1"].figure.axes if axes.get_title().startswith(f"{panel}:"))
        (marker,) = axes.lines
        assert f"star: {star['value']:.3g}" in axes.get_title()
        assert axes.transLimits.transform(marker.get_xydata()[0]) == pytest.approx((0, 1), abs=0.02)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("$B_{22}$", "$B_{11}$")


def test_titles_tell_the_objective(drawn):
    titles = [axes.get_title() for axes in drawn["figure1"].figure.axes]
    assert any("$L = 0.532$ (least: 0.532)" in title for title in titles)  # Section 1's L(θ_GT, ϕ_GT)
    assert any("(least: 0.196)" in title for title in titles)  # and its L(θ*, ϕ*)


@pytest.mark.parametrize("name", [f"figure{number}" for number in range(1, 6)])
def test_type_is_large_enough_to_read(drawn, name):
    figure = drawn[name].figure
    figure.draw_without_rendering()
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    assert min(sizes) >= LEAST_TYPE
    assert figure.get_size_inches()[0] in (3.25, 6.75)  # a column, or both


def notes(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_method_without_a_model_leaves_its_panels_empty(tmp_path):
    files = {kind: tmp_path / f"figure.{kind}" for kind in ("pdf", "png", "csv")}
    for number in (2, 4):
        drawing = FIGURES[f"figure{number}"](points(POSTERIOR_FIGURES[number], methods=["truth"]))
        save_drawing(drawing, **files)
        assert notes(drawing.figure).count("no model") == 2
    drawing = figure1.draw(INFORMATION, OPTIMA, samples(["truth"]), gaps(["truth"]))
    save_drawing(drawing, **files)
    assert notes(drawing.figure).count("no model") == 2


def test_values_that_are_not_finite_are_counted_and_left_out():
    table = points("cubic_jtex")
    table.loc[(table["method"] == "vae") & (table["point"] < 3), "q_mean_1"] = np.nan
    drawing = FIGURES["figure4"](table)
    assert "3 not finite" in notes(drawing.figure)
    assert len(panels(drawing, 2)[1, 2].collections[0].get_offsets()) == 57


def test_points_of_another_data_set_are_refused():
    with pytest.raises(ValueError, match="points of gaussian; this figure shows those of linear_jtex"):
        FIGURES["figure2"](points("gaussian"))


# ---------------------------------------------------------------------------- Figure 6


def two_gaps():
    """Three replicates of two methods; of one method the third is far out."""
    rows = [("mobius", "vae", i, 0.1 + 0.01 * i, 0.02) for i in range(3)]
    rows += [("mobius", "libi", i, 0.01, (0.1, 0.12, 9.0)[i]) for i in range(3)]
    table = pd.DataFrame(rows, columns=["dataset", "method", "replicate", "mle_objective", "posterior_matching"])
    return table.assign(objective=table["mle_objective"] + table["posterior_matching"])


def test_figure_6_places_models_by_their_gaps():
    drawing = figure6.draw(two_gaps())
    axes = {panel.get_title(): panel for panel in drawing.figure.axes}
    panel = axes["Mobius"]
    assert panel.get_ylim()[1] == pytest.approx(1.25 * 0.12) and panel.get_xlim()[1] == pytest.approx(1.25 * 0.11)
    offsets = np.concatenate([points.get_offsets() for points in panel.collections])
    expected = two_gaps()[["mle_objective", "posterior_matching"]].to_numpy().clip(max=[1, 1.25 * 0.12])
    np.testing.assert_allclose(np.sort(offsets, axis=0), np.sort(expected, axis=0))
    assert drawing.numbers.set_index(["method", "replicate"])["beyond"].to_dict() == {
        **{("vae", i): False for i in range(3)},
        **{("libi", i): i == 2 for i in range(3)},
    }
    (hollow,) = (points for points in panel.collections if not points.get_facecolors().size)
    assert hollow.get_offsets().tolist() == [[0.01, pytest.approx(1.25 * 0.12)]]
    assert "Gaussian" not in axes  # the study has it not


def test_figure_6_shows_no_data_set_whose_truth_is_unknown():
    table = two_gaps()
    unknown = table.assign(mle_objective=np.nan, objective=np.nan)
    both = pd.concat([table, unknown.assign(dataset="banana")])
    assert {axes.get_title() for axes in figure6.draw(both).figure.axes} & {"Mobius", "Banana"} == {"Mobius"}
    alone = figure6.draw(unknown)
    assert len(alone.numbers) == 0
    assert [text.get_text() for text in alone.figure.axes[0].texts] == ["no data set with a known p(x)"]


def test_lines_of_figure_6_have_the_same_objective_along_them():
    panel = {axes.get_title(): axes for axes in figure6.draw(two_gaps()).figure.axes}["Mobius"]
    levels = []
    for line in panel.lines:
        x, y = line.get_data()
        np.testing.assert_allclose(x + y, (x + y)[0])
        levels.append(float((x + y)[0]))
    labels = {float(text.get_text().removeprefix("L = ")): text.xy for text in panel.texts}
    assert len(labels) >= 2 and len(labels) >= len(levels) - 1  # one that cuts a corner has none
    for level, (x, y) in labels.items():
        assert min(abs(level - other) for other in levels) < 1e-9 and x + y == pytest.approx(level)
