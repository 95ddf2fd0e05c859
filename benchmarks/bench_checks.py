"""What the checks of results cost, beside what the jobs of a finished study took.

    python benchmarks/bench_checks.py --configfile config/quick.yaml

A run hashes every result at its start, and each job reads the records of what it reads and hashes it again. Both are
timed here as a run does them, in one process, and compared with the jobs' own seconds. Writes results/checks.csv.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import pandas as pd  # noqa: E402
from inventory import inventory_of, read  # noqa: E402
from notes import check_times, notes  # noqa: E402

from benchmarks.machine import describe_machine  # noqa: E402
from benchmarks.report import markdown  # noqa: E402
from benchmarks.timing import interleave  # noqa: E402
from libi.runtime.seals import check_content, is_result, other_input, statement_of  # noqa: E402
from libi.runtime.storage import save_table  # noqa: E402
from libi.study.variants import family_of_run  # noqa: E402


def main(study: str) -> None:
    """Time, print and record.

    Args:
        study: the file of a finished study.
    """
    family = family_of_run([study], "config/config.yaml", {})
    files = read(inventory_of(ROOT, family))["files"]
    noted = {file: note for folder in family for file, note in notes(ROOT, folder).items()}
    check_times(ROOT, noted, files)
    spans = {note["log"][0]: note["endtime"] - note["starttime"] for note in noted.values()}
    jobs = {note["log"][0]: [file for file in note["input"] if is_result(file)] for note in noted.values()}

    def at_the_start() -> None:
        for file in files:
            check_content(file, ROOT)

    def by_the_jobs() -> None:
        for given in jobs.values():
            for file in given:
                check_content(file, ROOT)
                other_input(statement_of(file, ROOT), ROOT)

    timings = interleave({("start", 0): at_the_start, ("jobs", 0): by_the_jobs})
    total = sum(spans.values())
    rows = [
        {
            "checks": "all results, at the start of a run" if when == "start" else "what jobs read, by the jobs",
            "files": len(files) if when == "start" else sum(map(len, jobs.values())),
            "seconds": round(timings[when, 0].median, 3),
            "seconds of all jobs": round(total, 1),
            "share": f"{timings[when, 0].median / total:.2%}",
            "study": family.name,
            "processor": describe_machine()["processor"],
        }
        for when in ("start", "jobs")
    ]
    table = pd.DataFrame(rows)
    save_table(ROOT / "benchmarks/results/checks.csv", table)
    print(markdown(table))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", metavar="STUDY", default="config/quick.yaml", help="a finished study's file")
    main(parser.parse_args().configfile)
