"""The figures of a study, a file each. A further one is a further file, and has the file's name.

A file defines `FIGURE`, a function that draws it from tables, and in literals

* READS: the tables' names, which are those of the function's arguments: a closed form (information, optima, collapse,
  edge, scaling); points, samples, summary or gaps of the models of DATASET's first replicate, all methods together; or,
  without a DATASET, one of the study's own tables (table1, claims, grid, gaps), all replicates together;
* DATASET: whose models it shows. A study without this data set does not draw it. Left out: the study's own tables;
* CAPTION: what the report says below it, in reStructuredText.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from libi.base.values import nearest
from libi.datasets import DATASETS
from libi.runtime.rooms import Room, RoomError

if TYPE_CHECKING:  # the rules need the literals alone
    from libi.rendering.style import Drawing

FIGURES: Room[Callable[..., Drawing]] = Room("paper/figures", "FIGURE")


def check_figures() -> None:
    """Refuse a file that is no figure, without running it.

    Raises:
        RoomError: naming the file.
    """
    for name in FIGURES:
        FIGURES.check(name)
        if not FIGURES.literal(name, "READS", ()):
            raise RoomError(f'{FIGURES.path(name)}: lacks the tables that it reads, a line such as READS = ("gaps",)')
        dataset = FIGURES.literal(name, "DATASET", None)
        if dataset is not None and dataset not in list(DATASETS):
            words = f"DATASET is {dataset!r}, which is not a data set{nearest(dataset, DATASETS)}"
            raise RoomError(f"{FIGURES.path(name)}: {words} (allowed: {', '.join(DATASETS)})")
