"""Python compares this project's compiled files with their sources by content, not by size and date.

An edit can keep both: the date of a compiled file is rounded to a second. Python then runs the code from before the
edit, and results would name code that did not make them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import py_compile
from pathlib import Path

BY_CONTENT = (0b11).to_bytes(4, "little")  # the flags after a compiled file's magic number, by PEP 552


def compare_by_content(folder: Path | str) -> None:
    """Compile all sources in a folder that are not compiled so; what Python compiles again later stays so.

    Where nothing can be written, all stays as it is.
    """
    for source in Path(folder).rglob("*.py"):
        if flags(Path(importlib.util.cache_from_source(source))) != BY_CONTENT:
            with contextlib.suppress(OSError, py_compile.PyCompileError):  # who imports it says what is wrong with it
                mode = py_compile.PycInvalidationMode.CHECKED_HASH
                py_compile.compile(str(source), doraise=True, invalidation_mode=mode)


def flags(compiled: Path) -> bytes:
    """How a compiled file is compared with its source; empty if there is no such file."""
    try:
        with open(compiled, "rb") as file:
            return file.read(8)[4:]
    except OSError:
        return b""
