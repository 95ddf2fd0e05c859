"""Whether a study's verdicts are at least as good as the published ones."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from libi.judging.claims import NOT_REPRODUCED, REPRODUCED, VERDICTS
from libi.runtime.seals import Damaged, as_its_run_knows_it
from libi.runtime.storage import load_table

GONE = "gone"
NUMBERS = ("value", "uncertainty", "published", "difference", "low", "high", "margin", "p_value")
COLUMNS = ("claim", "family", "verdict", "value", "uncertainty", "published")


class MissingVerdicts(Exception):
    """A file of verdicts is not there."""


def read_verdicts(path: Path, remedy: str, columns: Collection[str] = ()) -> pd.DataFrame:
    """Read a table of verdicts.

    Args:
        path: a table of `libi.paper.verdict.judge`.
        remedy: the command that makes it.
        columns: that it must have, besides those of every such table.

    Raises:
        MissingVerdicts: if it is not there, naming it and the remedy.
        ValueError: if it has no verdicts, or one is not whole, naming the file and the claim.
    """
    if not path.exists():
        raise MissingVerdicts(f"There is no {path} yet. Make it: {remedy}")
    try:
        claims = load_table(as_its_run_knows_it(path))
    except Damaged:
        raise
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as a table of verdicts ({error}); make it again: {remedy}") from None
    lacking = [name for name in (*COLUMNS, *columns) if name not in claims]
    if claims.empty or lacking:
        problem = f"it lacks {', '.join(lacking)}" if lacking else "there is no verdict in it"
        raise ValueError(f"{path}: {problem}; make it again: {remedy}")
    for row in claims[~claims["verdict"].isin(VERDICTS)].itertuples():
        raise ValueError(f"{path}: claim {row.claim!r} has the verdict {row.verdict!r}; allowed: {', '.join(VERDICTS)}")
    for name in claims.loc[claims["claim"].duplicated(), "claim"]:
        raise ValueError(f"{path}: claim {name!r} is in it twice; make it again: {remedy}")
    for column in (name for name in NUMBERS if name in claims):
        numbers = pd.to_numeric(claims[column], errors="coerce")
        for name in claims.loc[numbers.isna() & claims[column].notna(), "claim"]:
            raise ValueError(f"{path}: {column} of claim {name!r} is not a number; make it again: {remedy}")
        claims[column] = numbers
    decided = claims["verdict"].isin([REPRODUCED, NOT_REPRODUCED])
    for name in claims.loc[decided & ~np.isfinite(claims["value"].astype(float)), "claim"]:
        raise ValueError(f"{path}: claim {name!r} is decided, and has no finite value; make it again: {remedy}")
    return claims


def changes(claims: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Claims whose verdict is another than in the reference.

    Args:
        claims: the study's verdicts.
        reference: those to compare with. Claims that only the study has are no change.

    Returns:
        one row a claim: claim, before, now (gone if the study has no such claim), worse. Reproduced is better than not
        decidable, which is better than not reproduced, which is better than gone.
    """
    before = reference.set_index("claim")["verdict"]
    now = claims.set_index("claim")["verdict"].reindex(before.index).fillna(GONE)
    table = pd.DataFrame({"before": before, "now": now})
    rank = {verdict: place for place, verdict in enumerate((*VERDICTS, GONE))}
    table["worse"] = table["now"].map(rank) > table["before"].map(rank)
    return table[table["now"] != table["before"]].reset_index()


def describe(claims: pd.DataFrame) -> str:
    """How many claims of each family have which verdict, and those not reproduced, one a line."""
    families = claims["family"].unique()
    counts = pd.crosstab(claims["family"], claims["verdict"]).reindex(index=families, columns=VERDICTS, fill_value=0)
    counts.loc["all"] = counts.sum()
    lines = [counts.rename_axis(index=None, columns=None).to_string()]
    failed = claims[claims["verdict"] == NOT_REPRODUCED]
    if len(failed):
        lines += ["", "Not reproduced:"]
        lines += [f"  {row.claim}: {_measured(row)}" for row in failed.itertuples()]
    return "\n".join(lines)


def _measured(row: Any) -> str:
    uncertainty = "" if pd.isna(row.uncertainty) else f" ± {row.uncertainty:.2g}"
    published = "" if pd.isna(row.published) else f" (published {row.published:g})"
    return f"{row.value:.4g}{uncertainty}{published}"
