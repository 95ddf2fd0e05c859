"""Tables of the sensitivity study and of the power study, in LaTeX and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import floor, inf, isinf, isnan, log10, nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from libi import __version__
from libi.judging.claims import NOT_DECIDABLE
from libi.judging.comparisons import ALIKE, BETTER, LEVEL, pairs_in
from libi.paper.sensitivity import AND, judges
from libi.paper.tables.conclusions import FAILS, HOLDS, OPEN, PARTLY, conclude
from libi.paper.titles import CELLS, claim_title
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_REPLICATES
from libi.rendering.latex import MISSING, enumeration, text

TOP = 10  # variants of a ranking that are shown
FEW, MANY = 5, 25  # replicates of the paper's study and of the power study
MOST = 10_000  # replicates beyond which a claim counts as beyond reach
RANKED = ["distance_32", "distance_32_reliable", "agreeing_32", "distance_40", "agreeing_40"]
RANKED_HEADS = ["32 cells", "reliable", "agreeing", "40 cells", "agreeing"]
OUTCOMES = ["claims", "stand", "fall", "turn", "open"]
OF_CONCLUSIONS = [HOLDS, PARTLY, OPEN, FAILS]
Table = tuple[list[str], list[list[str]]]  # heads, rows of cells


# ------------------------------------------------------------------------------------------------------ what is shown


def count_by_family(stable: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each family stand whatever the choices.

    Args:
        stable: result of `libi.paper.sensitivity.stable_claims`.

    Returns:
        one row a family, and a last one of all: family, claims, stand, fall, turn (on a choice), open (the others: not
        testable, or undecided in the base or under some choice, and never turned).
    """
    turns = stable["turned_by"] != ""
    table = stable.assign(claims=1, stand=stable["stands"], fall=stable["falls"], turn=turns)
    table["open"] = ~(table["stand"] | table["fall"] | table["turn"])
    counts = table.astype(dict.fromkeys(OUTCOMES, int)).groupby("family", sort=False)[OUTCOMES].sum()
    return pd.concat([counts, counts.sum().to_frame("all").T]).rename_axis("family").reset_index()


def stable_conclusions(claims: pd.DataFrame) -> pd.DataFrame:
    """The paper's main conclusions under each choice.

    Args:
        claims: result of `libi.paper.sensitivity.gather_claims`; the first variant is the base.

    Returns:
        one row a conclusion: conclusion; base (its verdict there); holds, holds in part, is open, does not hold (how
        many variants, with the base); changed_by (the variants whose verdict is not the base's, joined by "; "). A
        variant that cannot judge all claims that the base judges does not count.
    """
    judged = claims[judges(claims)].assign(value=claims["difference"])
    tables = {name: conclude(rows).set_index("conclusion") for name, rows in judged.groupby("variant", sort=False)}
    base = tables[claims["variant"].iloc[0]]
    rows = []
    for name, of_base in base.iterrows():
        counted = {variant: table.loc[name] for variant, table in tables.items()}
        verdicts = {v: row["verdict"] for v, row in counted.items() if row["claims"] == of_base["claims"]}
        row = {"conclusion": name, "base": of_base["verdict"]}
        row |= {verdict: sum(found == verdict for found in verdicts.values()) for verdict in OF_CONCLUSIONS}
        changed = [variant for variant, found in verdicts.items() if found != of_base["verdict"]]
        rows.append(row | {"changed_by": AND.join(changed)})
    return pd.DataFrame(rows)


# -------------------------------------------------------------------------------------------------- the power study


