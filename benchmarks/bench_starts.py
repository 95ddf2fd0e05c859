"""How long a job takes to import what it needs: in a Python of its own, and as a fork of a server (workflow/forks.py).

`make bench` runs it last, and writes results/starts.csv. benchmarks/README.md says what is measured, and how.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from multiprocessing import connection, forkserver
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import forks  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.machine import describe_machine  # noqa: E402
from benchmarks.report import markdown  # noqa: E402
from benchmarks.timing import interleave  # noqa: E402
from libi.runtime.storage import save_table  # noqa: E402

SCRIPTS = ("simulate_data", "train_models", "evaluate_models")


def imports_of(script: str) -> str:
    """What a script imports, as a program of its own."""
    lines = (ROOT / "scripts" / f"{script}.py").read_text(encoding="utf-8").splitlines()
    return "\n".join([f"import sys; sys.path[:0] = [{str(ROOT / 'src')!r}]", *filter(is_import, lines)])


def is_import(line: str) -> bool:
    """Whether a line imports something."""
    return line.startswith(("from ", "import "))


def in_a_python(job: Path) -> None:
    """Run a job as Snakemake does."""
    subprocess.run([sys.executable, str(job)], check=True)


def as_a_fork(job: Path) -> None:
    """Run a job as a fork of the server."""
    process = forks.start(str(job), job.stem, None)
    connection.wait([process.sentinel])
    process.join()
    assert process.exitcode == 0


def main() -> None:
    """Time, print and record."""
    forkserver.set_forkserver_preload(forks.IMPORTED)
    with tempfile.TemporaryDirectory() as folder:
        jobs = {script: Path(folder, f"{script}.py") for script in SCRIPTS}
        calls: dict[tuple[str, int], Callable[[], object]] = {}
        for number, (script, job) in enumerate(jobs.items()):
            job.write_text(imports_of(script), encoding="utf-8")
            calls["python", number] = partial(in_a_python, job)
            calls["fork", number] = partial(as_a_fork, job)
        timings = interleave(calls)
    processor = describe_machine()["processor"]
    rows = []
    for number, script in enumerate(SCRIPTS):
        python, fork = (timings[way, number].median for way in ("python", "fork"))
        seconds = {"python": round(python, 3), "fork": round(fork, 3)}
        rows.append({"script": script, **seconds, "times faster": round(python / fork, 1), "processor": processor})
    table = pd.DataFrame(rows)
    save_table(ROOT / "benchmarks/results/starts.csv", table)
    print(markdown(table))


if __name__ == "__main__":
    main()
