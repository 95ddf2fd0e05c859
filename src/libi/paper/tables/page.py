"""A page that leads from each cell of Table 1 to where its number comes from. It needs no network."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image
from scipy import stats

from libi.datasets import DATASETS
from libi.judging.claims import VERDICTS
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.models.metric import HIGHER
from libi.paper.figures import FIGURES
from libi.paper.tables.table1 import ESTIMATED, best
from libi.paper.tables.verdicts import base_of
from libi.paper.titles import CELLS, capital
from libi.paper.vocabulary import EXACT, PAPERS_DATASETS, PAPERS_METHODS, PAPERS_REPLICATES, TRUTH
from libi.rendering.latex import enumeration

TEMPLATE = Path(__file__).with_name("page.html")
SHOWN = ("test_ll", EXACT, "s_knn")
LONGEST_SYMBOL = 6  # characters
ESTIMATE = (
    "The exact value cannot be had for this decoder. This is an estimate by importance sampling at the modes of the "
    "posteriors, which is better than that of Eq. 48."
)


def content(
    table1: pd.DataFrame,
    claims: pd.DataFrame,
    metrics: pd.DataFrame,
    grid: pd.DataFrame,
    conclusions: pd.DataFrame,
    curves: pd.DataFrame,
    figures: Mapping[str, bytes],
    *,
    preview: bool,
) -> dict[str, Any]:
    """All that the page shows, in plain types.

    Args:
        table1: result of `libi.paper.tables.table1.summarise`.
        claims: results/claims.csv.
        metrics: one row a (dataset, method, replicate): configuration, restart, and the metrics.
        grid: results/grid.csv.
        conclusions: result of `libi.paper.tables.conclusions.conclude`.
        curves: one row a (dataset, method, replicate) and snapshot: epoch, objective, value.
        figures: pictures as PNG, by the names of their files, e.g. figure1.
        preview: whether the study is not the paper's own, so that its verdicts are a preview.
    """
    compared = compared_metrics(table1)
    shown = table1[table1["metric"].isin(compared)]
    means = shown.pivot(index="method", columns=["dataset", "metric"], values="mean")
    winners = means.apply(best)
    verdicts = claims.set_index("claim")
    cells = {
        f"{row.dataset} {row.method} {row.metric}": _cell(row, bool(winners.at[row.method, (row.dataset, row.metric)]))
        | _verdict(verdicts, row)
        | _origin(row, metrics, grid)
        for row in shown.itertuples()
    }
    methods = METHODS.titles(set(shown["method"]))
    order = [name for name in methods if name != TRUTH] + [name for name in methods if name == TRUTH]
    return {
        "preview": "This is not the paper's own study: all verdicts here are a preview." if preview else "",
        "about": _about(int(shown["replicates"].max()), [*_further(shown, "method"), *_further(shown, "dataset")]),
        "conclusions": [
            [
                row.verdict.removeprefix("is ").capitalize(),
                row.sentence,
                capital("" if pd.isna(row.evidence) else row.evidence),
            ]
            for row in conclusions.itertuples()
        ],
        "datasets": [{"name": name, "title": title} for name, title in DATASETS.titles(set(shown["dataset"])).items()],
        "methods": [{"name": name, "title": "ground truth" if name == TRUTH else methods[name]} for name in order],
        "metrics": [
            {"name": name, "title": "exact" if name == EXACT else METRICS.title(name), "meaning": meaning(name)}
            for name in compared
        ],
        "cells": cells,
        "curves": {
            f"{dataset} {method}": _trainings(own) for (dataset, method), own in curves.groupby(["dataset", "method"])
        },
        "why": "Open a kind of claims to see what the paper says, and what we find."
        + ("" if preview else " “make why CLAIM=…” with a claim's name tells more."),
        "claims": [
            _family(str(name), own) for name, own in claims[base_of(claims) != CELLS].groupby("family", sort=False)
        ],
        "figures": [
            {
                "title": name.replace("figure", "Figure "),
                "caption": _paragraphs(FIGURES.literal(name, "CAPTION", "")),
                "picture": base64.b64encode(_smaller(picture)).decode(),
            }
            for name, picture in figures.items()
        ],
    }


def _smaller(picture: bytes) -> bytes:
    """A picture as WebP, a fourth as large as PNG: in Snakemake's report, Chromium shows no page of over 2 MiB."""
    smaller = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").save(smaller, "WEBP", quality=80)
    return smaller.getvalue()


