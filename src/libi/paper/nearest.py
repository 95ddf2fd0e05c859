"""Which set of choices brings the methods that are not LiBI nearest to the published table.

The distance of a variant is the sum of squared Welch t over cells. Of two studies of 5 replicates that do the same, it
is about 4/3 a cell (the mean of t² with 8 degrees of freedom), or 43 over 32 cells. A variant with a large spread of
its own is near by this measure too. So the number of cells that agree stands beside it, and the distance without the
column that the paper calls unreliable.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from libi.paper.sensitivity import AND, CELL
from libi.paper.vocabulary import LIBI, PAPERS_DATASETS, PAPERS_METRICS, UNRELIABLE

ALIKE = 4 / 3 * 32  # the distance of two studies that do the same, over the 32 cells
FAR = 10  # times the base's distance, or that one if it is more: no reader takes such a variant for the paper's study


def nearest(cells: pd.DataFrame, allowed: Sequence[str]) -> pd.DataFrame:
    """Rank variants by their distance from the published table.

    A cell that a variant has no row of (it was run on fewer data sets or methods) is taken from the base, as one that
    it does not touch. A cell that it has without an interval, since a replicate failed, leaves it without a distance:
    it comes last.

    Args:
        cells: result of `libi.paper.sensitivity.gather_cells`; the first variant is the base. Its rows of
            test_ll_exact are ignored.
        allowed: the variants to rank: those that the paper's words allow. The base is always among them.

    Returns:
        one row a variant, the nearest first: variant; distance_32 (over the 32 cells that are not LiBI's),
        distance_32_reliable (without CubicJTEx's Test-LL), agreeing_32 (cells whose 95 % interval holds 0),
        distance_40 and agreeing_40 (over all cells), and distance_{dataset}, over the data set's cells of the 32.

    Raises:
        ValueError: if an allowed variant is unknown.
    """
    full = _complete(cells, allowed)
    others = full["method"] != LIBI
    reliable = others & ~((full["dataset"] == UNRELIABLE[0]) & (full["metric"] == UNRELIABLE[1]))
    columns = {
        "distance_32": _total(full[others], "squared"),
        "distance_32_reliable": _total(full[reliable], "squared"),
        "agreeing_32": _total(full[others], "agrees"),
        "distance_40": _total(full, "squared"),
        "agreeing_40": _total(full, "agrees"),
    }
    by_dataset = _by_dataset(full).add_prefix("distance_")
    table = pd.DataFrame(columns).join(by_dataset).rename_axis("variant").reset_index()
    return table.sort_values("distance_32", kind="stable", ignore_index=True)


def far_off(cells: pd.DataFrame) -> list[str]:
    """The variants that are more than ten times as far from the published table as the base.

    Args:
        cells: result of `libi.paper.sensitivity.gather_cells`; the first variant is the base.
    """
    base = cells["variant"].iloc[0]
    distances = nearest(cells, list(cells["variant"].unique())).set_index("variant")["distance_32"]
    limit = FAR * max(ALIKE, distances[base])
    return [variant for variant in cells["variant"].unique() if distances[variant] > limit]


def held_out(cells: pd.DataFrame, allowed: Sequence[str]) -> pd.DataFrame:
    """Whether the choices nearest on two data sets are near on the other two.

    Args:
        cells: see `nearest`.
        allowed: see `nearest`.

    Returns:
        one row a choice of two data sets to fit, all over the cells that are not LiBI's: fitted and held_out (data
        sets, joined by "; "), variant (the nearest on the fitted ones; of equals the first, the base before all),
        distance_fitted, distance (its distance on those held out), base_distance (the base's there), best (the variant
        nearest there) and best_distance.
    """
    distances = _by_dataset(_complete(cells, allowed))
    base = cells["variant"].iloc[0]
    rows = []
    for fitted in combinations(distances.columns, 2):
        others = [dataset for dataset in distances if dataset not in fitted]
        inside, outside = (distances[list(some)].sum(axis=1, skipna=False) for some in (fitted, others))
        chosen, best = inside.idxmin(), outside.idxmin()
        rows.append(
            {
                "fitted": AND.join(fitted),
                "held_out": AND.join(others),
                "variant": chosen,
                "distance_fitted": inside[chosen],
                "distance": outside[chosen],
                "base_distance": outside[base],
                "best": best,
                "best_distance": outside[best],
            }
        )
    return pd.DataFrame(rows)


def _complete(cells: pd.DataFrame, allowed: Sequence[str]) -> pd.DataFrame:
    """All cells of the base and the allowed variants: variant, dataset, method, metric, squared (t²), agrees."""
    known, base = set(cells["variant"]), cells["variant"].iloc[0]
    for name in allowed:
        if name not in known:
            raise ValueError(f"variant {name!r} is not among the cells; there are {', '.join(sorted(known))}")
    printed = cells[cells["metric"].isin(list(PAPERS_METRICS))]
    printed = printed.assign(squared=printed["t"] ** 2, agrees=(printed["low"] <= 0) & (printed["high"] >= 0))
    of_base = printed[printed["variant"] == base].set_index(CELL)
    tables = []
    for name in dict.fromkeys([base, *allowed]):
        own = printed[printed["variant"] == name].set_index(CELL)
        absent = of_base[~of_base.index.isin(own.index)]
        whole = pd.concat([own, absent]).reindex(of_base.index)
        tables.append(whole.assign(variant=name).reset_index()[["variant", *CELL, "squared", "agrees"]])
    return pd.concat(tables, ignore_index=True).astype({"agrees": bool})


def _total(cells: pd.DataFrame, column: str) -> pd.Series:
    """The sum of each variant's cells, in the order of the variants; missing if one of them is."""
    return cells.groupby("variant", sort=False)[column].sum(skipna=False)


def _by_dataset(cells: pd.DataFrame) -> pd.DataFrame:
    """Distance of each variant (rows) on each data set (columns) over the cells that are not LiBI's."""
    some = cells[cells["method"] != LIBI]
    sums = some.groupby(["variant", "dataset"], sort=False)["squared"].sum(skipna=False).unstack()
    shown = [dataset for dataset in PAPERS_DATASETS if dataset in sums]
    return sums.reindex(index=cells["variant"].unique(), columns=shown)
