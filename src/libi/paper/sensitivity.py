"""Every cell and every claim under each variant of a study: what stands whatever the choices, and what turns on one."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan, sqrt
from typing import Any

import numpy as np
import pandas as pd

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, VERDICTS, Interval
from libi.judging.intervals import welch
from libi.paper.vocabulary import EXACT, PAPERS_REPLICATES

CELL = ["dataset", "method", "metric"]
MEASURED = ["mean", "sd", "replicates", "paper_mean", "paper_sd"]
COMPARED = ["difference", "low", "high", "t", "same"]
CELL_COLUMNS = ["variant", *CELL, *MEASURED, *COMPARED]
CLAIM_COLUMNS = ["variant", "claim", "family", "verdict", "difference", "low", "high"]
COLUMNS = ["kind", "variant", *CELL, "claim", "family", "verdict", *MEASURED, *COMPARED]
AND = "; "  # between the names of variants
OPPOSITE = {REPRODUCED: NOT_REPRODUCED, NOT_REPRODUCED: REPRODUCED}


def gather_cells(tables: Mapping[str, pd.DataFrame], published: pd.DataFrame) -> pd.DataFrame:
    """Put the cells of all variants beside the paper's.

    Args:
        tables: results/table1.csv of each variant, by its name; the base comes first. A variant may lack cells.
        published: the paper's Table 1: dataset, method, metric, mean, sd.

    Returns:
        one row a variant and cell that the variant has: variant, dataset, method, metric (test_ll, s_knn, and
        test_ll_exact beside the paper's test_ll), mean, sd, replicates, paper_mean, paper_sd, difference (ours less the
        paper's), low and high (ends of its 95 % Welch interval, n = 5 for the paper), t (Welch's: the difference by its
        standard error) and same (whether mean and sd are exactly the base's: the variant does not touch the cell).
    """
    paper = published[[*CELL, "mean", "sd"]].rename(columns={"mean": "paper_mean", "sd": "paper_sd"})
    paper = pd.concat([paper, paper[paper["metric"] == "test_ll"].assign(metric=EXACT)])
    ours = pd.concat([table.assign(variant=name) for name, table in tables.items()], ignore_index=True)
    cells = ours[["variant", *CELL, "mean", "sd", "replicates"]].merge(paper, "inner", CELL)
    cells = cells.join(pd.DataFrame(list(map(_compare, cells.itertuples())), cells.index, COMPARED[:-1], dtype=float))
    base = cells.loc[cells["variant"] == next(iter(tables)), [*CELL, "mean", "sd"]]
    bases = cells[CELL].merge(base.assign(known=True), "left", CELL)
    equal = ((cells[name] == bases[name]) | (cells[name].isna() & bases[name].isna()) for name in ("mean", "sd"))
    return cells.assign(same=bases["known"].notna() & np.logical_and(*equal))[CELL_COLUMNS]


def _compare(cell: Any) -> tuple[float, float, float, float]:
    """Difference from the paper's mean, the ends of its interval, and Welch's t; without an sd the difference alone."""
    if not cell.replicates > 1 or np.isnan(cell.sd):
        return cell.mean - cell.paper_mean, nan, nan, nan
    paper = (cell.paper_mean, cell.paper_sd, PAPERS_REPLICATES)
    interval: Interval = welch((cell.mean, cell.sd, cell.replicates), paper)
    error = sqrt(cell.sd**2 / cell.replicates + cell.paper_sd**2 / PAPERS_REPLICATES)
    return *interval, interval.centre / error


def gather_claims(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the verdicts of all variants under one another.

    Args:
        tables: results/claims.csv of each variant, by its name; the base comes first.

    Returns:
        one row a variant and claim: variant, claim, family, verdict, difference, low, high (see
        `libi.judging.claims.Claim`).
    """
    return pd.concat([table.assign(variant=name) for name, table in tables.items()], ignore_index=True)[CLAIM_COLUMNS]


def sensitivity_table(cells: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """One table of `gather_cells` and `gather_claims`, for results/sensitivity.csv.

    Returns:
        one row a variant and cell (kind "cell") or claim (kind "claim"). Columns: kind; variant; dataset, method and
        metric of a cell; claim, family and verdict of a claim; and the numbers, which are missing where a kind has not
        got them.
    """
    both = pd.concat([cells.astype({"same": object}).assign(kind="cell"), claims.assign(kind="claim")])
    return both[COLUMNS].reset_index(drop=True)


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells and the claims of a `sensitivity_table`, as `gather_cells` and `gather_claims` returned them."""
    cells, claims = (
        table.loc[table["kind"] == kind, columns].reset_index(drop=True)
        for kind, columns in (("cell", CELL_COLUMNS), ("claim", CLAIM_COLUMNS))
    )
    return cells.astype({"same": bool}), claims


def judges(claims: pd.DataFrame) -> pd.Series:
    """Whether each verdict is about something measured: a variant with fewer data sets cannot judge some claims."""
    open_without_numbers = (claims["verdict"] == NOT_DECIDABLE) & claims["low"].isna()
    return (claims["verdict"] != NOT_TESTABLE) & ~open_without_numbers


def stable_claims(claims: pd.DataFrame) -> pd.DataFrame:
    """Which claims stand or fall whatever the choices, and which turn on a choice.

    A verdict turns if it is reproduced in one place and not reproduced in the other. A change from or to not decidable
    is weaker, and counted apart. Variants that have not measured what a claim is about are left out.

    Args:
        claims: result of `gather_claims`; the first variant is the base.

    Returns:
        one row a claim, in the order of the base. claim, family; base (its verdict there); verdicts (all that occur,
        best first); reproduced, not_decidable, not_reproduced (how many variants, with the base); unjudged (how many
        cannot judge it); touched (of how many that judge it the difference is not the base's); stands (reproduced in
        the base and in all others that judge it); falls (not reproduced in all); turned_by (the variants whose verdict
        is the opposite of the base's; if the base is undecided and others decide both ways, those that do not reproduce
        it); blurred_by (the other variants whose verdict is not the base's). Variants are joined by "; ".
    """
    base = claims["variant"].iloc[0]
    rows = [_stability(name, group, base) for name, group in claims.groupby("claim", sort=False)]
    return pd.DataFrame(rows)


def _stability(claim: str, rows: pd.DataFrame, base: str) -> dict[str, object]:
    rows = rows.set_index("variant")
    judged, moved = rows.loc[judges(rows), "verdict"], rows["difference"] != rows["difference"].get(base)
    counts = {verdict: int((judged == verdict).sum()) for verdict in (REPRODUCED, NOT_DECIDABLE, NOT_REPRODUCED)}
    at_base = rows["verdict"].get(base, NOT_DECIDABLE)
    other = judged[judged != at_base]
    both_ways = counts[REPRODUCED] > 0 and counts[NOT_REPRODUCED] > 0
    turned = other[(other == OPPOSITE.get(at_base, NOT_REPRODUCED)) & both_ways].index
    return {
        "claim": claim,
        "family": rows["family"].iloc[0],
        "base": at_base,
        "verdicts": AND.join(verdict for verdict in VERDICTS if (rows["verdict"] == verdict).any()),
        **{verdict.replace(" ", "_"): number for verdict, number in counts.items()},
        "unjudged": len(rows) - len(judged),
        "touched": int(moved[judged.index].sum()),
        "stands": at_base == REPRODUCED and counts[REPRODUCED] == len(judged),
        "falls": at_base == NOT_REPRODUCED and counts[NOT_REPRODUCED] == len(judged),
        "turned_by": AND.join(turned),
        "blurred_by": AND.join(other.index.difference(turned, sort=False)),
    }
