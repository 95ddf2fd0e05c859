"""Tensors, tables and other files in and out. Nothing half-written is ever seen under its own name."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from libi.runtime.seals import (
    ABOUT,
    HASH,
    STATEMENT,
    Damaged,
    PathLike,
    check_seal,
    check_statement,
    is_result,
    seal_of,
    state,
    statement_of,
)

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor


def checksum(tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> str:
    """SHA-256 of named tensors and of what is said about them."""
    import torch

    digest = hashlib.sha256(repr(sorted(about.items())).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


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
    about = dict(metadata or {})
    about[HASH] = checksum(ready, about)
    if is_result(path):
        about[STATEMENT] = state(path, about[HASH]).to_json()
    # One entry holds all: safetensors writes several in an order that changes from run to run.
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    with atomic(path) as temporary:
        save_file(ready, temporary, {ABOUT: text})


def load_tensors(path: PathLike) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a file of `save_tensors`: its tensors and its metadata.

    Raises:
        Damaged: if the file is not a whole safetensors file, or a result that does not belong to its path or was made
            from other files than are there now, naming it.
    """
    from safetensors import SafetensorError, safe_open

    if os.path.lexists(path) and not os.path.isfile(path):
        raise Damaged(path, "it is not a regular file")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, ValueError, RecursionError) as error:
        raise Damaged(path, f"not a whole safetensors file ({error})") from error
    if not isinstance(about, dict) or not all(isinstance(value, str) for value in about.values()):
        raise Damaged(path, "what it says of itself is not valid")
    about.pop(STATEMENT, None)
    known, found = about.pop(HASH, None), checksum(tensors, about)
    if known != found:
        raise Damaged(path, "it does not have the checksum that was written with it")
    if is_result(path):
        check_statement(path, statement_of(path), found)
    return tensors, about


@contextlib.contextmanager
def sealed(path: PathLike) -> Iterator[Path]:
    """As `atomic`; and if the file is a result, it gets a seal that says what it is."""
    with atomic(path) as temporary:
        yield temporary
        if is_result(path):
            content = hashlib.sha256(temporary.read_bytes()).hexdigest()
            with atomic(seal_of(path)) as seal:
                seal.write_text(state(path, content).to_json() + "\n", encoding="utf-8")


READABLE = 8  # significant digits of the tables that a study is run for


def save_table(path: PathLike, table: pd.DataFrame, digits: int | None = None) -> None:
    """Write a table as CSV.

    Args:
        path: of the file.
        table: what it is to hold.
        digits: significant ones of each number, for a table that people read; left out, numbers read back the same to
            the bit.
    """
    with sealed(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", float_format=f"%.{digits}g" if digits else None)


def save_text(path: PathLike, text: str) -> None:
    """Write a text file in UTF-8."""
    with sealed(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_bytes(path: PathLike) -> bytes:
    """Read a file as it is.

    Raises:
        Damaged: if it is a result, and not the one that was written to its path from what is there now, naming it.
    """
    if is_result(path):
        check_seal(path)
    return Path(path).read_bytes()


def load_table(path: PathLike) -> pd.DataFrame:
    """Read a table of `save_table`.

    Raises:
        Damaged: if it is a result, and not the one that was written to its path from what is there now, naming it.
    """
    import pandas as pd

    if is_result(path):
        check_seal(path)
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def load_tables(paths: Sequence[PathLike]) -> pd.DataFrame:
    """Read the rows of several tables under one another; nothing, not even columns, if there are no tables."""
    import pandas as pd

    tables = list(map(load_table, paths))
    return pd.concat([table for table in tables if len(table)] or tables or [pd.DataFrame()], ignore_index=True)
