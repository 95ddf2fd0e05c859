"""What made a file: hashes of data, parameters, code and PyTorch, so that two origins can be told apart."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from libi import __version__

PACKAGES = ("torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "safetensors", "pydantic", "snakemake")


@functools.cache
def versions() -> dict[str, str]:
    """The versions of Python, of this package and of others, by name, without those that are not installed."""
    found = {"python": sys.version.split()[0], "libi": __version__}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def fingerprint(files: Iterable[str | Path], values: Any) -> str:
    """A hash of the contents of files, of plain values and of PyTorch's version.

    Args:
        files: data and source files that a result depends on, whatever their names.
        values: anything that JSON can write.
    """
    state = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    state.update(version("torch").encode())
    for path in files:
        state.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return state.hexdigest()


def commit_of(folder: str | Path) -> str:
    """The commit of a work tree and its date, e.g. "5df422a of 2026-11-28"; empty if the folder is not one's top."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout

    try:
        if git("rev-parse", "--show-prefix").strip():
            return ""
        edited = git("status", "--porcelain", "--untracked-files=no").strip()
        return git("log", "-1", "--format=%h of %cs").strip() + (", edited since" if edited else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