def _paragraphs(caption: str) -> list[str]:
    """The paragraphs of a caption in reStructuredText, without its marks."""
    return [" ".join(re.sub(r"\*\*|``", "", part).split()) for part in caption.strip().split("\n\n") if part]


def printed(configuration: str, method: str) -> str:
    """A configuration with the symbols of its hyper-parameters: "ε_HZ = 1, R = 6" for "epsilon_hz=1,rounds=6".

    The symbol of a key is what its meaning begins with, if that is short: "R, the number of rounds".
    """
    grid, words = METHODS[method].grid if method in list(METHODS) else None, []
    for part in configuration.split(","):
        key, _, value = part.partition("=")
        field = grid.model_fields.get(key) if grid is not None else None
        symbol = ((field.description or "") if field is not None else "").split(",")[0]
        words.append(f"{symbol if 0 < len(symbol) <= LONGEST_SYMBOL else key} = {value}" if value else part)
    return ", ".join(words)


def _family(name: str, claims: pd.DataFrame) -> dict[str, Any]:
    """The claims of one family: what the paper says, a note; name, ours, the deciding difference, the published one."""
    counts = claims["verdict"].value_counts()
    rows = [
        {
            "verdict": row.verdict,
            "said": f"{row.where}: {row.statement}",
            "measure": row.measure,
            "note": "" if pd.isna(row.note) else row.note,
            "name": row.claim,
            "cells": [
                capital(row.title),
                _digits(row.value),
                "–" if pd.isna(row.low) else f"{_digits(row.low)} to {_digits(row.high)}",
                _digits(row.published),
            ],
        }
        for row in claims.itertuples()
    ]
    return {"name": name, "counts": ", ".join(f"{counts[v]} {v}" for v in VERDICTS if v in counts), "rows": rows}


def _digits(value: float) -> str:
    """A number with three significant digits, for a reader; the table of claims has them all."""
    return "–" if math.isnan(value) else f"{value:z.3g}"


def compared_metrics(table1: pd.DataFrame) -> list[str]:
    """The metrics that a table compares methods by: the paper's, and then all others."""
    there = set(table1["metric"])
    return [name for name in dict.fromkeys([*SHOWN, *METRICS]) if name in there]


def meaning(metric: str) -> str:
    """What a metric is, in words."""
    better = METRICS.literal(metric, "BETTER", HIGHER).capitalize()
    return f"{METRICS.literal(metric, 'MEANING', METRICS.title(metric))}. {better} is better."


def _further(shown: pd.DataFrame, column: str) -> list[str]:
    """The methods or data sets that the paper lacks, as they are printed."""
    room, papers = (METHODS, {*PAPERS_METHODS, TRUTH}) if column == "method" else (DATASETS, PAPERS_DATASETS)
    return list(room.titles(set(shown[column]) - set(papers)).values())


def _about(replicates: int, further: list[str]) -> str:
    over = "One replicate" if replicates == 1 else f"Mean ± standard deviation over {replicates} replicates"
    apart = f" The paper's claims are not about {enumeration(further)}." if further else ""
    return f"{over}. The best is bold.{apart}"


def _cell(row: Any, best_one: bool) -> dict[str, Any]:
    lines = []
    if not math.isnan(row.mean):
        lines.append(_line("ours", "ours", row.mean, row.sd, row.replicates))
    published = ""
    if not math.isnan(row.paper_mean):
        published = _words(row.paper_mean, row.paper_sd)
        lines.append(_line("published", "paper", row.paper_mean, row.paper_sd, PAPERS_REPLICATES))
    star = "*" if _is_estimated(row) else ""
    return {"ours": f"{_words(row.mean, row.sd)}{star}", "published": published, "best": best_one, "lines": lines}


