"""The verdicts on the paper's claims: how many of each family, and each claim beside what was measured."""

from __future__ import annotations

from math import floor, isnan, log10
from typing import Any

import pandas as pd

from libi import __version__
from libi.judging.claims import NOT_REPRODUCED, VERDICTS
from libi.judging.closed_forms import CLOSED_FORM
from libi.paper.claims import says
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS, TRUTH
from libi.rendering.latex import measured, printed, probability, text

CELLS = "cell"
NO_WIDTH = 1e-6  # width of an interval below which it is the error of a closed form
PARTS = {"henze_zirkler": "Henze–Zirkler"}


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


def claim_title(claim: str) -> str:
    """A claim in words: "S-kNN of VAE on LinearJTEx", "more rounds improve LiBI, Gaussian"."""
    name, *parts = claim.split("-")
    if name == CELLS:
        dataset, method, metric = parts
        return f"{PAPERS_METRICS[metric]} of {PAPERS_METHODS[method]} on {PAPERS_DATASETS[dataset]}"
    known = PAPERS_DATASETS | PAPERS_METHODS | PAPERS_METRICS | PARTS
    title = says().get(name, {}).get("title", name.replace("_", " "))
    return ", ".join([title, *(known.get(part, part.replace("_", " ")) for part in parts)])


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

    What the paper says stands above the claims that it makes, and what was measured above those measured so. A claim
    is a row: the data set it is about, our value, the interval that decides, the published value, and the verdict.
    What is to be noted of claims stands below them.

    Args:
        claims: results/claims.csv.
        study: name of the study, for the comment in the first line.
    """
    listed = claims[base_of(claims) != CELLS]
    lines = [
        f"% Claims and verdicts of the study {study}, made by libi {__version__}.",
        r"\begin{longtable}{>{\hspace{2em}}p{0.15\linewidth}>{\raggedright}p{0.2\linewidth}>{\raggedright}p{0.24\linewidth}"
        r">{\raggedright}p{0.08\linewidth}>{\raggedright\arraybackslash}p{0.15\linewidth}}",
        r"\caption{Every claim but the cells of Table 1.}\\",
        r"\toprule & ours & 95\% interval & published & verdict \\ \midrule \endfirsthead",
        r"\toprule & ours & 95\% interval & published & verdict \\ \midrule \endhead",
        r"\bottomrule \endfoot",
    ]
    dataset = listed["claim"].map(_dataset)
    of_all = [pd.Series(map(_of_all, listed[name], dataset), listed.index) for name in ("where", "statement")]
    for (where, statement), said in listed.groupby(of_all, sort=False):
        quoted = rf"\emph{{{text(where)}.}} {text(statement)}"
        lines.append(rf"{_across(quoted)} \\*")
        for measure, alike in said.groupby("measure", sort=False, dropna=False):
            lines.append(rf"{_across(text(measure), indent=1)} \\*")
            *first, last = [*map(_row, alike.itertuples()), *_notes(alike)]
            lines += [*(rf"{row} \\*" for row in first), rf"{last} \\ \addlinespace"]
    return "\n".join([*lines, r"\end{longtable}", ""])


def _of_all(words: str, title: str) -> str:
    """What the paper says of several data sets, without the one that a claim is about."""
    for ending in (f": on {title}", f" on {title}", f", {title}") if title else ():
        words = words.removesuffix(ending)
    return words


def _notes(alike: pd.DataFrame) -> list[str]:
    """What is to be noted of claims, each with the data sets of those that it is about, if not of all."""
    found = []
    for note, noted in alike.dropna(subset="note").groupby("note", sort=False):
        about = ", ".join(filter(None, map(_about, noted["claim"]))) if len(noted) < len(alike) else ""
        found.append(_across(text(f"{about}: {note}" if about else str(note)), indent=2))
    return found


def _across(words: str, indent: int = 0) -> str:
    """Words over all columns, with so many ems to their left."""
    column = rf">{{\raggedright\arraybackslash\leftskip={indent}em}}p{{\dimexpr\linewidth-2\tabcolsep\relax}}"
    return rf"\multicolumn{{5}}{{{column}}}{{{words}}}"


def _count(name: str, claims: pd.DataFrame, shown: tuple[str, ...]) -> str:
    numbers = [len(claims), *((claims["verdict"] == verdict).sum() for verdict in shown)]
    return " & ".join([name, *map(str, numbers)]) + r" \\"


def _row(row: Any) -> str:
    """A claim: what it is about, our value, interval and p-value, the published value, the verdict."""
    value = "--" if isnan(row.value) else measured(row.value, row.uncertainty)
    decides = span(row.low, row.high) if not isnan(row.low) and row.high - row.low > NO_WIDTH else "--"
    if not isnan(row.p_value):
        decides += f" ({probability(row.p_value)})"
    published = "--" if isnan(row.published) else printed(row.published)
    verdict = rf"\textbf{{{row.verdict}}}" if row.verdict == NOT_REPRODUCED else row.verdict
    return f"{text(_about(row.claim))} & {value} & {decides} & {published} & {verdict}"


def _dataset(claim: str) -> str:
    """The data set that a claim is about, as printed; empty if it is not about one."""
    return next((PAPERS_DATASETS[part] for part in claim.split("-") if part in PAPERS_DATASETS), "")


def _about(claim: str) -> str:
    """The data set and the method that a claim is about, as printed; empty if it is about none."""
    methods = PAPERS_METHODS | {TRUTH: "truth"}
    method = next((methods[part] for part in claim.split("-") if part in methods), "")
    return ", ".join(filter(None, [_dataset(claim), method]))


def span(low: float, high: float) -> str:
    """An interval in LaTeX, with as many decimals as its width needs."""
    decimals = max(0, min(6, 1 - floor(log10(high - low))))
    return f"${low:+z.{decimals}f}$ to ${high:+z.{decimals}f}$"
