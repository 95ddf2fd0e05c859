"""Where files are kept that belong to a machine, not to a study."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from libi.runtime.storage import save_text


def cache_folder() -> Path:
    """$LIBI_CACHE, else libi in the user's cache folder."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LIBI_CACHE") or Path(user) / "libi")


class exclusive:
    """Holds a file's lock, so that of several jobs that want the same library one builds it and the others wait."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_suffix(".lock")

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._path, "w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self._file.close()


@contextlib.contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """A temporary folder for making a file of the cache, under that file's lock; those of killed processes go first."""
    prefix = f".{path.stem}-"
    for left in path.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=prefix) as folder:
        yield Path(folder)


def move_in(made: Path, path: Path) -> None:
    """Put a file that has been made in its place in the cache, and its checksum beside it."""
    save_text(_checksum_of(path), hashlib.sha256(made.read_bytes()).hexdigest())
    os.replace(made, path)


def is_whole(path: Path) -> bool:
    """Whether a file of `move_in` is there, and is what was made."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest().encode() == _checksum_of(path).read_bytes()
    except OSError:
        return False


def _checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
