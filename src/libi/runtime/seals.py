"""What a result says of itself: its path, a hash of its content, and what made it.

Files of tensors have this within. All others have it in a hidden file beside them, their seal. A job that reads a
result checks it, so a file that was damaged, edited, put in the place of another, or made from other files than are
there now never becomes a number of a study. A run also compares the settings (`workflow/rules/results.smk`).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from libi.runtime.processor import describe_processor
from libi.runtime.provenance import versions

PathLike = str | os.PathLike[str]
MADE = ("results", "figures", "paper")  # the folders of what the jobs of a run make
BY_HAND = (  # what else is there
    *(f"{folder}/README.md" for folder in MADE),
    *("paper/choices.yaml", "paper/published_table1.csv", "paper/replication.tex", "paper/references.bib"),
    "paper/reference",
)
TENSORS = ".safetensors"
CHANGED = "it has changed since it was written"
ABOUT, HASH, STATEMENT = "about", "sha256", "statement"  # in files of tensors: the entry that holds all, and two of its
REMEDY = "to make it again, call snakemake as README.md shows (not make), and add: --forcerun"
# As safetensors and as PyTorch call types of numbers.
TYPES = {
    **{f"F{bits}": f"torch.float{bits}" for bits in (16, 32, 64)},
    **{f"I{bits}": f"torch.int{bits}" for bits in (8, 16, 32, 64)},
    **{"U8": "torch.uint8", "BOOL": "torch.bool", "BF16": "torch.bfloat16"},
}


def is_result(path: PathLike) -> bool:
    """Whether a path is that of something that a run has made, as its jobs know it: relative, below results/, say."""
    file = Path(path)
    return any(map(file.is_relative_to, MADE)) and not any(map(file.is_relative_to, BY_HAND))


class Damaged(ValueError):
    """A file that is not what was written under its name. Its text names the file and the remedy."""

    def __init__(self, path: PathLike, problem: str) -> None:
        """Put the problem of a file in words."""
        self.path, self.problem = os.fspath(path), problem
        super().__init__(f"{path}: {problem}{f'; {REMEDY} {path}' if is_result(path) else ''}")


@dataclass(frozen=True)
class Origin:
    """What made a result.

    Attributes:
        settings: the parameters of the job, in plain types.
        made_from: the results that it read, each with the hash of its content.
        sources: one hash of all other files that it read, by name and content: its code, and tables of the project.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    made_from: Mapping[str, str] = field(default_factory=dict)
    sources: str = ""


