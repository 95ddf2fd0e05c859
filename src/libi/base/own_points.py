"""Points of one's own: a table of numbers in a file, one row a point and one column a feature."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # a study is read without PyTorch
    from jaxtyping import Float64
    from numpy.typing import NDArray
    from torch import Tensor

FORMATS = (".csv", ".npy")


class PointsError(ValueError):
    """A file that holds no points. Its text names the file, what is wrong and what would be right."""


def count_points(path: str | Path) -> int:
    """The number of points in a file, without looking at their numbers.

    Raises:
        PointsError: if the file is missing, or is neither CSV nor an array of points.
    """
    _check_file(path)
    if Path(path).suffix == ".npy":
        return len(_load_array(path, "r"))
    lines = _lines(path)
    first = next(lines, None)
    return 0 if first is None else _is_numbers(first[1]) + sum(1 for _ in lines)


def read_points(path: str | Path, features: int) -> Float64[Tensor, "features points"]:
    """Read all points.

    Args:
        path: a CSV file, whose first line may be names, or an array in NumPy's format (.npy) [points, features].
        features: number of columns that there must be.

    Returns:
        the points [features, points], float64.

    Raises:
        PointsError: if the file is missing, has another number of columns, or has anything but finite numbers in it.
    """
    import numpy as np
    import torch

    _check_file(path)
    rows = _load_array(path) if Path(path).suffix == ".npy" else np.array(_load_csv(path, features))
    if rows.shape[1:] != (features,):
        raise PointsError(f"{path}: {_columns(rows.shape[-1], features)}")
    wrong = np.argwhere(~np.isfinite(rows))
    if len(wrong):
        point, column = wrong[0]
        found = f"point {point + 1}, column {column + 1}: {rows[point, column]} is not a finite number"
        raise PointsError(f"{path}: {found}; fill it in or leave the point out")
    return torch.from_numpy(np.ascontiguousarray(rows.T, dtype=np.float64))


def _check_file(path: str | Path) -> None:
    if Path(path).suffix not in FORMATS:
        raise PointsError(f"{path}: points are read from files whose names end in {' or '.join(FORMATS)}")
    if not Path(path).is_file():
        raise PointsError(f"{path}: no such file; paths are relative to the project's folder")


def _columns(found: int, features: int) -> str:
    return f"{found} columns; the data set has {features} features"


def _load_array(path: str | Path, mode: Literal["r"] | None = None) -> NDArray[Any]:
    import numpy as np

    try:
        rows = np.load(path, mmap_mode=mode, allow_pickle=False)
    except Exception as error:  # NumPy reads the header as Python, and raises whatever that raises
        raise PointsError(f"{path}: not a whole array in NumPy's format ({error})") from None
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype.kind not in "fiu":
        raise PointsError(f"{path}: it must be one array of real numbers [points, features]")
    return rows


def _load_csv(path: str | Path, features: int) -> list[list[float]]:
    rows = []
    for number, (line, cells) in enumerate(_lines(path)):
        if number == 0 and _is_header(path, line, cells):
            continue
        if len(cells) != features:
            raise PointsError(f"{path}: line {line}: {_columns(len(cells), features)}")
        try:
            rows.append(list(map(_number, cells)))
        except ValueError:
            column = next(place for place, cell in enumerate(cells, start=1) if not _is_numbers([cell]))
            found = f"line {line}, column {column}: {cells[column - 1]!r} is not a number"
            raise PointsError(f"{path}: {found}; fill it in or leave the point out") from None
    return rows


def _is_header(path: str | Path, line: int, cells: list[str]) -> bool:
    """Whether the first line has the columns' names. If half of it or more is numbers, but not all, it is refused."""
    numbers = sum(_is_numbers([cell]) for cell in cells)
    if len(cells) / 2 <= numbers < len(cells):
        column = next(place for place, cell in enumerate(cells, start=1) if not _is_numbers([cell]))
        found = f"line {line}, column {column}: {cells[column - 1]!r} is not a number, and others in this line are"
        raise PointsError(f"{path}: {found}; names of columns must not be numbers")
    if len(cells) > 1 and [cell.strip() for cell in cells] == list(map(str, range(len(cells)))):
        raise PointsError(f"{path}: line {line} numbers the columns, as pandas does; leave it out (header=False)")
    return numbers < len(cells)


def _lines(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file that hold anything, each with its number."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield reader.line_num, cells
    except (UnicodeDecodeError, csv.Error) as error:
        raise PointsError(f"{path}: not a CSV file in UTF-8 ({error})") from None
    except OSError as error:
        raise PointsError(f"{path}: cannot be read: {error.strerror}") from None


def _is_numbers(cells: list[str]) -> bool:
    try:
        return bool(list(map(_number, cells)))
    except ValueError:
        return False


def _number(cell: str) -> float:
    if "_" in cell:  # which Python passes over: to it 1_0 is 10
        raise ValueError(cell)
    return float(cell)
