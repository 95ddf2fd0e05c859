"""Variants side by side: Welch's numbers by scipy, and small families of verdicts sorted by hand."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind_from_stats

from libi.judging.claims import assemble
from libi.paper.claims.cells import judge_cells
from libi.paper.sensitivity import gather_cells, gather_claims, judges, sensitivity_table, split, stable_claims
from libi.paper.tables.table1 import summarise
from libi.paper.verdict import judge
from libi.runtime.storage import load_table, save_table

from .papers_study import PUBLISHED, SAID, evidence, metrics

VAE = ("gaussian", "vae", "test_ll")
CELL = ["dataset", "method", "metric"]


def tables():
    moved = summarise(metrics({VAE: 7.0}), PUBLISHED)
    return {"base": summarise(metrics(), PUBLISHED), "moved": moved, "part": moved[moved["dataset"] == "gaussian"]}


def numbers(cells, variant, *cell):
    return cells.set_index(["variant", *CELL]).loc[(variant, *cell)]


def test_every_cell_that_a_variant_has_and_the_exact_likelihoods():
    cells = gather_cells(tables(), PUBLISHED)
    assert cells.groupby("variant", sort=False).size().to_dict() == {"base": 60, "moved": 60, "part": 15}
    assert not cells.duplicated(["variant", *CELL]).any()
    assert set(cells["metric"]) == {"test_ll", "test_ll_exact", "s_knn"}


def test_differences_are_welch_s():
    """The means and sds are the paper's 6.73 ± 0.23, but for the VAE's mean on Gaussian, which is 7."""
    row = numbers(gather_cells(tables(), PUBLISHED), "moved", *VAE)
    by_scipy = ttest_ind_from_stats(7.0, 0.23, 5, 6.73, 0.23, 5, equal_var=False)
    assert row["t"] == pytest.approx(by_scipy.statistic) == pytest.approx(0.27 / (0.23 * sqrt(2 / 5)))
    assert row["difference"] == pytest.approx(0.27)
    for end in ("low", "high"):  # an end of a 95 % interval is what a two-sided test of 5 % just allows
        shifted = ttest_ind_from_stats(7.0, 0.23, 5, 6.73 + row[end], 0.23, 5, equal_var=False)
        assert shifted.pvalue == pytest.approx(0.05)
    assert row["low"] < 0.27 < row["high"]


def test_exact_likelihoods_stand_beside_the_published_estimate():
    """Made up to be 0.125 nats above Eq. 48."""
    row = numbers(gather_cells(tables(), PUBLISHED), "base", "mobius", "libi", "test_ll_exact")
    assert (row["paper_mean"], row["paper_sd"], row["difference"]) == pytest.approx((1.91, 0.05, 0.125))


def test_what_a_variant_does_not_touch_is_the_same():
    cells = gather_cells(tables(), PUBLISHED)
    touched = cells[~cells["same"]]
    exact = (*VAE[:2], "test_ll_exact")
    expected = {(variant, *cell) for variant in ("moved", "part") for cell in (VAE, exact)}
    assert set(touched[["variant", *CELL]].itertuples(index=False, name=None)) == expected


def test_a_cell_without_a_mean_has_no_interval_and_is_the_same_as_another_without():
    given = tables()
    given["moved"].loc[:, ["mean", "sd"]] = np.nan
    given["moved"].loc[:, "replicates"] = 0
    given["again"] = given["moved"]
    cells = gather_cells({"moved": given["moved"], "again": given["again"]}, PUBLISHED)
    assert cells[["difference", "low", "high", "t"]].isna().all(axis=None)
    assert cells["same"].all()


def test_a_single_replicate_has_a_difference_alone():
    one = summarise(metrics().query("replicate == 0"), PUBLISHED)
    cells = gather_cells({"base": one}, PUBLISHED)
    assert cells["difference"].notna().all()
    assert cells[["low", "high", "t"]].isna().all(axis=None)


def test_the_table_reads_back_as_its_cells_and_claims(tmp_path):
    verdicts = judge(evidence())
    cells, claims = gather_cells(tables(), PUBLISHED), gather_claims({"base": verdicts, "other": verdicts})
    table = sensitivity_table(cells, claims)
    assert table["kind"].value_counts().to_dict() == {"claim": 2 * len(verdicts), "cell": 135}
    save_table(tmp_path / "sensitivity.csv", table)
    again = split(load_table(tmp_path / "sensitivity.csv"))
    pd.testing.assert_frame_equal(again[0], cells, check_dtype=False)
    pd.testing.assert_frame_equal(again[1], claims, check_dtype=False)


R, N, U, T = "reproduced", "not reproduced", "not decidable", "not testable"


def family(**verdicts):
    """Claims by name; each with a verdict in the base and in variants a, b and c. None: undecided for lack of data."""
    rows = []
    for claim, of_variants in verdicts.items():
        for variant, verdict in zip(("base", "a", "b", "c"), of_variants, strict=True):
            number = np.nan if verdict in (None, T) else {"a": 2.0}.get(variant, 1.0)
            row = {"variant": variant, "claim": claim, "family": "f", "verdict": verdict or U, "difference": number}
            rows.append(row | {"low": number - 1, "high": number + 1})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("verdicts", "stands", "falls", "turned_by", "blurred_by"),
    [
        ((R, R, R, R), True, False, "", ""),
        ((R, R, None, R), True, False, "", ""),  # b lacks the data
        ((R, N, U, N), False, False, "a; c", "b"),
        ((R, R, U, R), False, False, "", "b"),
        ((N, N, N, None), False, True, "", ""),
        ((N, N, R, U), False, False, "b", "c"),
        ((U, U, R, U), False, False, "", "b"),
        ((U, N, N, U), False, False, "", "a; b"),
        ((U, N, R, U), False, False, "a", "b"),  # decided both ways, but not in the base
        ((T, T, T, T), False, False, "", ""),
    ],
)
def test_what_stands_falls_and_turns(verdicts, stands, falls, turned_by, blurred_by):
    (row,) = stable_claims(family(some=verdicts)).to_dict("records")
    assert (row["stands"], row["falls"]) == (stands, falls)
    assert (row["turned_by"], row["blurred_by"]) == (turned_by, blurred_by)
    assert row["base"] == verdicts[0]
    assert row["unjudged"] == sum(verdict in (None, T) for verdict in verdicts)
    found = [row["reproduced"], row["not_decidable"], row["not_reproduced"]]
    assert found == [verdicts.count(verdict) for verdict in (R, U, N)]


def test_claims_keep_their_order_and_name_their_verdicts_best_first():
    table = stable_claims(family(second=(N, U, R, R), first=(R, R, R, R)))
    assert table["claim"].tolist() == ["second", "first"]
    assert table["verdicts"].tolist() == ["reproduced; not decidable; not reproduced", "reproduced"]
    assert table["touched"].tolist() == [1, 1]  # by a, whose difference is another


def test_claims_of_a_study_that_lacks_data_are_not_judged():
    some = summarise(metrics().query("dataset == 'gaussian'"), PUBLISHED)
    claims = assemble(judge_cells(SAID["cell"], some, PUBLISHED))
    names = claims.loc[judges(claims), "claim"]
    assert len(names) == 10 and names.str.startswith("cell-gaussian-").all()
