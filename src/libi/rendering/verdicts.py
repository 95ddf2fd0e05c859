"""The verdicts on the paper's claims: how many of each family, and each claim beside what was measured."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd

from libi import __version__
from libi.paper.vocabulary import DATASETS, VERDICTS
from libi.rendering.comparison import interval
from libi.rendering.latex import measured, printed, probability, text

ALIKE = ["where", "statement", "measure", "note"]
# Worst first: a reader looks for what did not hold.
CELLS = "cell"


def base_of(claims: pd.DataFrame) -> pd.Series:
    """The saying that each claim is judged by: its name up to the first hyphen, as in config/published_claims.csv."""
    return claims["claim"].str.split("-").str[0]


def counts_to_latex(claims: pd.DataFrame, *, study: str) -> str:
    r"""Write in LaTeX how many claims of each family have which verdict: a tabular for booktabs.

    Args:
        claims: results/claims.csv.
        study: name of the study, for the comment in the first line.
    """
    shown = VERDICTS
    lines = [
        f"% Verdicts of the study {study}, made by libi {__version__}.",
        r"\begin{tabular}{lrrrrr}",
        r"\toprule",
        "Claims & number & " + " & ".join(shown) + r" \\",
        r"\midrule",
        *(_count(text(family), claims[claims["family"] == family], shown) for family in claims["family"].unique()),
        r"\midrule",
        _count("all", claims, shown),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join([*lines, ""])


def claims_to_latex(claims: pd.DataFrame, *, study: str) -> str:
    r"""Write every claim but the cells of Table 1 in LaTeX: a longtable over the text's width, for booktabs and array.

    Grouped by verdict, worst first; within a verdict in the order given. Claims that differ in their numbers alone,
    such as those about several data sets, share a line.

    Args:
        claims: results/claims.csv.
        study: name of the study, for the comment in the first line.
    """
    listed = claims[base_of(claims) != CELLS]
    heads = r"The paper says & We find \\"
    width = r"p{\dimexpr0.5\linewidth-2\tabcolsep\relax}"
    lines = [
        f"% Claims and verdicts of the study {study}, made by libi {__version__}.",
        rf"\begin{{longtable}}{{>{{\raggedright}}{width}>{{\raggedright\arraybackslash}}{width}}}",
        rf"\toprule {heads} \midrule \endhead",
        r"\bottomrule \endfoot",
    ]
    for verdict in reversed(VERDICTS):
        rows = listed[listed["verdict"] == verdict]
        if len(rows):
            title = rf"\multicolumn{{2}}{{l}}{{\textbf{{{verdict.capitalize()}: {len(rows)} of {len(listed)}}}}}"
            groups = rows.groupby(ALIKE, sort=False, dropna=False)
            lines += [rf"{title} \\* \addlinespace", *(_claims(group) for _, group in groups)]
    return "\n".join([*lines, r"\end{longtable}", ""])


def _count(name: str, claims: pd.DataFrame, shown: tuple[str, ...]) -> str:
    numbers = [len(claims), *((claims["verdict"] == verdict).sum() for verdict in shown)]
    return " & ".join([name, *map(str, numbers)]) + r" \\"


def _claims(claims: pd.DataFrame) -> str:
    """A line of claims that differ in their numbers alone: where and what the paper says; what was measured of each."""
    one = claims.iloc[0]
    said = rf"\emph{{{text(one['where'])}.}} {text(one['statement'])}"
    found = "; ".join(filter(None, map(_found, claims.itertuples())))
    measure = "; ".join([text(one["measure"]), *([] if pd.isna(one["note"]) else [text(one["note"])])])
    return f"{said} & {': '.join(filter(None, [found, measure]))}. \\\\ \\addlinespace"


def _found(row: Any) -> str:
    """The data set that a claim is about, our value, and in brackets the published one and the p-value."""
    about = [DATASETS[part] for part in row.claim.split("-") if part in DATASETS]
    beside = [
        *([] if isnan(row.published) else [f"published: {printed(row.published)}"]),
        *([] if isnan(row.p_value) else [probability(row.p_value)]),
    ]
    value = "" if isnan(row.value) else measured(row.value, row.uncertainty)
    if not isnan(row.low) and row.high > row.low:
        beside.insert(0, f"95\\% interval {interval(row.low, row.high)}")
    value += f" ({'; '.join(beside)})" if value and beside else ""
    return " ".join([*about, *([value] if value else [])])
