"""The figures of a study, a file each. A further one is a further file, and has the file's name.

A file defines `FIGURE`, a function that draws it from tables, and in literals

* READS: the names of the tables that it reads. The function's arguments have the same names. Allowed are claims and the
  names in `libi.paper.files.FILES`; the tables restarts and joint_map can be empty. A figure of the variants of a study
  reads sensitivity and nothing else;
* DATASET: the data set whose models it shows. A study without this data set does not draw it. Such a figure reads
  closed forms, and the tables that there are for each data set and method, with all methods together and the first
  replicate alone. Without a DATASET, a figure may read any table;
* CAPTION: what the report says below it, in reStructuredText.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from libi.base.values import nearest
from libi.datasets import DATASETS
from libi.paper.files import CLAIMS_TABLE, CLOSED_FORMS, FILES, OF_MODELS, VARIANTS_TABLE
from libi.runtime.rooms import Room, RoomError

if TYPE_CHECKING:  # the rules need the literals alone
    from libi.rendering.style import Drawing

OF_DATASET = (*OF_MODELS, *CLOSED_FORMS)
OF_STUDY = (CLAIMS_TABLE, *FILES)

FIGURES: Room[Callable[..., Drawing]] = Room("paper/figures", "FIGURE")


def is_of_variants(name: str) -> bool:
    """Whether a figure is one of the variants of a study, so that a single study does not draw it."""
    return VARIANTS_TABLE in FIGURES.literal(name, "READS", ())


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
        allowed = OF_STUDY if dataset is None else OF_DATASET
        if reads == (VARIANTS_TABLE,) and dataset is None:
            allowed = reads
        for table in reads:
            if table not in allowed:
                kind = "not a table of a study" if dataset is None else "not a table of a data set"
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