@dataclass(frozen=True)
class Statement:
    """What a result says of itself.

    Attributes:
        path: where it was written to.
        sha256: of its content.
        origin: what made it.
        versions: of Python and of packages. With other versions, the result still counts as the same.
        processor: on which it was made, as `libi.runtime.processor` describes it. The same holds for another processor.
    """

    path: str
    sha256: str
    origin: Origin = Origin()
    versions: Mapping[str, str] = field(default_factory=dict)
    processor: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """As text, with a hash of the text itself."""
        told = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return json.dumps({"statement": told, "sha256": hashlib.sha256(told.encode()).hexdigest()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Statement:
        """The inverse of `to_json`.

        Raises:
            ValueError: if the text is not whole.
        """
        try:
            packed = json.loads(text)
            told = packed["statement"]
            if hashlib.sha256(told.encode()).hexdigest() != packed["sha256"]:
                raise ValueError("it has changed")
            parts = json.loads(told)
            return cls(**parts | {"origin": Origin(**parts["origin"])})
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a statement: {error}") from None


_ORIGIN: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextlib.contextmanager
def made_by(settings: Mapping[str, Any], files: Iterable[PathLike]) -> Iterator[None]:
    """Say in every result that is written in the block what made it.

    Args:
        settings: the job's parameters, of types that JSON can write.
        files: all that the job reads.

    Raises:
        Damaged: if one of them is a result that does not say what it is.
    """
    token = _ORIGIN.set(origin_of(settings, files))
    try:
        yield
    finally:
        _ORIGIN.reset(token)


def origin_of(settings: Mapping[str, Any], files: Iterable[PathLike]) -> Origin:
    """What a job that starts now will have made its results from.

    Args:
        settings: the job's parameters, of types that JSON can write.
        files: all that the job reads.

    Raises:
        Damaged: if one of them is a result that does not say what it is.
        OSError: if one of them is not there.
    """
    names = sorted({Path(file).as_posix() for file in files})
    made_from = {name: statement_of(name).sha256 for name in names if is_result(name)}
    sources = "".join(f"{name} {hash_of(name)}\n" for name in names if not is_result(name))
    return Origin(json.loads(json.dumps(settings)), made_from, hashlib.sha256(sources.encode()).hexdigest())


def hash_of(path: PathLike) -> str:
    """SHA-256 of a file's content, computed once for each date and size that it has."""
    found = os.stat(path)
    return _hash_of(os.fspath(path), found.st_mtime_ns, found.st_size)


@functools.cache
def _hash_of(path: str, changed: int, size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state(path: PathLike, sha256: str) -> Statement:
    """What a result that is about to be written says of itself."""
    return Statement(Path(path).as_posix(), sha256, _ORIGIN.get() or Origin(), versions(), describe_processor())


def seal_of(path: PathLike) -> Path:
    """Where the seal of a file is that is not of tensors."""
    return Path(path).with_name(f".{Path(path).name}.seal")


def statement_of(path: PathLike, root: PathLike = ".") -> Statement:
    """What a result says of itself. Its content is not read.

    Args:
        path: of the result, relative to the root.
        root: the work tree.

    Raises:
        Damaged: if it does not say what it is, or was written to another path, naming it and the remedy.
    """
    file = Path(root, path)
    try:
        statement = Statement.from_json(
            _of_tensors(file) if file.suffix == TENSORS else read(seal_of(file)).decode("utf-8")
        )
    except (OSError, ValueError, KeyError, TypeError, MemoryError):
        where = "in it" if file.suffix == TENSORS else f"beside it ({seal_of(path).name})"
        raise Damaged(path, f"its record of what made it is missing or damaged; it should be {where}") from None
    if statement.path != Path(path).as_posix():
        raise Damaged(path, f"it was written as {statement.path}")
    return statement


@contextlib.contextmanager
def _opened(path: PathLike) -> Iterator[BinaryIO]:
    """A file for reading; a pipe, a folder or a device is an OSError at once, where `open` could wait for ever."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path} is not a regular file")
    with open(path, "rb") as file:
        yield file


def read(path: PathLike) -> bytes:
    """The content of a regular file.

    Raises:
        OSError: if there is none, or it cannot be read.
    """
    with _opened(path) as file:
        return file.read()


def _of_tensors(file: Path) -> str:
    with _opened(file) as opened:
        return str(_header(opened)[1][STATEMENT])


def _header(opened: BinaryIO) -> tuple[dict[str, Any], dict[str, str], int]:
    """What a file of tensors says of each of them, and of all; and where their numbers begin."""
    length = int.from_bytes(opened.read(8), "little")
    if length > os.fstat(opened.fileno()).st_size:
        raise ValueError("its header is cut")
    try:
        tensors = dict(json.loads(opened.read(length)))
        return tensors, json.loads(tensors.pop("__metadata__")[ABOUT]), 8 + length
    except RecursionError as error:
        raise ValueError(f"its header cannot be read: {error}") from None


def tensors_hash_of(path: PathLike) -> str:
    """The hash of the content of a file of tensors: `libi.runtime.storage.checksum`, without PyTorch.

    Raises:
        OSError: if the file cannot be read.
        ValueError, KeyError, TypeError: if it is not a whole file of tensors.
    """
    with _opened(path) as opened:
        tensors, about, start = _header(opened)
        told = sorted((name, text) for name, text in about.items() if name not in (HASH, STATEMENT))
        digest = hashlib.sha256(repr(told).encode())
        for name in sorted(tensors):
            one = tensors[name]
            begin, end = one["data_offsets"]
            digest.update(f"{name} {TYPES[one['dtype']]} {one['shape']}".encode())
            opened.seek(start + begin)
            digest.update(opened.read(end - begin))
    return digest.hexdigest()


def check_content(path: PathLike, root: PathLike = ".") -> Statement:
    """Make sure that a result's content is what was written to its path.

    Args:
        path: of the result, relative to the root.
        root: the work tree.

    Returns:
        what it says of itself.

    Raises:
        Damaged: if it is not, or nothing says what it is, naming it and the remedy.
    """
    statement, file = statement_of(path, root), Path(root, path)
    try:
        found = tensors_hash_of(file) if file.suffix == TENSORS else hashlib.sha256(read(file)).hexdigest()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(path, f"it cannot be read ({error})") from None
    except (ValueError, KeyError, TypeError, AttributeError, MemoryError, OverflowError):
        found = ""
    if statement.sha256 != found:
        raise Damaged(path, CHANGED)
    return statement


def check_statement(path: PathLike, statement: Statement, sha256: str, root: PathLike = ".") -> None:
    """Make sure that a result is what was written, from what is there now.

    Args:
        path: of the result, relative to the root.
        statement: what it says of itself.
        sha256: of its content.
        root: the work tree.

    Raises:
        Damaged: if it has changed, or was made from another file, naming it.
    """
    if statement.sha256 != sha256:
        raise Damaged(path, CHANGED)
    if name := other_input(statement, root):
        raise Damaged(path, f"it was made from another {name} than is there now")


def other_input(statement: Statement, root: PathLike = ".") -> str | None:
    """The first file of those that a result was made from that is not the same now; files that are gone are not."""
    for name, had in statement.origin.made_from.items():
        if Path(root, name).exists() and statement_of(name, root).sha256 != had:
            return name
    return None


def check_seal(path: PathLike, root: PathLike = ".") -> None:
    """Make sure that a sealed file is the one that was written to its path.

    Args:
        path: of the file, relative to the root.
        root: the work tree.

    Raises:
        Damaged: if it is not, or nothing says what it is, naming it and the remedy.
    """
    statement = check_content(path, root)
    check_statement(path, statement, statement.sha256, root)


def as_its_run_knows_it(path: PathLike, belongs: Callable[[Path], bool] = lambda inside: True) -> Path:
    """A result's path relative to the folder of its run, if this is that folder, since its record has that name.

    Args:
        path: of the file, spelled in any way.
        belongs: whether a path from the folder of a run is that of a result; others are copies, which are left alone.

    Raises:
        Damaged: if the file is a result of a run in another folder, and not what was written to its path there.
    """
    absolute = Path(os.path.abspath(path))  # without following links, as a run writes it
    root = next((folder.parent for folder in absolute.parents if folder.name == "results"), None)
    if root is None or not belongs(absolute.relative_to(root)):
        return Path(path)
    if root == Path.cwd():
        return absolute.relative_to(root)
    if absolute.exists():
        check_seal(absolute.relative_to(root), root)
    return absolute
