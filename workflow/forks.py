"""Starts the jobs of this machine with PyTorch imported, which takes longer than the work of most jobs.

A server imports the packages once, and each job is a fork of it: `multiprocessing` has such a server. Jobs that run
elsewhere start as Snakemake starts them, and so do all jobs where there is no such server.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

from snakemake.benchmark import benchmarked
from snakemake.script import PythonScript

# Packages, and nothing of this project: a job runs the code that is there when it starts. "__main__" is Snakemake.
IMPORTED = ["__main__", "torch", "pandas", "pydantic", "jaxtyping", "safetensors.numpy"]
LIBRARIES = ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")  # that count their threads when they are imported
STARTS = threading.Lock()  # whoever starts a process looks after all others, so no two may do so at once


def serve() -> None:
    """Let the Python scripts of all jobs that Snakemake starts here from now on be forks."""
    if not sys.platform.startswith("linux"):
        return
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in LIBRARIES}
    forkserver.set_forkserver_preload(IMPORTED)
    with contextlib.suppress(OSError):  # no room for its socket, say
        forkserver.ensure_running()
        PythonScript.execute_script = execute_script


def execute_script(script: Any, fname: str, edit: bool = False) -> None:
    """Run a job's script to its end, in the place of Snakemake's method of this name.

    Args:
        script: as Snakemake knows it.
        fname: a file with the script, and with what Snakemake tells it.
        edit: nothing to a script; notebooks can be edited.

    Raises:
        CalledProcessError: if the script fails.
    """
    arguments = (fname, Path(script.path).stem, script.resources.get("tmpdir"))
    with STARTS:
        process = multiprocessing.get_context("forkserver").Process(target=run, args=arguments, daemon=True)
        process.start()
    with benchmarked(process.pid, script.bench_record) if script.bench_record else contextlib.nullcontext():
        connection.wait([process.sentinel])
    with STARTS:
        process.join()
    if process.exitcode:
        raise subprocess.CalledProcessError(process.exitcode, [sys.executable, fname])


def run(fname: str, name: str, temporary: str | None) -> None:
    """Run a script in this process, a fork.

    Args:
        fname: the script.
        name: of the process, as `top` shows it; at most 15 letters of it.
        temporary: folder for temporary files, if it is not the usual one.
    """
    threading.Thread(target=end_with_the_run, daemon=True).start()
    Path("/proc/self/comm").write_text(name[:15], encoding="utf-8")
    if temporary:
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
    sys.argv = [fname]
    runpy.run_path(fname, run_name="__main__")


def end_with_the_run() -> None:
    """End this process as soon as Snakemake has gone, or the server, through which Snakemake learns how a job ends."""
    snakemake: Any = multiprocessing.parent_process()
    server = os.getppid()
    while snakemake.is_alive() and os.getppid() == server:
        snakemake.join(timeout=1)
    os._exit(1)
