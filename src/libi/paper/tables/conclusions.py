"""The paper's main conclusions, each with its verdict and the numbers that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

from libi import __version__
from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED
from libi.paper.tables.verdicts import base_of, of_algebra
from libi.paper.titles import claim_title
from libi.paper.vocabulary import PAPERS_DATASETS
from libi.rendering.latex import count, enumeration, text

HOLDS, FAILS, OPEN, PARTLY = "holds", "does not hold", "is open", "holds in part"
# How a sentence begins that lists the conclusions with a verdict, and each of its clauses.
SAID = {
    HOLDS: ("We find", "that"),
    PARTLY: ("It holds only in part", "that"),
    OPEN: ("It stays open", "whether"),
    FAILS: ("We do not find", "that"),
}


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the paper.

    Attributes:
        name: short, for lists: a noun phrase.
        clause: the same as a short clause.
        sentence: what the paper concludes.
        claims: the published ones that decide it, by the names of `libi.paper.claims.says`.
        shown: names of the claims whose numbers are shown, each with the words before its number.
    """

    name: str
    clause: str
    sentence: str
    claims: tuple[str, ...]
    shown: dict[str, str]


CONCLUSIONS = (
    Conclusion(
        "bad global optima",
        "the objective has bad global optima",
        "The global optimum of the VAE objective can be a wrong model with an easy posterior (LinearJTEx).",
        (
            "objective_at_truth",
            "objective_at_optimum",
            "optimum_misfits",
            "optimum_is_diagonal",
            "wrong_model_preferred",
        ),
        {"objective_at_truth": "L at the truth", "objective_at_optimum": "at the optimum"},
    ),
    Conclusion(
        "uninformative global optima",
        "some global optima have codes without information",
        "Some of the global optima are models whose codes say nothing about the data, and nothing in the objective "
        "prefers the others.",
        ("all_equally_good", "no_information", "unbounded_information"),
        {
            "no_information": "I(X;Z) at one of these optima:",
            "all_equally_good": "the largest L among them:",
        },
    ),
    Conclusion(
        "trade-off in trained VAEs",
        "trained VAEs trade the data for easy posteriors",
        "Trained VAEs explain the data worse than the truth does, in exchange for posteriors that are easier to "
        "approximate.",
        ("trade_off",),
        {
            "trade_off-linear_jtex": "the less certain effect (more misfit, easier posteriors), in nats: on LinearJTEx",
            "trade_off-cubic_jtex": "on CubicJTEx",
        },
    ),
    Conclusion(
        "LiBI's generative models",
        "LiBI's models are closer to the data than the VAE's",
        "LiBI's generative models are closer to the data distribution than the VAE's.",
        ("captures",),
        {"captures-linear_jtex": "how much closer to the data, in nats: on LinearJTEx", "captures-mobius": "on Mobius"},
    ),
    Conclusion(
        "LiBI's lead in likelihood and S-kNN",
        "LiBI is ahead of all other methods on every data set",
        "Across all data sets LiBI is ahead of every other method in log-likelihood and in S-kNN.",
        ("across_log_likelihood", "across_s_knn"),
        {
            "across_log_likelihood": "LiBI's lead where it is least certain: in log-likelihood",
            "across_s_knn": "in S-kNN",
        },
    ),
    Conclusion(
        "LiBI's aggregated posteriors",
        "LiBI's aggregated posteriors are the best on every data set",
        "Across all data sets LiBI's aggregated posterior matches the prior better than that of every other method.",
        ("across_aggregated",),
        {
            "across_aggregated-q": "LiBI's lead where it is least certain: variational posterior",
            "across_aggregated-p": "true posterior",
        },
    ),
)


def conclude(claims: pd.DataFrame) -> pd.DataFrame:
    """The verdicts on the main conclusions.

    Args:
        claims: results/claims.csv.

    Returns:
        one row a conclusion: conclusion (short), sentence, verdict (holds, holds in part, is open, does not hold),
        reproduced (how many of its claims), not_reproduced, claims (how many it rests on), algebra (how many of them no
        data can change), and evidence (the numbers that decide it, in words). It holds if all its claims are
        reproduced, and does not if none is and one is not; in part if some are reproduced and some are not; else it is
        open.
    """
    bases = base_of(claims)
    rows = []
    for conclusion in CONCLUSIONS:
        own = claims[bases.isin(conclusion.claims) & (claims["verdict"] != NOT_TESTABLE)]
        reproduced, failed = ((own["verdict"] == verdict).sum() for verdict in (REPRODUCED, NOT_REPRODUCED))
        rows.append(
            {
                "conclusion": conclusion.name,
                "sentence": conclusion.sentence,
                "verdict": _verdict(reproduced, failed, len(own)),
                "reproduced": reproduced,
                "not_reproduced": failed,
                "claims": len(own),
                "algebra": int(of_algebra(own).sum()) if len(own) else 0,
                "evidence": _evidence(claims, conclusion.shown, own),
            }
        )
    return pd.DataFrame(rows)


def _verdict(reproduced: int, failed: int, claims: int) -> str:
    if claims and reproduced == claims:
        return HOLDS
    if failed:
        return PARTLY if reproduced else FAILS
    return OPEN


