"""Tensors and tables in and out. Nothing half-written is ever seen under its own name.

A file below results/ says what it is: a hash of its content and the path it was written to. Tensors have both within
the file, a table in a hidden file beside it, its seal. What does not fit is refused when it is read, by name: a file
that was damaged, edited, or put in the place of another never becomes a number of a study.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

PathLike = str | os.PathLike[str]
RESULTS = "results"


def is_result(path: PathLike) -> bool:
    """Whether a path is that of a study's result, as the jobs of a run know it: relative, below results/."""
    return Path(path).parts[:1] == (RESULTS,)


class Damaged(ValueError):
    """A file that is not what was written under its name. Its text names the file and the remedy."""

    def __init__(self, path: PathLike, problem: str) -> None:
        """Put the problem of a file in words."""
        remedy = f"; to make it again, add to the command: --forcerun {path}" if is_result(path) else ""
        super().__init__(f"{path}: {problem}{remedy}")


def seal_of(path: PathLike) -> Path:
    """Where the seal of a table is."""
    return Path(path).with_name(f".{Path(path).name}.seal")


def seal(path: PathLike, content: bytes) -> None:
    """Note what is about to be written to a path."""
    about = {"path": Path(path).as_posix(), "sha256": hashlib.sha256(content).hexdigest()}
    save_text(seal_of(path), json.dumps(about) + "\n")


def check_seal(path: PathLike, root: PathLike = ".") -> None:
    """Make sure that a table is the one that was written to its path.

    Args:
        path: of the table, relative to the root.
        root: the work tree.

    Raises:
        Damaged: if it has no seal, was written to another path, or has changed, naming it and the remedy.
    """
    file = Path(root, path)
    try:
        about = json.loads(seal_of(file).read_text(encoding="utf-8"))
        known, written_to = about["sha256"], about["path"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Damaged(path, f"nothing says what it is: there is no whole {seal_of(path).name} beside it") from None
    _check_place(path, written_to)
    if hashlib.sha256(file.read_bytes()).hexdigest() != known:
        raise Damaged(path, "it has changed since it was written")


def _check_place(path: PathLike, written_to: str | None) -> None:
    if written_to != Path(path).as_posix():
        was = "says nothing of where it belongs" if written_to is None else f"was written as {written_to}"
        raise Damaged(path, f"it {was}")


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
    # One entry holds all: safetensors writes several in an order that changes from run to run.
    about = dict(metadata or {}) | ({"path": Path(path).as_posix()} if is_result(path) else {})
    text = json.dumps(about | {"sha256": checksum(ready, about)}, sort_keys=True, ensure_ascii=False)
    with atomic(path) as temporary:
        save_file(ready, temporary, {"about": text})


def load_tensors(path: PathLike) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a file of `save_tensors`: its tensors and its metadata.

    Raises:
        Damaged: if the file is not a whole safetensors file, or not the one that was written to its path, naming it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, ValueError) as error:
        raise Damaged(path, f"not a whole safetensors file ({error})") from error
    if about.pop("sha256", None) != checksum(tensors, about):
        raise Damaged(path, "it does not have the checksum that was written with it")
    written_to = about.pop("path", None)
    if is_result(path):
        _check_place(path, written_to)
    return tensors, about


def save_table(path: PathLike, table: pd.DataFrame) -> None:
    """Write a table as CSV, numbers so that they read back the same to the bit."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
        if is_result(path):
            seal(path, temporary.read_bytes())


def save_text(path: PathLike, text: str) -> None:
    """Write a text file in UTF-8."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_table(path: PathLike) -> pd.DataFrame:
    """Read a table of `save_table`.

    Raises:
        Damaged: if it is a result and not the one that was written to its path, naming it.
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
