"""Record when each job of a finished run began and ended, for the test of the time left.

python tests/workflow/record.py FOLDER NAME    the study's folder in results/ ("" for the paper's), and a name
"""

import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "workflow")]

from notes import notes  # noqa: E402

from libi.datasets import DATASETS  # noqa: E402


def wildcards(log, folder):
    """Data set, method and number of replicates of a job, by the name of its log."""
    parts = Path(log).relative_to(f"logs{folder}").with_suffix("").parts[1:]
    dataset, method, pack = (*parts, "", "", "")[:3]
    if dataset not in DATASETS:  # a figure, say
        return "", "", ""
    first, *last = pack.split("-")
    replicates = (int(last[0]) - int(first) + 1) if last else (1 if pack else "")
    return dataset, "" if method.isdigit() else method, replicates


def main(folder, name):
    """Write the table, in the order in which the jobs began."""
    jobs = {note["log"][0]: note for note in notes(Path.cwd(), folder).values()}
    began = min(note["starttime"] for note in jobs.values())
    rows = [
        (note["rule"], *wildcards(log, folder), round(note["starttime"] - began, 2), round(note["endtime"] - began, 2))
        for log, note in jobs.items()
    ]
    table = pd.DataFrame(rows, columns=["rule", "dataset", "method", "replicates", "start", "end"])
    table.sort_values(["start", "end"]).to_csv(ROOT / f"tests/workflow/recorded/{name}.csv", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
