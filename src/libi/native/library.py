"""The kernels' shared library: compiled once for a machine, kept on disk, and loaded."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import platform
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from libi.runtime.cache import cache_folder, exclusive, scratch_beside
from libi.runtime.device import HOST, kind_of
from libi.runtime.provenance import fingerprint

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
SOURCES = sorted([*FOLDER.glob("*.cpp"), *FOLDER.glob("*.hpp")])
# Without -ffast-math, which would lose NaN; a*b + c may be one instruction, and errno and traps are of no use here.
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared")


def compiler() -> list[str] | None:
    """The command of the C++ compiler here: $CXX, else g++, clang++ or c++; None if there is none."""
    commands = [shlex.split(os.environ.get("CXX", "")), ["g++"], ["clang++"], ["c++"]]
    return next((command for command in commands if command and shutil.which(command[0])), None)


def for_this_processor() -> str:
    """The compiler's flag for all instructions that the processor has."""
    return "-march=native" if platform.machine() in ("x86_64", "AMD64", "i686") else "-mcpu=native"


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a compiler.

    Raises:
        RuntimeError: if it fails, with what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with exit code {done.returncode}:\n{done.stderr.strip()}")


def build(command: Sequence[str], path: Path) -> None:
    """Compile the library.

    Args:
        command: the compiler, with all its flags.
        path: where the library goes.

    Raises:
        RuntimeError: if the compiler fails, with what it said.
    """
    began = time.monotonic()
    with scratch_beside(path) as folder:
        made = folder / path.name
        environment = os.environ | {"TMPDIR": str(folder)}
        run([*command, str(FOLDER / "libi.cpp"), "-o", str(made)], environment)
        os.replace(made, path)
    log.info("compiled the kernels in %.0f s", time.monotonic() - began)


def path_of(command: Sequence[str]) -> Path:
    """Where the library is that a compiler makes of these sources for this processor."""
    return cache_folder() / f"kernels-{fingerprint(SOURCES, [*command, kind_of(HOST)])[:16]}.so"


def loaded() -> ctypes.CDLL:
    """The library, for those who know that it can be loaded here."""
    library = load()
    if library is None:
        raise RuntimeError("the C++ kernels are asked for where they cannot be loaded")
    return library


@functools.cache
def load() -> ctypes.CDLL | None:
    """The library, compiled if need be; None where it cannot be, after a warning that says why."""
    cxx = compiler()
    if cxx is None:
        log.warning("no C++ compiler: training runs in PyTorch, 50 to 120 times slower; install g++ or clang")
        return None
    command = [*cxx, *FLAGS, for_this_processor(), *shlex.split(os.environ.get("CXXFLAGS", ""))]
    path = path_of(command)
    try:
        with exclusive(path):
            if not path.exists():
                build(command, path)
        return ctypes.CDLL(str(path))
    except (OSError, RuntimeError) as error:
        log.warning("the C++ kernels cannot be used, so training runs in PyTorch, several times slower: %s", error)
        return None
