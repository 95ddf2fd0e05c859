"""The page that leads from a cell of Table 1 to where its number comes from, with the paper's numbers as ours."""

import base64
import json
import math
import re

import pandas as pd
import pytest

from libi.paper.tables.conclusions import conclude
from libi.paper.tables.page import content, printed, to_html
from libi.paper.tables.table1 import summarise
from libi.paper.verdict import judge

from ..browser import CHROMIUM, walked
from ..judging.papers_study import PUBLISHED, evidence, metrics

# Of LiBI, with R = 2: its two objectives take turns. The second replicate diverged.
COURSE = [
    (10, "constrained_likelihood", 5.0),
    (20, "elbo", 3.0),
    (30, "constrained_likelihood", 4.0),
    (40, "elbo", 2.000004),
]
CURVES = pd.DataFrame(
    [
        {
            "dataset": "mobius",
            "method": "libi",
            "replicate": replicate,
            "epoch": epoch,
            "objective": name,
            "value": value,
        }
        for replicate in (0, 1)
        for epoch, name, value in ((e, n, v if replicate == 0 else math.nan) for e, n, v in COURSE)
    ]
)
# One black pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
FIGURES = {"figure1": base64.b64decode(PIXEL)}
GRID = [("beta=0.5", -1.0), ("beta=2", -0.5), ("beta=5", -0.75)]

# Clicks every cell, walks by the arrow keys, and says what it saw.
WALK = """
console.warn = console.error;
addEventListener("load", () => {
  const cells = [...document.querySelectorAll("[data-cell]")], titles = new Set();
  let paths = 0;
  for (const cell of cells) {
    cell.click(); titles.add(document.querySelector("#detail h2").textContent);
    paths = Math.max(paths, document.querySelectorAll("#detail path").length);
  }
  const pressed = document.querySelectorAll("[aria-pressed=true]").length;
  cells[0].focus();
  for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"])
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const figure = document.querySelector("#figures button"), picture = figure.querySelector("img");
  const before = picture.clientWidth; figure.click();
  const zoomed = picture.naturalWidth === 1 && picture.clientWidth > 1.2 * before && picture.alt;
  const told = figure.querySelector("p").clientHeight && figure.querySelector("p").textContent;
  const kinds = [...document.querySelectorAll("#claims details")], closed = kinds.every(kind => !kind.open);
  for (const kind of kinds) kind.querySelector("summary").click();
  const claims = closed && kinds.every(kind => kind.open) && document.querySelectorAll("#claims tbody tr").length;
  const keys = cells.every(cell => cell.tagName === "BUTTON");  // so Enter and Space click them
  const home = document.activeElement === cells[0];
  const seen = { zoomed, told, claims, keys, cells: cells.length, titles: titles.size, pressed, paths, home };
  say({ ...seen, errors, cut: cutOff() });
});
"""


@pytest.fixture(scope="module")
def shown():
    found, values = evidence(), metrics().assign(restart=3)
    claims = judge(found)
    rows = [
        {"dataset": "mobius", "method": "beta_vae", "configuration": name, "log_likelihood_mean": mean}
        for name, mean in GRID
    ]
    return content(found.table1, claims, values, pd.DataFrame(rows), conclude(claims), CURVES, FIGURES, preview=False)


def test_a_cell_leads_to_its_replicates_configuration_grid_and_verdict(shown):
    cell = shown["cells"]["mobius beta_vae s_knn"]
    assert cell["ours"] == cell["published"] == "0.27 ± 0.14" and cell["verdict"] == "reproduced"
    assert cell["why"].startswith("the difference is -0.20 to +0.20")  # Welch, n = 5, sd 0.14 on both sides
    assert [line["replicate"] for line in cell["replicates"]] == [0, 1, 2, 3, 4]
    assert sum(line["value"] for line in cell["replicates"]) == pytest.approx(5 * 0.27)
    assert {line["restart"] for line in cell["replicates"]} == {3} and cell["configuration"] == "default"
    assert cell["grid"] == [["β = 2", "-0.500"], ["β = 5", "-0.750"], ["β = 0.5", "-1.000"]]
    ours, published = cell["lines"]
    half = 2.776 * 0.14 / 5**0.5  # t of 4 degrees of freedom
    assert (ours["low"], ours["high"]) == pytest.approx((0.27 - half, 0.27 + half), abs=1e-3)
    assert (published["low"], published["high"]) == pytest.approx((ours["low"], ours["high"]))


