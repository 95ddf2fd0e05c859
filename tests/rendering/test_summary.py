"""The report's opening: the conclusions and Table 1, with the paper's numbers as ours."""

import docutils.core
import pandas as pd
import pytest

from libi.paper.tables.conclusions import conclude
from libi.paper.tables.page import content
from libi.paper.tables.summary import to_rst
from libi.paper.tables.table1 import summarise
from libi.paper.verdict import judge

from ..judging.papers_study import PUBLISHED, evidence, metrics

NO_GRID = pd.DataFrame(columns=["dataset", "method", "configuration", "log_likelihood_mean"])

NO_CURVES = pd.DataFrame(columns=["dataset", "method", "replicate", "epoch", "objective", "value"])


def rows_of(rst):
    """The cells of every row of every table, as docutils reads them."""
    document = docutils.core.publish_doctree(rst, settings_overrides={"halt_level": 2, "report_level": 2})
    return [[entry.astext() for entry in row.children] for row in document.findall(lambda node: node.tagname == "row")]


@pytest.fixture(scope="module")
def rst():
    found = evidence()
    claims = judge(found)
    own = metrics().assign(restart=0)
    return to_rst(content(found.table1, claims, own, NO_GRID, conclude(claims), NO_CURVES, {}, preview=False))


def test_the_tables_have_the_papers_cells_and_the_best_is_bold(rst):
    rows = rows_of(rst)
    assert rows.count(["", "LinearJTEx", "CubicJTEx", "Gaussian", "Mobius"]) == 2
    exact, s_knn = (row for row in rows if row[0] == "LiBI")
    assert s_knn[1:] == ["0.06 ±\u00a00.05", "1.75 ±\u00a02.75", "0.10 ±\u00a00.08", "0.17 ±\u00a00.06"]
    assert exact != s_knn and len(rows) == 2 * (1 + 5) + 1 + 6  # two tables of five methods, and six conclusions
    assert "- **0.17 ±\u00a00.06**" in rst and "- **0.38" not in rst


def test_the_conclusions_come_first_with_their_verdicts(rst):
    first = rows_of(rst)[1]
    assert first[0] == "Holds" and first[1].startswith("The global optimum of the VAE objective can be a wrong model")
    assert rst.index("conclusions") < rst.index("Table 1") and "preview" not in rst


def test_another_study_is_called_a_preview_and_a_method_that_it_lacks_has_a_dash():
    found = evidence()
    claims = judge(found)
    own = metrics()[lambda table: (table["dataset"] != "mobius") | (table["method"] != "vae")].assign(restart=0)
    shown = content(summarise(own, PUBLISHED), claims, own, NO_GRID, conclude(claims), NO_CURVES, {}, preview=True)
    rst = to_rst(shown)
    assert rst.startswith("**This is not the paper's own study: all verdicts here are a preview.**\n")
    assert [row[4] for row in rows_of(rst) if row[0] == "VAE"] == ["–", "–"]