def undecided_side_by_side(at5: pd.DataFrame, at25: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The claims that 5 or 25 replicates leave open, by both, and how many would decide those that 25 leave open.

    An interval of half-width h about the difference d decides a claim once h is small enough: below max(|d|, margin)
    for a cell; d or margin − d for "better"; ±(margin − |d|) for "alike"; |d − margin| for a number beside a bound.
    `needed` is the least number from 25 on for which that is so, with d and our sd as they are at 25. The sd follows
    from h and Student's quantile at 25. A cell's h is Welch's, with the paper's sd and 5 replicates, whose share no
    replicate of ours makes smaller. Where p-values are corrected for the other claims of a family, the interval has
    Bonferroni's confidence. Holm's correction is never stricter, so fewer may do.

    Args:
        at5: results/claims.csv of 5 replicates.
        at25: the same of 25 replicates.
        published: the paper's Table 1: dataset, method, metric, mean, sd.

    Returns:
        one row a claim that is not decidable at 5 replicates or at 25, and measured at both: claim, family, verdict_5,
        verdict_25, difference_5, low_5, high_5, difference_25, low_25, high_25, and needed (replicates; missing if
        decided, infinite if 10,000 would not do).
    """
    numbers = ["difference", "low", "high"]
    first = at5.loc[judges(at5), ["claim", "family", "verdict", *numbers]]
    later = at25.loc[judges(at25), ["claim", "verdict", *numbers, "margin", "uncertainty", "test", "p_value", "note"]]
    table = first.merge(later, "inner", "claim", suffixes=(f"_{FEW}", f"_{MANY}"))
    verdicts = [f"verdict_{FEW}", f"verdict_{MANY}"]
    table = table[(table[verdicts] == NOT_DECIDABLE).any(axis=1)].reset_index(drop=True)
    paper = {
        "-".join([CELLS, row.dataset, row.method, row.metric]): row.sd for row in published.itertuples(index=False)
    }
    tested = at25.groupby("family")["p_value"].count()
    table["needed"] = [
        _needed(row, paper.get(row["claim"], nan), int(tested[row["family"]]))
        if row[f"verdict_{MANY}"] == NOT_DECIDABLE
        else nan
        for row in table.to_dict("records")
    ]
    return table[["claim", "family", *verdicts, *(f"{name}_{n}" for n in (FEW, MANY) for name in numbers), "needed"]]


def _needed(row: Mapping[str, Any], paper_sd: float, claims: int) -> float:
    """Replicates that decide a claim of a family in which so many are tested."""
    replicates = np.arange(MANY, MOST + 1)
    if not isnan(paper_sd):
        ours, theirs = row["uncertainty"] ** 2 / replicates, paper_sd**2 / PAPERS_REPLICATES
        freedom = (ours + theirs) ** 2 / (ours**2 / (replicates - 1) + theirs**2 / (PAPERS_REPLICATES - 1))
        halves = t.isf(LEVEL, freedom) * np.sqrt(ours + theirs)
        return _first(replicates, halves < max(abs(row[f"difference_{MANY}"]), row["margin"]))
    half = (row[f"high_{MANY}"] - row[f"low_{MANY}"]) / 2
    errors = half / t.isf(LEVEL, MANY - 1) * np.sqrt(MANY / replicates)
    return min(
        _first(replicates, t.isf(LEVEL / tests, replicates - 1) * errors < distance)
        for distance, tests in _ways_to_decide(row, claims)
    )


def _first(replicates: np.ndarray, enough: np.ndarray) -> float:
    return float(replicates[enough.argmax()]) if enough.any() else inf


def _ways_to_decide(row: Mapping[str, Any], claims: int) -> list[tuple[float, int]]:
    """How far the difference at 25 is from what decides for a claim and against it, and how many tests share the level.

    See `libi.judging.comparisons.judge_family`: only what is against a claim counts each of its pairs.
    """
    difference, margin, pairs = row[f"difference_{MANY}"], row["margin"], pairs_in(str(row["note"]))
    if row["test"].startswith(BETTER):
        return [(difference, claims), (margin - difference, claims * pairs)]
    if row["test"].startswith(ALIKE):
        return [(margin - abs(difference), claims), (abs(difference) - margin, 2 * claims * pairs)]
    return [(abs(difference - margin), 1)]


# ----------------------------------------------------------------------------------------------------------- tables


def _ranking(ranking: pd.DataFrame, base: str, named: Callable[[str], str]) -> Table:
    """The nearest variants, and the base wherever it stands."""
    places = ranking.assign(place=range(1, len(ranking) + 1))
    shown = places[(places["place"] <= TOP) | (places["variant"] == base)]
    datasets = [dataset for dataset in PAPERS_DATASETS if f"distance_{dataset}" in ranking]
    heads = ["", "choices", *RANKED_HEADS, *(PAPERS_DATASETS[dataset] for dataset in datasets)]
    columns = [*RANKED, *(f"distance_{dataset}" for dataset in datasets)]
    rows = [
        [str(row["place"]), named(row["variant"]), *(_whole(row[column]) for column in columns)]
        for row in shown.to_dict("records")
    ]
    return heads, rows


def _held_out(held_out: pd.DataFrame, named: Callable[[str], str]) -> Table:
    heads = ["fitted to", "nearest there", "distance on the others", "the base's", "least", "by"]
    rows = [
        [
            enumeration([PAPERS_DATASETS[dataset] for dataset in row.fitted.split(AND)]),
            named(row.variant),
            *(f"{distance:.1f}" for distance in (row.distance, row.base_distance, row.best_distance)),
            named(row.best),
        ]
        for row in held_out.itertuples()
    ]
    return heads, rows


def _counts(counts: pd.DataFrame, plain: Callable[[str], str]) -> Table:
    return ["claims", "number", *OUTCOMES[1:]], [
        [plain(row["family"]), *(str(row[name]) for name in OUTCOMES)] for row in counts.to_dict("records")
    ]


def _turning(stable: pd.DataFrame, plain: Callable[[str], str]) -> Table:
    """Claims that the same variants turn from the same verdict share a row."""
    turned = stable[stable["turned_by"] != ""]
    rows = [
        ["; ".join(plain(claim_title(name)) for name in alike["claim"]), base, plain(by.replace(AND, ", "))]
        for (by, base), alike in turned.groupby(["turned_by", "base"], sort=False)
    ]
    return ["claims", "in the base", "turned by"], rows


def _conclusions(conclusions: pd.DataFrame, plain: Callable[[str], str]) -> Table:
    rows = [
        [plain(row["conclusion"]), row["base"], *(str(row[v]) for v in OF_CONCLUSIONS), plain(row["changed_by"] or "–")]
        for row in conclusions.to_dict("records")
    ]
    return ["conclusion", "in the base", *OF_CONCLUSIONS, "changed by"], rows


def _undecided(undecided: pd.DataFrame, plain: Callable[[str], str], sign: str) -> Table:
    rows = [
        [
            plain(claim_title(row["claim"])),
            *(
                cell
                for number in (FEW, MANY)
                for cell in (_ends(row[f"low_{number}"], row[f"high_{number}"], sign), row[f"verdict_{number}"])
            ),
            _replicates(row["needed"]),
        ]
        for row in undecided.to_dict("records")
    ]
    return ["claim", f"{FEW} replicates", f"at {FEW}", f"{MANY} replicates", f"at {MANY}", "needed"], rows


def _whole(value: float) -> str:
    return MISSING if isnan(value) else f"{value:.0f}"


def _replicates(needed: float) -> str:
    if isnan(needed):
        return ""
    return f"over {MOST}" if isinf(needed) else f"{needed:.0f}"


def _ends(low: float, high: float, sign: str) -> str:
    """The ends of an interval, with so many decimals that its width has two digits; "$" sets them in math mode."""
    if isnan(low):
        return MISSING
    decimals = max(1 - floor(log10(high - low)), 0) if high > low else 2
    return " to ".join(f"{sign}{end:+z.{decimals}f}{sign}" for end in (low, high))


# ------------------------------------------------------------------------------------------------- LaTeX and Markdown


def ranking_to_latex(ranking: pd.DataFrame, *, base: str, study: str) -> str:
    """The ten nearest variants and the base in LaTeX: a tabular for booktabs.

    Columns: place; name; distance over the 32 cells that are not LiBI's; the same without CubicJTEx's Test-LL; how many
    of the 32 agree; distance over all 40; how many of these agree; distance on each data set, of the 32.

    Args:
        ranking: result of `libi.paper.nearest.nearest`.
        base: name of the base.
        study: name of the study, for the comment in the first line.
    """
    table = _ranking(ranking, base, text)
    return _latex(table, "rl" + "r" * (len(table[0]) - 2), f"Variants by nearness in the study {study}")


def held_out_to_latex(held_out: pd.DataFrame, *, study: str) -> str:
    """Choices fitted to two data sets on the other two, in LaTeX: a tabular for booktabs.

    Args:
        held_out: result of `libi.paper.nearest.held_out`.
        study: see `ranking_to_latex`.
    """
    return _latex(_held_out(held_out, text), "llrrrl", f"Choices on held-out data sets in the study {study}")


def counts_to_latex(counts: pd.DataFrame, *, study: str) -> str:
    """How many claims stand, fall, turn or stay open, by family, in LaTeX: a tabular for booktabs.

    Args:
        counts: result of `count_by_family`; the last row is ruled off.
        study: see `ranking_to_latex`.
    """
    heads, rows = _counts(counts, text)
    rows[-1][0] = r"\midrule " + rows[-1][0]
    return _latex((heads, rows), "lrrrrr", f"Claims under all variants of the study {study}")


def turning_to_latex(stable: pd.DataFrame, *, study: str) -> str:
    """The claims that turn on a choice, in LaTeX: a longtable over the text's width, for booktabs and array.

    Args:
        stable: result of `libi.paper.sensitivity.stable_claims`.
        study: see `ranking_to_latex`.
    """
    caption = "Claims that turn on a choice: the verdict in the base, and the variants that turn it."
    title = f"Claims that turn in the study {study}"
    return _latex(_turning(stable, text), _widths(0.36, 0.12, 0.42), title, caption)


def conclusions_to_latex(conclusions: pd.DataFrame, *, study: str) -> str:
    """The main conclusions under all variants, in LaTeX: a tabular over the text's width, for booktabs and array.

    Args:
        conclusions: result of `stable_conclusions`.
        study: see `ranking_to_latex`.
    """
    columns = _widths(0.2, 0.09) + "rrrr" + _widths(0.2)
    return _latex(_conclusions(conclusions, text), columns, f"Conclusions under all variants of the study {study}")


def undecided_to_latex(undecided: pd.DataFrame, *, study: str) -> str:
    """Undecided claims at 5 and at 25 replicates, in LaTeX: a longtable over the text's width, for booktabs and array.

    Args:
        undecided: result of `undecided_side_by_side`.
        study: see `ranking_to_latex`.
    """
    table = _undecided(undecided, text, "$")
    caption = "Claims that one of two studies leaves open: intervals and verdicts by five replicates and by fresh ones."
    return _latex(table, _widths(0.24) + "rlrlr", f"Undecided claims, more replicates, study {study}", caption)


def ranking_to_markdown(ranking: pd.DataFrame, *, base: str) -> str:
    """See `ranking_to_latex`."""
    return _markdown(_ranking(ranking, base, _code))


def held_out_to_markdown(held_out: pd.DataFrame) -> str:
    """See `held_out_to_latex`."""
    return _markdown(_held_out(held_out, _code))


def counts_to_markdown(counts: pd.DataFrame) -> str:
    """See `counts_to_latex`."""
    return _markdown(_counts(counts, str))


def turning_to_markdown(stable: pd.DataFrame) -> str:
    """See `turning_to_latex`."""
    return _markdown(_turning(stable, str))


def conclusions_to_markdown(conclusions: pd.DataFrame) -> str:
    """See `conclusions_to_latex`."""
    return _markdown(_conclusions(conclusions, str))


def undecided_to_markdown(undecided: pd.DataFrame) -> str:
    """See `undecided_to_latex`."""
    return _markdown(_undecided(undecided, str, ""))


def _latex(table: Table, columns: str, title: str, caption: str = "") -> str:
    """A tabular; with a caption, a longtable."""
    heads, rows = table
    environment = "longtable" if caption else "tabular"
    top = rf"\toprule {' & '.join(heads)} \\ \midrule"
    long = [rf"\caption{{{caption}}}\\ {top} \endfirsthead", rf"{top} \endhead", r"\bottomrule \endfoot"]
    lines = [
        f"% {title}, made by libi {__version__}.",
        rf"\begin{{{environment}}}{{{columns}}}",
        *(long if caption else [top]),
        *(rf"{' & '.join(row)} \\" for row in rows),
        *([] if caption else [r"\bottomrule"]),
        rf"\end{{{environment}}}",
    ]
    return "\n".join([*lines, ""])


def _widths(*shares: float) -> str:
    return "".join(rf">{{\raggedright\arraybackslash}}p{{{share}\linewidth}}" for share in shares)


def _markdown(table: Table) -> str:
    heads, rows = table
    return "\n".join([_line(heads), "|" + "---|" * len(heads), *map(_line, rows)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(name: str) -> str:
    return f"`{name}`"
