"""Python compares this project's compiled files with their sources by content, not by size and date.

An edit can keep both: the date of a compiled file is rounded to a second. Python then runs the code from before the
edit, and results would name code that did not make them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import py_compile
import sys
from pathlib import Path

BY_CONTENT = (0b11).to_bytes(4, "little")  # the flags after a compiled file's magic number, by PEP 552


def compare_by_content(folder: Path | str) -> None:
    """Compile all sources in a folder that are not compiled so; what Python compiles again later stays so.

    Where nothing can be written, all stays as it is. Where Python is told to write nothing (PYTHONDONTWRITEBYTECODE),
    those that are there are compiled again, since Python reads them.
    """
    for source in Path(folder).rglob("*.py"):
        compiled = Path(importlib.util.cache_from_source(source))
        if flags(compiled) != BY_CONTENT and (compiled.exists() or not sys.dont_write_bytecode):
            with contextlib.suppress(OSError, py_compile.PyCompileError):  # who imports it says what is wrong with it
                mode = py_compile.PycInvalidationMode.CHECKED_HASH
                py_compile.compile(str(source), doraise=True, invalidation_mode=mode)


def flags(compiled: Path) -> bytes:
    """How a compiled file is compared with its source; empty if it cannot be read."""
    try:
        with open(compiled, "rb") as file:
            return file.read(8)[4:]
    except OSError:
        return b""
