"""The figures of a study, a file each. A further one is a further file, and has the file's name.

A file defines `FIGURE`, a function that draws it from tables, and in literals

* READS: the tables' names, which are those of the function's arguments: a closed form (information, optima, collapse,
  edge, scaling); points, samples, summary or gaps of the models of DATASET's first replicate, all methods together; or,
  without a DATASET, one of the study's tables: claims, or one that claims are judged by
  (`libi.paper.claims.FILES`, but not `published`), of which restarts and joint_map can be empty;
* DATASET: whose models it shows. A study without this data set does not draw it. Left out: the study's own tables;
* CAPTION: what the report says below it, in reStructuredText.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from libi.base.values import nearest
from libi.datasets import DATASETS
from libi.runtime.rooms import Room, RoomError

if TYPE_CHECKING:  # the rules need the literals alone
    from libi.rendering.style import Drawing

CLOSED_FORMS = ("information", "edge", "optima", "collapse", "scaling")
OF_MODELS = ("points", "samples", "summary", "gaps")  # of a data set
OF_STUDY = (
    *("table1", "claims", "metrics", "scores", "points", "samples", "posterior", "grid", "gaps", "restarts"),
    "joint_map",
)

FIGURES: Room[Callable[..., Drawing]] = Room("paper/figures", "FIGURE")


def check_figures() -> None:
    """Refuse a file that is no figure, without running it.

    Raises:
        RoomError: naming the file.
    """
    for name in FIGURES:
        FIGURES.check(name)
        path, reads = FIGURES.path(name), FIGURES.literal(name, "READS", ())
        if not reads or not isinstance(reads, tuple) or not all(isinstance(table, str) for table in reads):
            raise RoomError(f'{path}: lacks the tables that it reads, a line such as READS = ("gaps",)')
        dataset = FIGURES.literal(name, "DATASET", None)
        if dataset is not None and dataset not in list(DATASETS):
            words = f"DATASET is {dataset!r}, which is not a data set{nearest(str(dataset), DATASETS)}"
            raise RoomError(f"{path}: {words} (allowed: {', '.join(DATASETS)})")
        allowed = (*(OF_STUDY if dataset is None else OF_MODELS), *CLOSED_FORMS)
        for table in reads:
            if table not in allowed:
                kind = "no table of a study" if dataset is None else "no table of a data set"
                words = f"READS has {table!r}, which is {kind}{nearest(table, allowed)}"
                raise RoomError(f"{path}: {words} (allowed: {', '.join(allowed)})")
        for missing in sorted(set(reads) ^ _arguments(path, reads)):
            raise RoomError(
                f"{path}: READS and the arguments of the drawing function must be the same; see {missing!r}"
            )


def _arguments(path: Path, reads: tuple[str, ...]) -> set[str]:
    """The arguments of the function that FIGURE names; what READS has where it is made in another way."""
    body = ast.parse(path.read_text("utf-8")).body
    functions = {line.name: line.args for line in body if isinstance(line, ast.FunctionDef)}
    named = [line.value for line in body if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "FIGURE"]
    if not named or not isinstance(named[0], ast.Name) or named[0].id not in functions:
        return set(reads)
    return {argument.arg for argument in functions[named[0].id].args}
