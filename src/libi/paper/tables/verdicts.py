"""The verdicts on the paper's claims: how many of each family, and each claim beside what was measured."""

from __future__ import annotations

from math import floor, isnan, log10
from typing import Any

import pandas as pd

from libi import __version__
from libi.judging.claims import NOT_REPRODUCED, VERDICTS
from libi.judging.closed_forms import CLOSED_FORM
from libi.paper.titles import CELLS, base_title, capital, claim_title, parts_of
from libi.paper.vocabulary import PAPERS_DATASETS
from libi.rendering.latex import measured, printed, probability, text

NO_WIDTH = 1e-6  # width of an interval below which it is the error of a closed form


def base_of(claims: pd.DataFrame) -> pd.Series:
    """The published claim by which each is judged: its name up to the first hyphen."""
    return claims["claim"].str.split("-").str[0]


def of_algebra(claims: pd.DataFrame) -> pd.Series:
    """Which claims check algebra: a closed form decides them, and no data can change their verdicts.

    Of claims without their measures, as those of variants are, none is known to.
    """
    if "measure" not in claims:
        return pd.Series(False, claims.index)
    return claims["measure"].str.contains(CLOSED_FORM.split(";")[0], regex=False)


def by_kind(claims: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The claims about trained models, the cells of Table 1, and the checks of algebra."""
    cells, algebra = base_of(claims) == CELLS, of_algebra(claims)
    return {
        "claims about trained models": claims[~cells & ~algebra],
        "cells of Table 1": claims[cells],
        "checks of algebra": claims[algebra],
    }


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

    A row has what is claimed, our value, the interval that decides, the p-value, the published value, and the verdict.
    Claims of the same kind stand below their title, each with what it is about.

    Args:
        claims: results/claims.csv.
        study: name of the study, for the comment in the first line.
    """
    listed, heads = _listed(claims), r" & ours & 95\% interval & $p$ & published & verdict \\ \midrule"
    columns = "".join(rf">{{\raggedright}}p{{{share}\linewidth}}" for share in (0.215, 0.18, 0.195, 0.085, 0.075))
    lines = [
        f"% Claims and verdicts of the study {study}, made by libi {__version__}.",
        rf"\begin{{longtable}}{{{columns}>{{\raggedright\arraybackslash}}p{{0.145\linewidth}}}}",
        r"\caption{Every claim but the cells of Table 1.}\label{tab:claims}\\",
        rf"\toprule claim{heads} \endfirsthead",
        rf"\toprule claim{heads} \endhead",
        r"\bottomrule \endfoot",
    ]
    for _, alike in listed.groupby(base_of(listed), sort=False):
        if len(alike) == 1:
            lines.append(rf"{_row(text(capital(claim_title(alike['claim'].iloc[0]))), next(alike.itertuples()))} \\")
            continue
        *others, last = [_row(rf"\quad {text(parts_of(row.claim))}", row) for row in alike.itertuples()]
        heading = rf"\multicolumn{{6}}{{l}}{{{text(capital(base_title(alike['claim'].iloc[0])))}}}"
        lines += [*(rf"{row} \\*" for row in (heading, *others)), rf"{last} \\"]
    return "\n".join([*lines, r"\end{longtable}", ""])


def measures_to_latex(claims: pd.DataFrame, *, study: str) -> str:
    r"""Write in LaTeX what the paper says of these claims and what was measured for them: a list, for enumitem.

    Args:
        claims: results/claims.csv.
        study: name of the study, for the comment in the first line.
    """
    listed = _listed(claims)
    lines = [f"% What was measured in the study {study}, made by libi {__version__}.", r"\begin{description}[nosep]"]
    dataset = listed["claim"].map(_dataset)
    listed = listed.assign(**{name: list(map(_of_all, listed[name], dataset)) for name in ("where", "statement")})
    for _, alike in listed.groupby(base_of(listed), sort=False):
        said = alike[["where", "statement"]].drop_duplicates().itertuples(index=False)
        words = [rf"\emph{{{text(one.where)}:}} {_sentence(one.statement)}" for one in said]
        words += [rf"\emph{{Measured:}} {_sentence(one)}" for one in alike["measure"].dropna().unique()]
        words += [rf"\emph{{Note:}} {_sentence(note)}" for note in _notes(alike)]
        lines.append(rf"\item[{_sentence(capital(base_title(alike['claim'].iloc[0])))}] {' '.join(words)}")
    return "\n".join([*lines, r"\end{description}", ""])


def _listed(claims: pd.DataFrame) -> pd.DataFrame:
    """The claims that are no cells of Table 1."""
    return claims[base_of(claims) != CELLS]


def _sentence(words: str) -> str:
    """Words in LaTeX that end with a full stop."""
    return text(words if words.endswith((".", '."', "?")) else f"{words}.")


def _of_all(words: str, title: str) -> str:
    """What the paper says of several data sets, without the one that a claim is about."""
    for ending in (f": on {title}", f" on {title}", f", {title}") if title else ():
        words = words.removesuffix(ending)
    return words


def _notes(alike: pd.DataFrame) -> list[str]:
    """The notes on claims. One that is not on all of them begins with what its claims are about."""
    found = []
    for note, noted in alike[alike["note"].fillna("") != ""].groupby("note", sort=False):
        about = "; ".join(filter(None, map(parts_of, noted["claim"]))) if len(noted) < len(alike) else ""
        found.append(f"{about}: {note}" if about else str(note))
    return found


def _count(name: str, claims: pd.DataFrame, shown: tuple[str, ...]) -> str:
    numbers = [len(claims), *((claims["verdict"] == verdict).sum() for verdict in shown)]
    return " & ".join([name, *map(str, numbers)]) + r" \\"


def _row(name: str, row: Any) -> str:
    """A claim: its name in LaTeX, our value, interval and p-value, the published value, the verdict."""
    value = "--" if isnan(row.value) else measured(row.value, row.uncertainty)
    decides = span(row.low, row.high) if not isnan(row.low) and row.high - row.low > NO_WIDTH else "--"
    p_value = "--" if isnan(row.p_value) else probability(row.p_value)
    published = "--" if isnan(row.published) else printed(row.published)
    verdict = rf"\textbf{{{row.verdict}}}" if row.verdict == NOT_REPRODUCED else row.verdict
    return f"{name} & {value} & {decides} & {p_value} & {published} & {verdict}"


def _dataset(claim: str) -> str:
    """The data set that a claim is about, as printed; empty if it is not about one."""
    return next((PAPERS_DATASETS[part] for part in claim.split("-") if part in PAPERS_DATASETS), "")


def span(low: float, high: float) -> str:
    """An interval in LaTeX, with as many decimals as its width needs."""
    decimals = max(0, min(6, 1 - floor(log10(high - low))))
    return f"${low:+z.{decimals}f}$ to ${high:+z.{decimals}f}$"
