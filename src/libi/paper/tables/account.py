"""What a study found, in Markdown: the parts of README.md, REPLICATION.md and docs/ that are made and never typed."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, isnan
from typing import Any

import pandas as pd

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, VERDICTS
from libi.paper.tables.gaps import by_configuration
from libi.paper.tables.table1 import best
from libi.paper.tables.verdicts import base_of, by_kind
from libi.paper.titles import CELLS
from libi.paper.vocabulary import ERROR, EXACT, PAPERS_DATASETS, PAPERS_METHODS, PAPERS_METRICS, TRUTH

WHOLE, SHORT = ("test_ll", EXACT, "s_knn"), (EXACT, "s_knn")  # columns of a data set
HEADS = {"test_ll": f"{PAPERS_METRICS['test_ll']} ↑", EXACT: "exact ↑", "s_knn": f"{PAPERS_METRICS['s_knn']} ↓"}


def table1_to_markdown(table1: pd.DataFrame, metrics: Sequence[str] = WHOLE) -> str:
    """Table 1, ours over the published, with the exact log-likelihood; the best of the methods in bold.

    Args:
        table1: result of `libi.paper.tables.table1.summarise`.
        metrics: the columns of each data set.
    """
    cells = table1.set_index(["dataset", "method", "metric"])
    columns = [(dataset, metric) for dataset in PAPERS_DATASETS for metric in metrics]
    winners = cells["mean"].unstack(["dataset", "metric"]).apply(best)
    heads = [f"{PAPERS_DATASETS[dataset]} {HEADS[metric]}" for dataset, metric in columns]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(columns) + 1) + "|"]
    for method, name in [*PAPERS_METHODS.items(), (TRUTH, "*ground truth*")]:
        row = [_cell(cells.loc[column[0], method, column[1]], winners.loc[method, column]) for column in columns]
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def _cell(cell: pd.Series, best: bool) -> str:
    ours = _mean(cell)
    ours = f"**{ours}**" if best else ours
    return ours if pd.isna(cell["paper_mean"]) else f"{ours}<br>*{cell['paper_mean']:.2f} ± {cell['paper_sd']:.2f}*"


def cells_to_markdown(table1: pd.DataFrame, claims: pd.DataFrame, variants: pd.DataFrame | None = None) -> str:
    """Every cell with the interval of its difference from the published one, and its verdict.

    Beside a cell is what to know of its verdict; beside one that is not reproduced, also what other choices make of it.

    Args:
        table1: result of `libi.paper.tables.table1.summarise`.
        claims: results/claims.csv.
        variants: the cells of the sensitivity study, see `libi.paper.sensitivity.gather_cells`; None if there is none.
    """
    rows = claims.set_index("claim")
    cells = table1.set_index(["dataset", "method", "metric"])
    lines = ["| cell | ours | published | difference, 95 % | verdict | why | under other choices |", "|---" * 7 + "|"]
    for dataset, method, metric in cells.index:
        name = "-".join(["cell", dataset, method, metric])
        if name in rows.index:
            cell, claim = cells.loc[dataset, method, metric], rows.loc[name]
            ours = _mean(cell)
            paper = f"{cell['paper_mean']:.2f} ± {cell['paper_sd']:.2f}"
            title = f"{PAPERS_DATASETS[dataset]}, {PAPERS_METHODS[method]}, {PAPERS_METRICS[metric]}"
            ends = f"{claim['low']:+z.2f} to {claim['high']:+z.2f}"
            open_or_failed = claim["verdict"] in (NOT_DECIDABLE, NOT_REPRODUCED)
            why = _inline(claim["note"]) if isinstance(claim["note"], str) else ""
            tried = _tried(variants, dataset, method, metric) if open_or_failed and variants is not None else ""
            lines.append(f"| {title} | {ours} | {paper} | {ends} | {claim['verdict']} | {why} | {tried} |")
    return "\n".join(lines)


def _tried(variants: pd.DataFrame, *cell: str) -> str:
    """Under how many choices a cell agrees with the published one, and under which it comes nearest to it."""
    own = variants[(variants[["dataset", "method", "metric"]] == list(cell)).all(axis=1)].dropna(subset=["low", "t"])
    tried = own[~own["same"].astype(bool) & (own["variant"] != variants["variant"].iloc[0])]
    if tried.empty:
        return ""
    agrees, nearest = (tried["low"] <= 0) & (tried["high"] >= 0), tried.loc[tried["t"].abs().idxmin()]
    return f"{agrees.sum()} of {len(tried)} agree; nearest: `{nearest['variant']}`, {_mean(nearest)}"


def _mean(cell: pd.Series) -> str:
    return f"{cell['mean']:z.2f} ± {cell['sd']:.2f}"


def claims_to_markdown(claims: pd.DataFrame, verdict: str) -> str:
    """The claims but for cells that have a verdict: what the paper says, what was found, and why.

    Claims with the same words and the same reason share a row.
    """
    rows = claims[(claims["verdict"] == verdict) & (base_of(claims) != CELLS)]
    lines = ["| the paper says | found | why |", "|---|---|---|"]
    for (statement, note), group in rows.fillna({"note": ""}).groupby(["statement", "note"], sort=False):
        found = "<br>".join(f"`{row.claim}`: {_found(row)}" for row in group.itertuples(index=False))
        lines.append(f"| {_inline(statement)} | {found} | {_inline(note)} |")
    return "\n".join(lines)


def _found(row: Any) -> str:
    if isnan(row.value):
        return "not measured"
    if isnan(row.low) or row.high - row.low < 1e-6:
        return f"{row.value:.3g}"
    return f"{row.difference:.3g} ({row.low:.3g} to {row.high:.3g})"


def _inline(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def counts_to_markdown(claims: pd.DataFrame) -> str:
    """How many claims of each kind have which verdict: a table."""
    lines = [f"| | number | {' | '.join(VERDICTS)} |", "|---" * (len(VERDICTS) + 2) + "|"]
    for kind, rows in {**by_kind(claims), "all": claims}.items():
        numbers = [len(rows), *((rows["verdict"] == verdict).sum() for verdict in VERDICTS)]
        lines.append(f"| {kind} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)


def old_rule(table1: pd.DataFrame) -> str:
    """How many cells a rule about single replicates would hold to agree: 2 √(sd² + sd_paper²)."""
    cells = table1.dropna(subset=["paper_mean", "sd"])
    combined = [hypot(row.sd, row.paper_sd) for row in cells.itertuples()]
    agree = ((cells["mean"] - cells["paper_mean"]).abs() <= 2 * pd.Series(combined, cells.index)).sum()
    rule = "two means agree if they differ by at most 2·√(sd² + sd_paper²)"
    return f"A simpler rule says that {rule}. By that rule, {agree} of {len(cells)} cells would agree."


def errors_to_markdown(table1: pd.DataFrame) -> str:
    """What Eq. 48 misses of the exact log-likelihood, cell by cell."""
    errors = table1[table1["metric"] == ERROR].set_index(["method", "dataset"])
    lines = [
        "| Eq. 48 minus exact, nats | " + " | ".join(PAPERS_DATASETS.values()) + " |",
        "|---" * (len(PAPERS_DATASETS) + 1) + "|",
    ]
    for method, name in [*PAPERS_METHODS.items(), (TRUTH, "*ground truth*")]:
        row = (errors.loc[method, dataset] for dataset in PAPERS_DATASETS)
        lines.append(f"| {name} | " + " | ".join(f"{c['mean']:+z.2f} ± {c['sd']:.2f}" for c in row) + " |")
    return "\n".join(lines)


def configurations_to_markdown(restarts: pd.DataFrame) -> str:
    """How often the restarts of each of LiBI's configurations fail, by data set and R.

    Args:
        restarts: results/restarts.csv.
    """
    shares = by_configuration(restarts)
    heads = [f"{PAPERS_DATASETS[dataset]}, R = {rounds}" for dataset, rounds in shares.columns]
    lines = [f"| configuration | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for configuration, row in shares.iterrows():
        lines.append(f"| `{configuration}` | {' | '.join('–' if isnan(share) else f'{share:.0%}' for share in row)} |")
    return "\n".join(lines)


def restarts_to_markdown(restarts: pd.DataFrame) -> str:
    """How often LiBI's restarts fail, by data set and R.

    Args:
        restarts: results/restarts.csv.
    """
    lines = [
        "| data set | R | restarts that fail | median excess of the best restart, nats | excess above 20 nats |",
        "|---|---|---|---|---|",
    ]
    for (dataset, rounds), rows in restarts.groupby(["dataset", "rounds"], sort=False):
        share = rows["failed"].sum() / rows["restarts"].sum()
        lines.append(
            f"| {PAPERS_DATASETS[dataset]} | {rounds} | {share:.0%} | {rows['excess'].median():.2g} "
            f"| {(rows['excess'] > 20).mean():.0%} |"
        )
    return "\n".join(lines)