def _evidence(claims: pd.DataFrame, shown: dict[str, str], own: pd.DataFrame) -> str:
    """The numbers that are shown, and those of the other claims that are not reproduced."""
    rows = claims.set_index("claim")
    undecided = set(own["claim"][own["verdict"] != REPRODUCED]) if (own["verdict"] == REPRODUCED).any() else set()
    found = [
        (f"{words} ({rows.loc[name]['verdict']})" if name in undecided else words, rows.loc[name])
        for name, words in shown.items()
        if name in rows.index
    ]
    others = own[(own["verdict"] != REPRODUCED) & ~own["claim"].isin(list(shown))]
    found += [(f"{_place(row['claim'])} ({row['verdict']})", row) for _, row in others.iterrows()]
    return ", ".join(f"{words} {_number(row)}" for words, row in found if not isnan(row["value"]))


def _place(claim: str) -> str:
    """Where a claim was judged: on its data set; its title if it is about none."""
    return next(
        (f"on {PAPERS_DATASETS[part]}" for part in claim.split("-") if part in PAPERS_DATASETS), claim_title(claim)
    )


def _number(row: pd.Series) -> str:
    """A claim's number in plain text: its interval if it has one with some width, else the value."""
    if row["high"] - row["low"] > 1e-6:
        difference, low, high = (f"{float(f'{row[end]:.2g}'):g}" for end in ("difference", "low", "high"))
        return f"{difference} ({low} to {high})"
    value = 0.0 if abs(row["value"]) < 1e-9 else row["value"]
    return f"{value:.3g}"


def to_list(conclusions: pd.DataFrame) -> str:
    """The conclusions as a list in Markdown: verdict, sentence, and below it the numbers that decide."""
    return "\n".join(
        f"* **{_head(row.verdict)}:** {row.sentence}<br>*{_capital(f'{row.evidence} ({_counts(row)})'.strip())}.*"
        for row in conclusions.itertuples(index=False)
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def changed_later(conclusions: pd.DataFrame, later: pd.DataFrame, replicates: int) -> str:
    """What fresh replicates change, in Markdown.

    Args:
        conclusions: result of `conclude`.
        later: the same of fresh replicates.
        replicates: how many these are.
    """
    verdicts = dict(zip(conclusions["conclusion"], conclusions["verdict"], strict=True))
    rows = [row for row in later.itertuples(index=False) if row.verdict != verdicts.get(row.conclusion, row.verdict)]
    if not rows:
        return f"{replicates} fresh replicates give all of them the same verdict."
    told = [f"“{row.sentence.rstrip('.')}”: **{row.verdict}** ({_counts(row)})" for row in rows]
    changed = "one of these conclusions changes" if len(told) == 1 else f"{len(told)} of these conclusions change"
    return f"With {replicates} fresh replicates, {changed}. {'; '.join(told)}."


def _head(verdict: str) -> str:
    return verdict.removeprefix("is ").capitalize()


def _counts(row: Any) -> str:
    undecided = row.claims - row.reproduced - row.not_reproduced
    others = {NOT_REPRODUCED: row.not_reproduced, NOT_DECIDABLE: undecided}
    told = [f"{number} {what}" for what, number in others.items() if number]
    algebra = ["all by algebra" if row.algebra == row.claims else f"{row.algebra} by algebra"] if row.algebra else []
    return ", ".join([f"{row.reproduced} of {count(row.claims, 'claim')} reproduced", *told, *algebra])


def to_markdown(conclusions: pd.DataFrame) -> str:
    """The conclusions as a table in Markdown."""
    lines = ["| the paper concludes | verdict | by |", "|---|---|---|"]
    for row in conclusions.itertuples(index=False):
        lines.append(f"| {row.sentence} | **{row.verdict}** | {row.evidence} ({_counts(row)}) |")
    return "\n".join(lines)


def to_latex(conclusions: pd.DataFrame, *, study: str) -> str:
    r"""The conclusions in LaTeX: a tabular over the text's width without float or caption, for booktabs and array.

    Args:
        conclusions: result of `conclude`.
        study: name of the study, for the comment in the first line.
    """
    left = r">{\raggedright\arraybackslash}"
    columns = "".join(rf"{left}p{{{share}\linewidth}}" for share in (0.47, 0.1, 0.35))
    rows = (
        rf"{text(row.sentence)} & {row.verdict} & {text(row.evidence)} "
        rf"({_counts(row)}) \\ \addlinespace"
        for row in conclusions.itertuples(index=False)
    )
    lines = [
        f"% Conclusions by the study {study}, made by libi {__version__}.",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule The paper concludes & verdict & by \\ \midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join([*lines, ""])


def in_sentences(conclusions: pd.DataFrame) -> str:
    """All verdicts in a few sentences, for an abstract; without the last full stop."""
    groups = {verdict: rows["conclusion"].tolist() for verdict, rows in conclusions.groupby("verdict", sort=False)}
    found = [verdict for verdict in SAID if verdict in groups]
    counts = [f"{len(groups[verdict])} {_plural(verdict, len(groups[verdict]))}" for verdict in found]
    sentences = [f"Of the paper's {count(len(conclusions), 'main conclusion')} {enumeration(counts)}"]
    clauses = {conclusion.name: conclusion.clause for conclusion in CONCLUSIONS}
    for verdict in found:
        lead, joint = SAID[verdict]
        sentences.append(f"{lead} {enumeration([f'{joint} {clauses[name]}' for name in groups[verdict]])}")
    return ". ".join(sentences)


def _plural(verdict: str, number: int) -> str:
    words = {HOLDS: "hold", PARTLY: "hold in part", OPEN: "are open", FAILS: "do not hold"}
    return verdict if number == 1 else words[verdict]
