"""What a study found, in reStructuredText: its conclusions and Table 1, with which the report of a run opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from libi.paper.vocabulary import EXACT

COLUMNS = (EXACT, "s_knn")
NO_BREAK = "\u00a0"


def to_rst(shown: Mapping[str, Any]) -> str:
    """The summary of a study.

    Args:
        shown: of `libi.rendering.page.content`.
    """
    parts = [f"**{shown['preview']}**"] if shown["preview"] else []
    parts += ["**The paper's conclusions**", _table([16, 60, 24], _conclusions(shown))]
    parts += ["**Table 1**", _about(shown), _table([20] * (2 + len(shown["methods"])), _cells(shown))]
    return "\n\n".join(parts) + "\n"


def _conclusions(shown: Mapping[str, Any]) -> list[list[str]]:
    return [["", "Conclusion", "Evidence"], *shown["conclusions"]]


def _about(shown: Mapping[str, Any]) -> str:
    return f"{shown['about']} Log-likelihoods (exact, in nats): higher is better. S-kNN: lower is better."


def _cells(shown: Mapping[str, Any]) -> list[list[str]]:
    """A row for each data set and metric, a column for each method; the best is bold."""
    rows = [["", "", *(method["title"] for method in shown["methods"])]]
    titles = {metric["name"]: metric["title"] for metric in shown["metrics"]}
    for dataset in shown["datasets"]:
        for metric in COLUMNS:
            names = (f"{dataset['name']} {method['name']} {metric}" for method in shown["methods"])
            rows.append([dataset["title"], titles[metric], *(_words(shown["cells"].get(name)) for name in names)])
    return rows


def _words(cell: Mapping[str, Any] | None) -> str:
    """A cell's mean and deviation, which a narrow column sets in two lines."""
    if cell is None:
        return "–"
    words = cell["ours"].replace("± ", f"±{NO_BREAK}")
    return f"**{words}**" if cell["best"] else words


def _table(widths: Iterable[int], rows: Iterable[Iterable[str]]) -> str:
    """A table whose first row is its head."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in rows:
        lines += [f"   {' ' if column else '*'} - {cell}" for column, cell in enumerate(row)]
    return "\n".join(lines)
