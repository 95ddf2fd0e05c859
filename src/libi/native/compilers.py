"""The C++ compilers here: which of them work is found out with a tiny program, once for each process."""

from __future__ import annotations

import functools
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

SLOW = "training runs in PyTorch, 50 to 120 times slower; install g++ or clang"
NONE = f"no C++ compiler: {SLOW}"
# What PyTorch's compiled steps need: OpenMP with its header, and a shared library.
PROBE = '#include <omp.h>\n#include <cmath>\nextern "C" double probe() { return std::sqrt(omp_get_max_threads()); }\n'


def compilers() -> list[list[str]]:
    """The commands of the C++ compilers here, the first to be tried first: $CXX alone if it is set."""
    own = words_of("CXX")
    commands = [own] if own else [["g++"], ["clang++"], ["c++"]]
    return [command for command in commands if shutil.which(command[0])]


def no_compiler() -> str | None:
    """Why no kernel can be compiled here, and the remedy; None if a compiler works."""
    problems = []
    for command in compilers():
        problem = problem_with([*command, *for_this_processor(), *words_of("CXXFLAGS")], "int probe() { return 0; }\n")
        if problem is None:
            return None
        problems.append(problem)
    if problems:
        return f"no C++ compiler works: {SLOW} ({'; '.join(problems)})"
    own = words_of("CXX")
    return f"no C++ compiler, since CXX is {own[0]!r}, which is not on PATH: {SLOW}, or leave CXX out" if own else NONE


def problem_with(command: Sequence[str], program: str) -> str | None:
    """What a compiler says if it cannot make a shared library of a program; None if it can."""
    try:
        with tempfile.TemporaryDirectory(prefix="libi-") as folder:
            source = Path(folder, "probe.cpp")
            source.write_text(program)
            run([*command, "-fPIC", "-shared", str(source), "-o", f"{folder}/probe.so"])
    except (OSError, RuntimeError) as error:
        return str(error)
    return None


def words_of(variable: str) -> list[str]:
    """An environment variable as a shell would divide it; nothing, after a warning, if a quote in it has no end."""
    text = os.environ.get(variable, "")
    try:
        return shlex.split(text)
    except ValueError as error:
        log.warning("%s is not read, since it is %r: %s", variable, text, error)
        return []


def for_this_processor() -> list[str]:
    """The compiler's flags for all instructions that the processor has.

    On many processors that have vectors of 512 bits, GCC and Clang cut them in two, which makes the kernels slower.
    """
    if platform.machine() in ("x86_64", "AMD64", "i686"):
        return ["-march=native", "-mprefer-vector-width=512"]
    return ["-mcpu=native"]


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a compiler.

    Raises:
        RuntimeError: if it fails, with what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with exit code {done.returncode}:\n{done.stderr.strip()}")


@functools.cache
def compiler_of_pytorch() -> str | None:
    """The first compiler here that builds what PyTorch's compiled steps need; None, after a warning, if none does.

    PyTorch calls a compiler by its name alone, so flags in $CXX do not count here.
    """
    problems = []
    for name in dict.fromkeys(command[0] for command in compilers()):
        problem = problem_with([name, "-fopenmp"], PROBE)
        if problem is None:
            return name
        problems.append(problem)
    if problems:
        words = "no compiler here builds a program with OpenMP, so steps run operation by operation, many times slower"
        log.warning("%s; install g++, or libomp-dev for clang: %s", words, "; ".join(problems))
    else:
        log.warning(NONE)
    return None
