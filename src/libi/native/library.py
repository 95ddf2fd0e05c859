"""The kernels' shared library: compiled once for a machine, kept on disk, and loaded."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from libi.native.compilers import NONE, compilers, for_this_processor, run, words_of
from libi.runtime.cache import cache_folder, exclusive, is_whole, move_in, scratch_beside
from libi.runtime.device import HOST, kind_of
from libi.runtime.provenance import fingerprint

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
SOURCES = sorted([*FOLDER.glob("*.cpp"), *FOLDER.glob("*.hpp")])
# Without -ffast-math, which would lose NaN; a*b + c may be one instruction, and errno and traps are of no use here.
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared")


def build(command: Sequence[str], path: Path) -> None:
    """Compile the library, and note its checksum beside it.

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
        move_in(made, path)
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


def open_or_build(command: Sequence[str], path: Path) -> ctypes.CDLL:
    """The library in the cache, compiled if it is not there or damaged; for this job alone if the cache cannot be used.

    Raises:
        OSError: if it cannot be loaded or written.
        RuntimeError: if the compiler fails.
    """
    try:
        if is_whole(path):
            return ctypes.CDLL(str(path))  # without a lock, which a cache that is only read has not
        with exclusive(path):
            if not is_whole(path):
                build(command, path)
            return ctypes.CDLL(str(path))
    except (OSError, RuntimeError) as error:
        words = "the kernels cannot be made or loaded in the cache, so they are compiled for this job alone"
        log.warning("%s; choose another folder: LIBI_CACHE=FOLDER: %s", words, error)
        with tempfile.TemporaryDirectory(prefix="libi-") as folder:
            build(command, Path(folder, path.name))
            return ctypes.CDLL(str(Path(folder, path.name)))  # stays in memory when the file is gone


@functools.cache
def load() -> ctypes.CDLL | None:
    """The library, compiled if need be; None where it cannot be, after a warning that says why."""
    found = compilers()
    if not found:
        log.warning(NONE)
        return None
    problems = []
    for cxx in found:
        command = [*cxx, *FLAGS, *for_this_processor(), *words_of("CXXFLAGS")]
        try:
            return open_or_build(command, path_of(command))
        except (OSError, RuntimeError) as error:
            problems.append(str(error))
    words = "the C++ kernels cannot be used, so training runs in PyTorch, several times slower"
    log.warning("%s; install another compiler, g++ or clang, or set CXX: %s", words, "; ".join(problems))
    return None
