"""Our Table 1 beside the published one, cell by cell: how far apart they are, and the verdict."""

from __future__ import annotations

import pandas as pd

from libi import __version__
from libi.paper.vocabulary import PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS
from libi.rendering.latex import MISSING, mean_and_sd, number, text

CELL = ["dataset", "method", "metric"]


def compare(table1: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Put every cell of our Table 1 that the paper has too beside the paper's.

    Args:
        table1: result of `libi.paper.tables.table1.summarise`.
        claims: results/claims.csv; the claim of a cell is named cell-{dataset}-{method}-{metric}.

    Returns:
        one row a (dataset, method, metric), in the order of table1: dataset, method, metric, mean, sd, paper_mean,
        paper_sd; difference (of the means, ours less the paper's) with low and high, the ends of its 95 % Welch
        interval, margin and verdict, all as in the claims, and missing where no claim is of the cell.
    """
    table = table1.dropna(subset=["paper_mean", "paper_sd"]).reset_index(drop=True)
    names = table[CELL].apply(lambda row: "-".join(["cell", *row]), axis=1) if len(table) else pd.Series(dtype=object)
    judged = claims.set_index("claim").reindex(columns=["difference", "low", "high", "margin", "verdict"])
    for column in judged:
        table[column] = names.map(judged[column])
    return table[[*CELL, "mean", "sd", "paper_mean", "paper_sd", *judged]]


def to_latex(table: pd.DataFrame, *, study: str) -> str:
    r"""Write the comparison in LaTeX: a tabular without float or caption, for booktabs.

    A line a data set and method; for either metric our mean ± sd, the paper's, the interval of their difference, and
    the verdict on the cell.

    Args:
        table: result of `compare`.
        study: name of the study, for the comment in the first line.
    """
    cells = table.set_index(CELL)
    groups = (_group(dataset, cells) for dataset in PAPERS_DATASETS if dataset in set(table["dataset"]))
    metrics = " & ".join(rf"\multicolumn{{4}}{{c}}{{{name}}}" for name in PAPERS_METRICS.values())
    lines = [
        f"% Table 1 of the study {study} beside the published one, made by libi {__version__}.",
        r"\begin{tabular}{l*{2}{rrrl}}",
        r"\toprule",
        rf" & {metrics} \\",
        r"\cmidrule(lr){2-5}\cmidrule(lr){6-9}",
        "Method" + r" & ours & published & difference & verdict" * len(PAPERS_METRICS) + r" \\",
        *(line for group in groups for line in group),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join([*lines, ""])


def _group(dataset: str, cells: pd.DataFrame) -> list[str]:
    """The lines of a data set: its name, then its methods."""
    lines = [r"\midrule", rf"\multicolumn{{9}}{{l}}{{\emph{{{PAPERS_DATASETS[dataset]}}}}} \\"]
    for method, name in ((method, text(title)) for method, title in PAPERS_METHODS.items()):
        keys = [(dataset, method, metric) for metric in PAPERS_METRICS]
        if keys[0] in cells.index:
            lines.append(" & ".join([name, *(_columns(cells.loc[key]) for key in keys)]) + r" \\")
    return lines


def _columns(cell: pd.Series) -> str:
    ours, paper = mean_and_sd(cell["mean"], cell["sd"]), mean_and_sd(cell["paper_mean"], cell["paper_sd"])
    return " & ".join(
        [
            ours,
            paper,
            interval(cell["low"], cell["high"]),
            cell["verdict"] if isinstance(cell["verdict"], str) else MISSING,
        ]
    )


def interval(low: float, high: float) -> str:
    """The ends of an interval, each with its sign; a dash if they are missing."""
    return MISSING if pd.isna(low) or pd.isna(high) else f"{difference(low)} to {difference(high)}"


def difference(value: float) -> str:
    """A difference with its sign and two decimals; a dash if it is missing."""
    if pd.isna(value):
        return MISSING
    return f"${value:+z.2f}$" if abs(value) < 999.995 else f"${'+' if value > 0 else ''}{number(value)}$"
