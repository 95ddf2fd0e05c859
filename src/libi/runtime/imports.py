"""Which source files of this package a script runs: its import closure, read from the text, and C++ beside it."""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = Path(__file__).parents[1].name
LOADS_LATER = Path(__file__).parents[1] / "__init__.py"


def export_package() -> None:
    """Let scripts import this package from where it is, whether or not it is installed in their environment."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), before] if before else [str(ROOT)])


def import_closure(script: str | Path) -> list[Path]:
    """Source files of this package that a script imports, directly or through others, in alphabetical order.

    C++ sources beside an imported file belong to it.

    Imports within functions count too, since a job calls them; but not `libi.load`, which no job calls, nor what is
    imported for type checkers alone.

    Args:
        script: a Python file.
    """
    found: set[Path] = set()
    waiting = list(_imported(Path(script)))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imported(path))
    kernels = {source for path in found for source in path.parent.glob("*.[ch]pp")}
    return sorted(found | kernels)


@functools.cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Files of this package that one file imports, in functions too."""
    return tuple(_read_imports(path))


def _read_imports(path: Path) -> Iterator[Path]:
    waiting = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        statement = waiting.pop(0)
        if isinstance(statement, ast.FunctionDef) and path != LOADS_LATER:
            waiting.extend(statement.body)
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield from _files(alias.name)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                yield from _files(f"{statement.module}.{alias.name}")


@functools.cache
def missing_modules(path: Path) -> tuple[tuple[int, str], ...]:
    """The lines of a file that import a module of this package which does not exist, each with the module's name."""
    found = []
    for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.ImportFrom) and statement.level == 0:
            modules = [statement.module or ""]
        elif isinstance(statement, ast.Import):
            modules = [alias.name for alias in statement.names]
        else:
            continue
        found += [(statement.lineno, module) for module in modules if not _exists(module)]
    return tuple(found)


def _exists(module: str) -> bool:
    """Whether a module is there; True for those of other packages, which are not looked at."""
    parts = module.split(".")
    place = ROOT.joinpath(*parts)
    return parts[0] != PACKAGE or (place / "__init__.py").exists() or place.with_suffix(".py").exists()


def _files(name: str) -> Iterator[Path]:
    """Files that importing a dotted name runs: every package on the way, and the module."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return
    for depth in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:depth])
        if (place / "__init__.py").exists():
            yield place / "__init__.py"
        elif place.with_suffix(".py").exists():
            yield place.with_suffix(".py")
