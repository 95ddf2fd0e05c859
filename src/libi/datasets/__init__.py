"""The data sets, a file each. A further one is a further file; docs/extend.md shows it.

A file defines `DATASET`, its name as printed (TITLE), and where it comes in tables (PLACE; left out: behind the
others). Its own name is what a study's file calls it. POINTS names the file of points that somebody has, where there is
no ground truth to draw them from. ARCHITECTURE names the keys of a study's architecture that only some data sets read,
this one among them.
"""

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from libi.runtime.rooms import Room, RoomError

if TYPE_CHECKING:  # a study is read without PyTorch
    from libi.base.dataset import Dataset

DATASETS: "Room[Dataset]" = Room("datasets", "DATASET")


def own_points(name: str) -> str | None:
    """The file of points that a data set consists of; None if its points are drawn from a ground truth.

    Raises:
        RoomError: if POINTS is there, but no text.
    """
    path = DATASETS.literal(name, "POINTS", None)
    if path is not None and not isinstance(path, str):
        raise RoomError(f'{DATASETS.path(name)}: POINTS must be a path, such as POINTS = "data/mine.csv"')
    return path


def architecture_keys(name: str) -> tuple[str, ...]:
    """The keys of a study's architecture that a data set reads, and others need not: its file's ARCHITECTURE.

    Raises:
        RoomError: if ARCHITECTURE is there, but no tuple of names.
    """
    keys = DATASETS.literal(name, "ARCHITECTURE", ())
    if not isinstance(keys, tuple) or not all(isinstance(key, str) for key in keys):
        raise RoomError(
            f'{DATASETS.path(name)}: ARCHITECTURE must name keys, such as ARCHITECTURE = ("decoder_units",)'
        )
    return keys


def check_name(name: str) -> None:
    """Refuse a file that gives its data set another name than its own, without running it.

    Raises:
        RoomError: naming the file.
    """
    path = DATASETS.path(name)
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    for call in calls:
        given = {keyword.arg: keyword.value for keyword in call.keywords}.get("name")
        if isinstance(call.func, ast.Name) and call.func.id == "Dataset" and isinstance(given, ast.Constant):
            _check_name(name, given.value)


def _check_name(name: str, given: object) -> None:
    if given != name:
        raise RoomError(f"{DATASETS.path(name)}: its name is {given!r}; it must be that of its file, {name!r}")


def dataset_of(name: str, architecture: Mapping[str, Any]) -> "Dataset":
    """A data set with the networks of a study.

    Args:
        name: of the data set.
        architecture: of `Study.architecture_of`; what is left out is the paper's, or our own default.

    Raises:
        RoomError: if it is no data set, has another name, or has both a ground truth and a file of points, or neither.
    """
    dataset = DATASETS[name]
    if not hasattr(dataset, "with_architecture"):  # its type would import PyTorch
        raise RoomError(f"{DATASETS.path(name)}: DATASET must be a Dataset, and is {type(dataset).__name__}")
    _check_name(name, dataset.name)
    if (own_points(name) is None) == (dataset.ground_truth is None):
        raise RoomError(f"{DATASETS.path(name)}: it must have a ground_truth or name a file of POINTS, one of the two")
    if dataset.with_architecture is not None:
        dataset = dataset.with_architecture(architecture)
    return replace(dataset, encoder_bias=architecture.get("encoder_bias", True))
