"""Distances summed by hand: each cell's Welch t is given, so a distance is a sum of a few squares."""

import itertools

import pandas as pd
import pytest

from libi.paper.nearest import far_off, held_out, nearest
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS

ALL = list(itertools.product(PAPERS_DATASETS, PAPERS_METHODS, (*PAPERS_METRICS, "test_ll_exact")))


def cells(**variants):
    """Cells of variants: t by (dataset, method, metric), else 1; an interval holds 0 if t is below 2 in size."""
    rows = []
    for variant, (ts, kept) in variants.items():
        for cell in ALL:
            t = ts.get(cell, 1.0)
            row = {"variant": variant, **dict(zip(("dataset", "method", "metric"), cell, strict=True))}
            if kept(cell):
                rows.append(row | {"t": t, "low": t - 2, "high": t + 2})
    return pd.DataFrame(rows)


def everything(_):
    return True


def test_distances_over_32_and_40_cells():
    """32 ones, of which three are replaced: 3² and 0.5² of two methods, and 5² of CubicJTEx's Test-LL."""
    ts = {
        ("gaussian", "vae", "s_knn"): -3.0,
        ("mobius", "lagging", "test_ll"): 0.5,
        ("cubic_jtex", "beta_vae", "test_ll"): 5.0,
        ("linear_jtex", "libi", "s_knn"): 4.0,
        ("gaussian", "vae", "test_ll_exact"): 100.0,  # is no published cell
    }
    row = nearest(cells(base=(ts, everything)), []).iloc[0]
    assert row["distance_32"] == pytest.approx(29 + 9 + 0.25 + 25)
    assert row["distance_32_reliable"] == pytest.approx(26 + 9 + 0.25)  # without 3 ones and the 25
    assert row["distance_40"] == pytest.approx(29 + 9 + 0.25 + 25 + 7 + 16)
    assert (row["agreeing_32"], row["agreeing_40"]) == (30, 37)
    by_dataset = {"linear_jtex": 8, "cubic_jtex": 7 + 25, "gaussian": 7 + 9, "mobius": 7 + 0.25}
    assert {name: row[f"distance_{name}"] for name in PAPERS_DATASETS} == pytest.approx(by_dataset)


def test_cells_that_a_variant_has_not_are_the_base_s():
    base = {("gaussian", "vae", "s_knn"): 3.0, ("mobius", "vae", "s_knn"): 2.0}
    own = {("gaussian", "vae", "s_knn"): 0.0}
    part = cells(base=(base, everything), part=(own, lambda cell: cell[:2] == ("gaussian", "vae")))
    table = nearest(part, ["part"])
    assert table["variant"].tolist() == ["part", "base"]
    assert table["distance_32"].tolist() == pytest.approx([30 + 0 + 4, 30 + 9 + 4])


def test_a_cell_without_an_interval_leaves_a_variant_last_and_without_a_distance():
    failed = {("mobius", "vae", "test_ll"): float("nan")}
    far = {("mobius", "vae", "test_ll"): 50.0}
    given = cells(base=({}, everything), failed=(failed, everything), far=(far, everything))
    table = nearest(given, ["failed", "far"]).set_index("variant")
    assert list(table.index) == ["base", "far", "failed"]
    assert pd.isna(table.loc["failed", "distance_32"]) and table.loc["failed", "distance_gaussian"] == 8
    assert table.loc["failed", "agreeing_32"] == 31


def test_only_allowed_variants_are_ranked_and_the_base_comes_before_its_equals():
    same = cells(base=({}, everything), equal=({}, everything), better=({ALL[0]: 0.0}, everything))
    assert nearest(same, ["equal"])["variant"].tolist() == ["base", "equal"]
    assert nearest(same, ["base", "equal", "better"])["variant"].tolist() == ["better", "base", "equal"]
    with pytest.raises(ValueError, match="'batch-9' is not among the cells; there are base, better, equal"):
        nearest(same, ["batch-9"])


def test_far_off_is_what_is_more_than_ten_times_as_far_as_the_base_or_as_a_repetition():
    """The base is at 32, nearer than a repetition, which is at 42.7: so the limit is 426.7: 31 + 19.88² is 426.2."""
    cell = ("gaussian", "vae", "s_knn")
    near, far, of_libi = {cell: 19.88}, {cell: -19.9}, {("gaussian", "libi", "s_knn"): 1000.0}
    given = cells(base=({}, everything), near=(near, everything), far=(far, everything), libi=(of_libi, everything))
    assert far_off(given) == ["far"]
    distant_base = cells(base=({cell: 10.0}, everything), far=(far, everything))
    assert far_off(distant_base) == []


def shifted(**by_dataset):
    """One cell's t on each data set; 0 on the others' cells."""
    ts = dict.fromkeys(ALL, 0.0)
    return ts | {(dataset, "vae", "s_knn"): t for dataset, t in by_dataset.items()}, everything


def test_choices_fitted_to_two_data_sets_are_judged_on_the_other_two():
    """Squares by data set, in the paper's order. base: 4 4 4 4; left: 1 1 9 9; right: 9 9 1 1."""
    given = cells(
        base=shifted(linear_jtex=2, cubic_jtex=2, gaussian=2, mobius=2),
        left=shifted(linear_jtex=1, cubic_jtex=1, gaussian=3, mobius=3),
        right=shifted(linear_jtex=3, cubic_jtex=3, gaussian=1, mobius=1),
    )
    table = held_out(given, ["left", "right"]).set_index("fitted")
    assert list(table.index) == ["; ".join(pair) for pair in itertools.combinations(PAPERS_DATASETS, 2)]
    first, last = table.loc["linear_jtex; cubic_jtex"], table.loc["gaussian; mobius"]
    assert first.tolist() == ["gaussian; mobius", "left", 2, 18, 8, "right", 2]
    assert last.tolist() == ["linear_jtex; cubic_jtex", "right", 2, 18, 8, "left", 2]
    for mixed in table.drop(index=[first.name, last.name]).itertuples():  # 8 against 10 and 10
        assert (mixed.variant, mixed.distance, mixed.best, mixed.best_distance) == ("base", 8, "base", 8)
