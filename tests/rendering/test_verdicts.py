"""The tables of verdicts, of a handful of claims and of the paper's own numbers."""

from math import nan

import pandas as pd
import pytest

from libi.judging.verdict import judge
from libi.rendering.verdicts import claims_to_latex, counts_to_latex

from ..judging.papers_study import PUBLISHED_CLAIMS, evidence

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


def test_claims_are_listed_worst_first_without_the_cells():
    latex = claims_to_latex(FEW, study="test")
    titles = [r"\textbf{Not reproduced: 1 of 3}", r"\textbf{Not decidable: 1 of 3}", r"\textbf{Reproduced: 1 of 3}"]
    assert sorted(titles, key=latex.index) == titles
    said = r"\emph{Eq. 31.} codes shrink & "
    found = r"LinearJTEx $0.0100 \pm 0.0020$ (95\% interval $-0.01$ to $+0.03$; published: $0.5$; $p = 0.25$)"
    assert rf"{said}{found}: variance; noise. \\" in latex
    assert rf"{said}variance; lacking: all. \\" in latex
    assert rf"{said}Gaussian $0.0100 \pm 0.0020$: variance. \\" in latex
    assert latex.count(said) == 3


def test_claims_that_differ_in_their_numbers_alone_share_a_line():
    several = claims(
        {"claim": "codes_shrink-linear_jtex", "verdict": "reproduced"},
        {"claim": "codes_shrink-gaussian", "verdict": "reproduced", "value": 0.02},
        {"claim": "codes_shrink-mobius", "verdict": "reproduced", "note": "another remark"},
    )
    latex = claims_to_latex(several, study="test")
    assert r"\textbf{Reproduced: 3 of 3}" in latex
    assert r"& LinearJTEx $0.0100 \pm 0.0020$; Gaussian $0.0200 \pm 0.0020$: variance. \\" in latex
    assert r"& Mobius $0.0100 \pm 0.0020$: variance; another remark. \\" in latex


def test_a_verdict_that_no_claim_has_is_not_listed():
    latex = claims_to_latex(FEW[FEW["verdict"] != "reproduced"], study="test")
    assert "Reproduced:" not in latex and "Not reproduced:" in latex


@pytest.fixture(scope="module")
def papers_claims():
    return judge(evidence(), PUBLISHED_CLAIMS)


def test_every_claim_of_the_paper_can_be_listed(papers_claims):
    """The paper's own numbers: 40 cells, which the comparison shows, and all the others here."""
    latex = claims_to_latex(papers_claims, study="test")
    others = papers_claims[~papers_claims["claim"].str.startswith("cell-")]
    assert len(others) == len(papers_claims) - 40
    assert latex.count(r" \pm ") == others["uncertainty"].notna().sum()
    assert latex.isascii()
    total = counts_to_latex(papers_claims, study="test").splitlines()[-3]
    assert total.startswith(f"all & {len(papers_claims)} & {(papers_claims['verdict'] == 'reproduced').sum()} &")
