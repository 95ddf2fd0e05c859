"""The tables of verdicts, of a handful of claims and of the paper's own numbers."""

from math import nan

import pandas as pd
import pytest

from libi.paper.tables.verdicts import claims_to_latex, counts_to_latex, measures_to_latex, span
from libi.paper.verdict import judge

from ..judging.papers_study import evidence

CLAIM = {"family": "Joint MAP", "where": "Eq. 31", "statement": "codes shrink", "measure": "variance", "note": nan}
CLAIM |= {"value": 0.01, "uncertainty": 0.002, "published": nan, "p_value": nan, "low": nan, "high": nan}


def claims(*rows):
    return pd.DataFrame([CLAIM | row for row in rows])


FEW = claims(
    {"claim": "cell-gaussian-vae-s_knn", "family": "Cells", "verdict": "not reproduced"},
    {"claim": "codes_shrink-gaussian", "verdict": "reproduced"},
    {
        "claim": "codes_shrink-linear_jtex",
        "verdict": "not reproduced",
        "published": 0.5,
        "low": -0.01,
        "high": 0.03,
        "p_value": 0.25,
        "note": "noise",
    },
    {"claim": "misfits", "verdict": "not decidable", "value": nan, "uncertainty": nan, "note": "lacking: all"},
)


def test_counts_by_family():
    rows = [line for line in counts_to_latex(FEW, study="test").splitlines() if line.endswith(r"\\")]
    assert rows == [
        r"Claims & number & reproduced & not decidable & not testable & not reproduced \\",
        r"Cells & 1 & 0 & 0 & 0 & 1 \\",
        r"Joint MAP & 3 & 1 & 1 & 0 & 1 \\",
        r"all & 4 & 1 & 1 & 0 & 2 \\",
    ]


def rows_of(latex):
    """The cells of every row that is not a heading."""
    lines = [line.split(r" \\")[0] for line in latex.splitlines() if " & " in line and "toprule" not in line]
    return [[cell.strip() for cell in line.split("&")] for line in lines]


def test_a_claim_is_a_row_without_the_cells_of_table_1():
    """Claims of a kind stand below their title; one that has none of its kind beside it has its title in its row."""
    latex = claims_to_latex(FEW, study="test")
    assert rows_of(latex) == [
        [r"\quad Gaussian", r"$0.0100 \pm 0.0020$", "--", "--", "--", "reproduced"],
        [
            r"\quad LinearJTEx",
            r"$0.0100 \pm 0.0020$",
            "$-0.010$ to $+0.030$",
            "$0.25$",
            "$0.5$",
            r"\textbf{not reproduced}",
        ],
        ["Misfits", "--", "--", "--", "--", "not decidable"],
    ]
    assert latex.count(r"\multicolumn{6}{l}{Joint MAP shrinks its codes}") == 1


def test_claims_of_a_kind_are_together_whatever_is_between_them():
    several = claims(
        {"claim": "codes_shrink-linear_jtex", "verdict": "reproduced"},
        {"claim": "misfits", "verdict": "reproduced"},
        {"claim": "codes_shrink-gaussian", "verdict": "reproduced"},
    )
    names = [row[0] for row in rows_of(claims_to_latex(several, study="test"))]
    assert names == [r"\quad LinearJTEx", r"\quad Gaussian", "Misfits"]


def items_of(latex):
    """The title of every item of a list, and its text."""
    return dict(line.removeprefix(r"\item[").split("] ", 1) for line in latex.splitlines() if line.startswith(r"\item"))


def test_the_list_says_once_what_was_claimed_and_what_was_measured():
    items = items_of(measures_to_latex(FEW, study="test"))
    said = r"\emph{Eq. 31:} codes shrink. \emph{Measured:} variance."
    assert items == {
        "Joint MAP shrinks its codes.": rf"{said} \emph{{Note:}} LinearJTEx: noise.",
        "Misfits.": rf"{said} \emph{{Note:}} lacking: all.",
    }


def test_the_list_has_every_measure_of_a_kind_and_a_note_on_all_without_their_names():
    several = claims(
        {"claim": "codes_shrink-linear_jtex", "verdict": "reproduced", "note": "a remark"},
        {"claim": "codes_shrink-gaussian", "verdict": "reproduced", "note": "a remark", "measure": "the mean"},
    )
    (words,) = items_of(measures_to_latex(several, study="test")).values()
    measured = r"\emph{Measured:} variance. \emph{Measured:} the mean."
    assert words == rf"\emph{{Eq. 31:}} codes shrink. {measured} \emph{{Note:}} a remark."


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-5.754, 0.084, "$-5.8$ to $+0.1$"),
        (11.88, 40.75, "$+12$ to $+41$"),
        (-0.00119, 0.000674, "$-0.0012$ to $+0.0007$"),
        (-0.0839, 0.0447, "$-0.08$ to $+0.04$"),
    ],
)
def test_an_interval_has_the_decimals_that_its_width_needs(low, high, words):
    assert span(low, high) == words


@pytest.fixture(scope="module")
def papers_claims():
    return judge(evidence())


def test_every_claim_of_the_paper_can_be_listed(papers_claims):
    """The paper's own numbers: 40 cells, which the comparison shows, and all the others here."""
    latex = claims_to_latex(papers_claims, study="test")
    others = papers_claims[~papers_claims["claim"].str.startswith("cell-")]
    assert len(others) == len(papers_claims) - 40
    assert latex.count(r" \pm ") == others["uncertainty"].notna().sum()
    items = items_of(measures_to_latex(papers_claims, study="test"))
    assert len(items) == others["claim"].str.split("-").str[0].nunique()
    assert latex.isascii() and "".join(items.values()).isascii()
    total = counts_to_latex(papers_claims, study="test").splitlines()[-3]
    assert total.startswith(f"all & {len(papers_claims)} & {(papers_claims['verdict'] == 'reproduced').sum()} &")
