"""Tables of the sensitivity study: counts by hand; numbers of replicates by trying one after the other in scipy."""

import itertools
from dataclasses import asdict, replace
from math import inf, isnan, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind_from_stats

from libi.judging.claims import PublishedClaim
from libi.judging.comparisons import BETTER, Comparison, judge_family
from libi.paper.tables import variants as tables
from libi.paper.tables.variants import (
    count_by_family,
    stable_conclusions,
    undecided_side_by_side,
)
from libi.paper.titles import claim_title

from ..judging.papers_study import PUBLISHED

OPEN, YES, NO = "not decidable", "reproduced", "not reproduced"


# ------------------------------------------------------------------------------------------------ the power study


def claim(name, test, difference, sd, n, margin=0.0, verdict=OPEN):
    """A claim by a t-interval over n replicates."""
    half = student.ppf(0.975, n - 1) * sd / sqrt(n)
    row = {"claim": name, "family": name, "verdict": verdict, "difference": difference, "margin": margin}
    row |= {"low": difference - half, "high": difference + half, "uncertainty": sd, "test": test}
    return row | {"p_value": 0.5, "note": ""}


def needed(at25):
    (row,) = undecided_side_by_side(
        pd.DataFrame([at25 | {"verdict": OPEN}]), pd.DataFrame([at25]), PUBLISHED
    ).itertuples()
    return row.needed


def ends(difference, sd, n):
    return student.interval(0.95, n - 1, loc=difference, scale=sd / sqrt(n))


def first(decided):
    return next(n for n in itertools.count(26) if decided(n))


def test_a_gain_is_decided_once_its_interval_leaves_out_0_or_the_margin():
    at25 = claim("gain", f"{BETTER}. Margin: 0", 0.1, 0.5, 25)
    assert needed(at25) == first(lambda n: ends(0.1, 0.5, n)[0] > 0) == pytest.approx(100, abs=5)  # 25 (0.2 / 0.1)²
    at25 = claim("loss", f"{BETTER}. Margin: 0", -0.1, 0.5, 25)
    assert needed(at25) == first(lambda n: ends(-0.1, 0.5, n)[1] < 0)
    at25 = claim("small", f"{BETTER}. Margin: ours", 0.05, 0.5, 25, margin=0.2)  # contradicted below 0.2
    assert needed(at25) == first(lambda n: ends(0.05, 0.5, n)[1] < 0.2)


def test_a_number_beside_a_bound():
    at25 = claim("share", "95 % t-interval over replicates; reproduced if above the margin", 0.15, 0.5, 25, margin=0.05)
    assert needed(at25) == first(lambda n: ends(0.15, 0.5, n)[0] > 0.05)


def cell(difference, sd, margin):
    """A cell whose paper has 6.73 ± 0.23."""
    return claim("cell-gaussian-vae-test_ll", "95 % Welch interval", difference, sd, 25, margin=margin)


def differs(difference, sd, n):
    return ttest_ind_from_stats(difference, sd, n, 0.0, 0.23, 5, equal_var=False).pvalue < 0.05


def test_a_cell_is_decided_by_welch_s_interval():
    """Both studies' spreads count. With a margin of 0.4 and our sd of 2 the interval must shrink to 0.4 at least."""
    assert needed(cell(0.5, 2.0, 0.1)) == first(lambda n: differs(0.5, 2.0, n))
    narrow = first(lambda n: differs(0.4 + 1e-9, 2.0, n))  # from here on the half-width is 0.4 or less
    assert needed(cell(0.01, 2.0, 0.4)) == narrow


def test_the_papers_own_sd_can_keep_a_cell_open_for_ever():
    """Alone it makes an interval of 2.776 · 0.23 / √5 = 0.286 to either side."""
    assert needed(cell(0.1, 0.3, 0.25)) == inf
    assert needed(cell(0.1, 1.5, 0.30)) < inf
    assert not differs(0.1, 0.3, 1_000_000)


