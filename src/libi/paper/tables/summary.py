"""What a study found, in reStructuredText: its conclusions and Table 1, with which the report of a run opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ESTIMATE = "test_ll"  # of the exact log-likelihood, which is shown in its place
NO_BREAK = "\u00a0"


def to_rst(shown: Mapping[str, Any]) -> str:
    """The summary of a study.

    Args:
        shown: of `libi.paper.tables.page.content`.
    """
    parts = [f"**{shown['preview']}**"] if shown["preview"] else []
    parts += ["**The paper's conclusions**", _table([10, 44, 46], _conclusions(shown))]
    parts += [f"**Table 1.** {shown['about']}"]
    for metric in shown["metrics"]:
        if metric["name"] != ESTIMATE:
            parts += [metric["meaning"], _table([24] + [19] * len(shown["datasets"]), _cells(shown, metric["name"]))]
    return "\n\n".join(parts) + "\n"


def _conclusions(shown: Mapping[str, Any]) -> list[list[str]]:
    return [["", "Conclusion", "Evidence"], *shown["conclusions"]]


def _cells(shown: Mapping[str, Any], metric: str) -> list[list[str]]:
    """A row for each method, a column for each data set; the best is bold."""
    rows = [["", *(dataset["title"] for dataset in shown["datasets"])]]
    for method in shown["methods"]:
        names = (f"{dataset['name']} {method['name']} {metric}" for dataset in shown["datasets"])
        rows.append([method["title"], *(_words(shown["cells"].get(name)) for name in names)])
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