def _line(title: str, kind: str, mean: float, sd: float, replicates: int) -> dict[str, Any]:
    """A mean with its 95 % interval by Student's t."""
    half = 0.0 if math.isnan(sd) or replicates < 2 else sd * stats.t.ppf(0.975, replicates - 1) / math.sqrt(replicates)
    return {
        "title": title,
        "kind": kind,
        "mean": mean,
        "low": mean - half,
        "high": mean + half,
        "words": f"{mean:.2f}, {mean - half:.2f} to {mean + half:.2f}",
    }


def _words(mean: float, sd: float) -> str:
    if math.isnan(mean):
        return "–"
    return f"{mean:z.2f}" if math.isnan(sd) else f"{mean:z.2f} ± {sd:.2f}"


def _trainings(curves: pd.DataFrame) -> list[dict[str, Any]]:
    """How the training of a cell's models went: a drawing for each objective, with a line for each replicate."""
    return [
        {
            "title": objective.replace("_", " ").replace("elbo", "ELBO"),
            "lines": [_course(curve, objective) for _, curve in curves.groupby("replicate")],
        }
        for objective in curves["objective"].unique()
    ]


def _course(curve: pd.DataFrame, objective: str) -> list[list[float | None]]:
    """Epochs and values of one model; no value where it trained under another objective, or diverged."""
    rows = curve[["epoch", "objective", "value"]].itertuples(index=False)
    return [
        [epoch, float(f"{value:.5g}") if name == objective and math.isfinite(value) else None]
        for epoch, name, value in rows
    ]


def _verdict(verdicts: pd.DataFrame, row: Any) -> dict[str, str]:
    name = "-".join([CELLS, row.dataset, row.method, row.metric])
    if name not in verdicts.index:
        return {"verdict": "", "why": "* " + ESTIMATE if _is_estimated(row) else ""}
    claim = verdicts.loc[name]
    span = f"the difference is {claim['low']:+z.2f} to {claim['high']:+z.2f} (95 %)"
    parts = [*([] if pd.isna(claim["low"]) else [span]), *([] if pd.isna(claim["note"]) else [claim["note"]])]
    return {"verdict": claim["verdict"], "why": "; ".join(parts)}


def _is_estimated(row: Any) -> bool:
    return bool(row.metric == EXACT and getattr(row, ESTIMATED) > 0)


def _origin(row: Any, metrics: pd.DataFrame, grid: pd.DataFrame) -> dict[str, Any]:
    """The replicates that a cell is the mean of, and the grid that its configuration was chosen from."""
    own = metrics[(metrics["dataset"] == row.dataset) & (metrics["method"] == row.method)]
    tried = grid[(grid["dataset"] == row.dataset) & (grid["method"] == row.method)]
    tried = tried.sort_values("log_likelihood_mean", ascending=False, kind="stable")
    values = own[["replicate", "restart", row.metric]].dropna().sort_values("replicate")
    return {
        "configuration": "" if pd.isna(row.configuration) else printed(row.configuration, row.method),
        "replicates": [
            {
                "replicate": int(number),
                "value": float(value) if math.isfinite(value) else None,  # which cannot be drawn, nor written as JSON
                "words": f"{value:z.3f}",
                "restart": int(restart),
            }
            for number, restart, value in values.itertuples(index=False)
        ],
        "grid": [
            [
                printed(one.configuration, row.method),
                "–" if pd.isna(one.log_likelihood_mean) else f"{one.log_likelihood_mean:.3f}",
            ]
            for one in tried.itertuples()
        ],
    }


def to_html(shown: Mapping[str, Any], *, study: str) -> str:
    """The page as HTML.

    Args:
        shown: of `content`.
        study: its name.
    """
    data = json.dumps(shown, ensure_ascii=False, allow_nan=False, sort_keys=True).replace("<", "\\u003c")
    return TEMPLATE.read_text(encoding="utf-8").replace("STUDY", study).replace("CONTENT", data)
