"""Tensors and tables in and out. Nothing half-written is ever seen under its own name."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

PathLike = str | os.PathLike[str]


@contextlib.contextmanager
def atomic(path: PathLike) -> Iterator[Path]:
    """Give a temporary path in the same folder, and move it to `path` once the block has ended without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def save_tensors(path: PathLike, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Write named tensors, in order of their names, with text metadata, as safetensors."""
    from safetensors.torch import save_file

    ready = {name: tensors[name].detach().cpu().contiguous().clone() for name in sorted(tensors)}
    # One entry holds all: safetensors writes several in an order that changes from run to run.
    about = json.dumps(dict(metadata or {}), sort_keys=True, ensure_ascii=False)
    with atomic(path) as temporary:
        save_file(ready, temporary, {"about": about})


def load_tensors(path: PathLike) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a file of `save_tensors`: its tensors and its metadata.

    Raises:
        ValueError: if the file is not a whole safetensors file, naming it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, about
    except SafetensorError as error:
        raise ValueError(f"{path}: not a whole safetensors file ({error}); delete it and make it anew") from error


def save_table(path: PathLike, table: pd.DataFrame) -> None:
    """Write a table as CSV, numbers so that they read back the same to the bit."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def save_text(path: PathLike, text: str) -> None:
    """Write a text file in UTF-8."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_table(path: PathLike) -> pd.DataFrame:
    """Read a table of `save_table`."""
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def load_tables(paths: Sequence[PathLike]) -> pd.DataFrame:
    """Read the rows of several tables under one another; nothing, not even columns, if there are no tables."""
    import pandas as pd

    tables = list(map(load_table, paths))
    return pd.concat([table for table in tables if len(table)] or tables or [pd.DataFrame()], ignore_index=True)