@pytest.mark.parametrize(
    ("configuration", "method", "words"),
    [
        (
            "epsilon_hz=1,epsilon_covariance=0.2,epsilon_mean=0.5,rounds=6",
            "libi",
            "ε_HZ = 1, ε_Σ = 0.2, ε_μ = 0.5, R = 6",
        ),
        ("segments=15", "lagging", "R = 15"),
        ("default", "vae", "default"),
        ("width=3", "lagging", "width = 3"),
    ],
)
def test_a_configuration_is_printed_with_the_papers_symbols(configuration, method, words):
    assert printed(configuration, method) == words


def test_the_papers_own_study_is_no_preview(shown):
    assert shown["preview"] == ""


def test_the_best_are_those_of_the_table(shown):
    bold = {name for name, cell in shown["cells"].items() if cell["best"]}
    assert {"linear_jtex libi s_knn", "mobius beta_vae test_ll"} <= bold and "linear_jtex vae s_knn" not in bold
    assert not any(name.startswith("cubic_jtex") and name.endswith("test_ll") for name in bold)


def test_a_cell_has_a_drawing_for_each_objective_with_gaps_where_another_was_trained_under(shown):
    first, second = shown["curves"]["mobius libi"]
    assert (first["title"], second["title"]) == ("constrained likelihood", "ELBO")
    assert first["lines"][0] == [[10, 5.0], [20, None], [30, 4.0], [40, None]]
    assert second["lines"] == [[[10, None], [20, 3.0], [30, None], [40, 2.0]], [[epoch, None] for epoch, *_ in COURSE]]


def test_a_single_replicate_and_an_infinite_value_are_shown_as_far_as_they_go():
    one = metrics()[lambda table: table["replicate"] == 0].assign(restart=0)
    one.loc[one["method"] == "vae", "test_ll"] = -math.inf
    table = summarise(one, PUBLISHED)
    claims = judge(evidence(table1=table))
    nothing = pd.DataFrame(columns=["dataset", "method", "configuration", "log_likelihood_mean"])
    shown = content(
        table, claims, one, nothing, conclude(claims).assign(evidence=math.nan), CURVES, {}, preview=True
    )  # read from a file
    assert "preview" in shown["preview"]
    cell = shown["cells"]["gaussian vae test_ll"]
    assert cell["ours"] == "–" and [line["words"] for line in cell["replicates"]] == ["-inf"]
    assert "nan" not in to_html(shown, study="mine").split('id="content">')[1].split("</script>")[0].lower()


def test_every_claim_is_listed_but_the_cells_of_the_table(shown):
    claims = judge(evidence()).query("family != 'Cells of Table 1'")
    listed = [(claim["name"], claim["verdict"]) for family in shown["claims"] for claim in family["rows"]]
    assert sorted(listed) == sorted(zip(claims["claim"], claims["verdict"], strict=True))
    counts = {family["name"]: family["counts"] for family in shown["claims"]}
    assert counts["Case 2"] == "3 reproduced"
    (claim,) = (c for f in shown["claims"] for c in f["rows"] if c["name"] == "objective_at_truth")
    assert claim["said"] == 'Section 1, Case 1; Figure 1C: "L(θ_GT, ϕ_GT) = 0.532"'
    assert claim["cells"] == ["L at the ground truth", "0.532", "0.0003 to 0.0003", "0.532"]


def test_the_page_stands_alone(shown):
    page = to_html(shown, study="mine")
    assert json.loads(re.search(r'id="content">(.*?)</script>', page)[1]) == shown
    assert not re.search(r"(src|href)=|@import|url\(|fetch\(|https?://(?!www\.w3\.org/2000/svg)", page)
    assert page.count("<em>mine</em>") == 1


def test_a_name_cannot_end_the_content_early(shown):
    page = to_html(shown | {"about": "</script><script>"}, study="mine")
    assert page.count("</script>") == to_html(shown, study="mine").count("</script>")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [1280, 500])
def test_in_a_browser_every_cell_can_be_chosen_keys_work_and_nothing_is_cut_off(shown, width):
    """On a wide screen and on a narrow one, which is the narrowest that Chromium has."""
    seen = walked(to_html(shown, study="mine"), WALK, width)
    paths = 2 * (2 + 1)  # LiBI's two objectives: a line for each replicate, and the axes
    assert seen == {
        "zoomed": "Figure 1",
        "told": "What the VAE objective prefers on LinearJTEx (Eq. 3; the paper's Figure 1).",
        "claims": sum(len(family["rows"]) for family in shown["claims"]),
        "keys": True,
        "cells": 60,
        "titles": 60,
        "pressed": 1,
        "paths": paths,
        "errors": [],
        "home": True,
        "cut": [],
    }
