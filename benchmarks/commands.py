"""How long the commands of the README take, after the installation, from an empty cache.

    python benchmarks/commands.py quick test sensitivity

Runs `make` with each target in a clone of the last commit, and writes results/commands.csv, one row a command.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import pandas as pd  # noqa: E402
from progress import spell  # noqa: E402

from benchmarks.machine import describe_machine  # noqa: E402
from libi.runtime.storage import load_table, save_table  # noqa: E402

RECORDED = ROOT / "benchmarks/results/commands.csv"


def seconds_of(target: str, folder: Path) -> float:
    """What `make target` takes in a folder."""
    start = time.monotonic()
    subprocess.run(["make", target], cwd=folder, check=True, env=os.environ | {"LIBI_CACHE": str(folder / "cache")})
    return time.monotonic() - start


def to_words(rows: pd.DataFrame) -> str:
    """The recorded times as a list in words."""
    times = [f"`make {row.command}` {spell(row.seconds)}" for row in rows.itertuples()]
    return ", ".join(times)


def main() -> None:
    """Clone, install, time, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+")
    targets = parser.parse_args().targets
    machine, table = describe_machine(), load_table(RECORDED)
    for target in targets:
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder, "clone")
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
            seconds_of(".venv/ready", clone)
            row = {"command": target, "seconds": round(seconds_of(target, clone)), "cores": machine["cores"]}
        table = pd.concat([table[table["command"] != target], pd.DataFrame([row])], ignore_index=True)
        save_table(RECORDED, table)
    print(to_words(table))


if __name__ == "__main__":
    main()