def gains(mean, sd, n):
    """A gain on n replicates with just this mean and standard deviation."""
    values = np.random.default_rng(0).normal(size=n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


def judged(alike, mean, margin, pairs, n):
    """The claim as a study of n replicates judges it, in a family of 8 whose other claims are all undecided.

    Of its pairs one has this mean. The others speak as clearly for the claim as can be.
    """
    others = {f"pair {i}": np.full(n, 0.0 if alike else 9.0) + gains(0, 1e-3, n) for i in range(pairs - 1)}
    said = PublishedClaim("claim", "f", "Table 1", "it is so")
    pairs_of_it = {"pair": gains(mean, 0.5, n)} | others
    claim = Comparison(said, "gain", pairs_of_it, dict.fromkeys(pairs_of_it, margin), alike=alike)
    rest = [replace(claim, gains={"pair": gains(0.0, 0.5, n)}, margins={"pair": 0.0}, alike=False) for _ in range(7)]
    return judge_family([claim, *rest])


@pytest.mark.parametrize("pairs", [1, 10])
@pytest.mark.parametrize(
    ("alike", "mean", "margin"),
    [
        (False, 0.2, 0.0),
        (False, -0.2, 0.0),
        (False, 0.05, 0.3),
        (True, 0.02, 0.2),
        (True, -0.02, 0.2),
        (True, 0.4, 0.2),
    ],
)
def test_a_claim_is_decided_by_as_many_replicates_as_are_said_and_by_no_fewer(alike, mean, margin, pairs):
    """Where the other claims are all undecided, Holm's correction is Bonferroni's, and the number is exact."""
    at25 = pd.DataFrame(map(asdict, judged(alike, mean, margin, pairs, 25)))
    table = undecided_side_by_side(at25, at25, PUBLISHED)
    number = int(table["needed"].iloc[0])
    assert at25["verdict"].iloc[0] == OPEN and number > 25
    assert judged(alike, mean, margin, pairs, number)[0].verdict != OPEN
    assert judged(alike, mean, margin, pairs, number - 1)[0].verdict == OPEN


def test_decided_claims_need_no_more_and_what_both_decide_is_not_listed():
    at5 = [claim("was open", BETTER, 0.1, 0.5, 5), claim("was clear", BETTER, 1, 0.5, 5, verdict=YES)]
    at5 += [claim("is clear", BETTER, 1, 0.5, 5, verdict=YES)]
    at25 = [claim("was open", BETTER, 0.3, 0.5, 25, verdict=YES), claim("was clear", BETTER, 0.1, 0.5, 25)]
    at25 += [claim("is clear", BETTER, 1, 0.5, 25, verdict=YES)]
    lacking = claim("lacking", BETTER, float("nan"), 0.5, 5)
    row, opened = undecided_side_by_side(
        pd.DataFrame([*at5, lacking]), pd.DataFrame([*at25, lacking]), PUBLISHED
    ).to_dict("records")
    assert (row["claim"], row["verdict_5"], row["verdict_25"]) == ("was open", OPEN, YES) and isnan(row["needed"])
    assert (row["difference_5"], row["difference_25"]) == (0.1, 0.3)
    assert (opened["claim"], opened["verdict_5"], opened["verdict_25"]) == ("was clear", YES, OPEN)
    assert opened["needed"] == first(lambda n: ends(0.1, 0.5, n)[0] > 0)
    assert row["high_5"] - 0.1 == pytest.approx(2.7764451 * 0.5 / sqrt(5))
    assert row["high_25"] - 0.3 == pytest.approx(2.0638986 * 0.5 / 5)


# ---------------------------------------------------------------------------------------- claims and conclusions


def stable():
    """Two families: one claim stands, one falls, one turns on two choices, one is blurred."""
    rows = [
        ("cell-gaussian-beta_vae-s_knn", "Cells", YES, True, False, "", ""),
        ("cell-mobius-vae-test_ll", "Cells", YES, False, False, "alpha-0.5; batch-250", ""),
        ("s_knn_lowest-mobius", "Lowest", NO, False, True, "", ""),
        ("s_knn_lowest-gaussian", "Lowest", YES, False, False, "", "batch-250"),
    ]
    return pd.DataFrame(rows, columns=["claim", "family", "base", "stands", "falls", "turned_by", "blurred_by"])


def test_claims_are_counted_by_family():
    table = count_by_family(stable()).set_index("family")
    assert table.columns.tolist() == ["claims", "stand", "fall", "turn", "open"]
    assert table.loc["Cells"].tolist() == [2, 1, 0, 1, 0]
    assert table.loc["Lowest"].tolist() == [2, 0, 1, 0, 1]
    assert table.loc["all"].tolist() == [4, 1, 1, 1, 1] and table.index[-1] == "all"


def test_titles_are_in_words():
    assert claim_title("cell-gaussian-beta_vae-s_knn") == "S-kNN of β-VAE on Gaussian"
    assert claim_title("aggregated_q_closer-mobius-mean_distance") == (
        "LiBI's aggregated q is nearer to the prior, Mobius, mean distance"
    )
    assert claim_title("s_knn_lowest-linear_jtex") == "LiBI's S-kNN is the lowest, LinearJTEx"
    assert claim_title("few_rounds-cubic_jtex") == "LiBI needs few rounds, CubicJTEx"


def test_conclusions_under_all_choices():
    """Trade-off on two data sets; variant b contradicts one, c lacks it and does not count."""
    verdicts = {"base": (YES, YES), "a": (YES, YES), "b": (YES, NO), "c": (YES, None)}
    rows = [
        {"variant": variant, "claim": f"trade_off-{dataset}", "verdict": verdict or OPEN, "family": "f"}
        | dict.fromkeys(("difference", "low", "high"), 0.5 if verdict else float("nan"))
        for variant, pair in verdicts.items()
        for dataset, verdict in zip(("linear_jtex", "mobius"), pair, strict=True)
    ]
    table = stable_conclusions(pd.DataFrame(rows)).set_index("conclusion")
    row = table.loc["trade-off in trained VAEs"]
    assert row.tolist() == ["holds", 2, 1, 0, 0, "b"]


# -------------------------------------------------------------------------------------------------------- tables


def ranking():
    distances = {f"distance_{name}": 2.0 for name in ("linear_jtex", "cubic_jtex", "gaussian", "mobius")}
    numbers = {"distance_32": 8.4, "distance_32_reliable": 7.6, "agreeing_32": 30, "distance_40": 12.0}
    names = [f"batch-{n}" for n in range(12)] + ["base", "last"]
    return pd.DataFrame([{"variant": name, **numbers, "agreeing_40": 37, **distances} for name in names])


def test_a_ranking_shows_the_nearest_ten_and_the_base():
    lines = tables.ranking_to_markdown(ranking(), base="base").splitlines()
    assert len(lines) == 2 + 11
    assert lines[2] == "| 1 | `batch-0` | 8 | 8 | 30 | 12 | 37 | 2 | 2 | 2 | 2 |"
    assert lines[-1].startswith("| 13 | `base` | ")


def split_row(fitted):
    row = {"fitted": fitted, "held_out": "gaussian; mobius", "variant": "batch-250", "distance_fitted": 1.0}
    return row | {"distance": 20.4, "base_distance": 30.0, "best": "alpha-0.5", "best_distance": 10.0}


def undecided():
    row = {
        "claim": "few_rounds-mobius",
        "family": "f",
        "verdict_5": YES,
        "verdict_25": OPEN,
        "low_5": -1.0,
        "high_5": 2.0,
    }
    row |= {"difference_5": 0.5, "difference_25": 0.5, "low_25": -0.012, "high_25": 0.5}
    return pd.DataFrame([row | {"needed": needed} for needed in (inf, 120.0, float("nan"))])


def test_the_markdown():
    held = tables.held_out_to_markdown(pd.DataFrame([split_row("linear_jtex; cubic_jtex")])).splitlines()
    assert held[2] == "| LinearJTEx and CubicJTEx | `batch-250` | 20.4 | 30.0 | 10.0 | `alpha-0.5` |"
    turning = tables.turning_to_markdown(stable()).splitlines()
    assert turning[2:] == ["| Test-LL of VAE on Mobius | reproduced | alpha-0.5, batch-250 |"]
    assert tables.counts_to_markdown(count_by_family(stable())).endswith("| all | 4 | 1 | 1 | 1 | 1 |")
    lines = tables.undecided_to_markdown(undecided()).splitlines()[2:]
    assert lines[0].startswith(
        "| LiBI needs few rounds, Mobius | -1.0 to +2.0 | reproduced | -0.01 to +0.50 | not decidable | "
    )
    assert [line.split(" | ")[-1] for line in lines] == ["over 10000 |", "120 |", " |"]


def test_the_latex_is_ascii_with_rows_of_equal_length():
    conclusions = pd.DataFrame([["LiBI's", "holds", 2, 1, 0, 0, ""]])
    conclusions.columns = ["conclusion", "base", *tables.OF_CONCLUSIONS, "changed_by"]
    made = [
        (10, tables.ranking_to_latex(ranking(), base="base", study="test")),
        (5, tables.held_out_to_latex(pd.DataFrame([split_row("linear_jtex; mobius")]), study="test")),
        (2, tables.turning_to_latex(stable(), study="test")),
        (6, tables.conclusions_to_latex(conclusions, study="test")),
        (5, tables.counts_to_latex(count_by_family(stable()), study="test")),
        (5, tables.undecided_to_latex(undecided(), study="test")),
    ]
    for ampersands, latex in made:
        assert latex.isascii() and latex.startswith("% ") and latex.endswith("}\n")
        rows = [line for line in latex.splitlines() if r"\\" in line]
        assert {line.count(" & ") for line in rows} == {ampersands}
        long = r"\caption" in latex  # over pages, each with its head
        assert latex.count(r"\toprule") == (2 if long else 1) and latex.count(r"\bottomrule") == 1
        assert long == (r"\begin{longtable}" in latex) and latex.count(r"\endfirsthead") == long
    assert "$-1.0$ to $+2.0$" in made[-1][1]
