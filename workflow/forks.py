"""Starts the jobs of this machine with PyTorch imported, which takes longer than the work of most jobs.

A server imports the packages once, and each job is a fork of it: `multiprocessing` has such a server. Jobs start as
Snakemake starts them where there is no such server, on a cluster, and in an environment of their own (--sdm).
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

import psutil
from snakemake.benchmark import benchmarked
from snakemake.exceptions import WorkflowError
from snakemake.script import PythonScript

# Packages, and nothing of this project: a job runs the code that is there when it starts. Each fork imports the program
# that asked for it, which is Snakemake's.
IMPORTED = ["snakemake.cli", "torch", "pandas", "pydantic", "jaxtyping", "safetensors.numpy"]
PROGRAMS = ("snakemake", "__main__.py")  # what Snakemake's command is called
LIBRARIES = ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")  # that count their threads when they are imported
# Whoever starts a process also reads how others have ended, and no two threads may read that at once.
STARTS = threading.Lock()
ENDED = threading.Event()  # no job starts any more


def serve() -> None:
    """Let the Python scripts of all jobs that Snakemake starts here from now on be forks."""
    program = Path(getattr(sys.modules["__main__"], "__file__", None) or "").name
    if not sys.platform.startswith("linux") or program not in PROGRAMS:  # a fork would run another program once more
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
        WorkflowError: if it cannot be started.
    """
    process = start(fname, Path(script.path).stem, script.resources.get("tmpdir"))
    with measured(process.pid, script.bench_record):
        connection.wait([process.sentinel])
    with STARTS:
        process.join()
        code = process.exitcode
        process.close()  # a job that is at work still, because its server was killed, ends by this
    if code:
        raise subprocess.CalledProcessError(code, [sys.executable, fname])


def start(*arguments: Any) -> Any:
    """A process that does `run` with these arguments."""
    with STARTS:
        if ENDED.is_set():
            raise WorkflowError("The run is ending.")
        process = multiprocessing.get_context("forkserver").Process(target=run, args=arguments, daemon=True)
        try:
            process.start()
        except (EOFError, OSError) as error:
            raise WorkflowError(
                f"The server that starts jobs has ended: {error}. Run the same command again."
            ) from None
        return process


def end_all() -> None:
    """End all processes that this one has started, and theirs, and start no other job."""
    ENDED.set()
    with contextlib.suppress(psutil.Error):
        for process in reversed(psutil.Process().children(recursive=True)):  # jobs before their server
            with contextlib.suppress(psutil.Error):
                process.terminate()


@contextlib.contextmanager
def measured(pid: int, record: Any) -> Any:
    """Let Snakemake measure time and memory of a process, if it is to be, and if the process has not ended yet."""
    with contextlib.ExitStack() as stack:
        if record:
            record.running_time, record.process_gone = 0.0, True
            with contextlib.suppress(psutil.NoSuchProcess):
                stack.enter_context(benchmarked(pid, record))
        yield


def run(fname: str, name: str, temporary: str | None) -> None:
    """Run a script in this process, a fork.

    Args:
        fname: the script.
        name: of the process, as `top` shows it; at most 15 letters of it.
        temporary: folder for temporary files, if Snakemake names one.
    """
    threading.Thread(target=end_with_the_run, daemon=True).start()
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name[:15], encoding="utf-8")
    if temporary:
        os.environ |= dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), temporary)
        tempfile.tempdir = None  # to be looked for again
    sys.argv = [fname]
    runpy.run_path(fname, run_name="__main__")


def end_with_the_run() -> None:
    """End this process as soon as Snakemake has gone, or no longer waits for it."""
    snakemake: Any = multiprocessing.parent_process()
    snakemake.join()
    os._exit(1)
