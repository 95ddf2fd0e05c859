"""What `snakemake --profile slurm` would submit, as one table. It needs no SLURM.

    python workflow/slurm_plan.py
    python workflow/slurm_plan.py --configfile config/quick.yaml

What stands after the name is passed on to Snakemake.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from snakemake_interface_logger_plugins.common import LogEvent

SNAKEFILE = Path(__file__).parents[1] / "Snakefile"
UNSET = "cluster's default"


class Allocation(NamedTuple):
    """What one submission asks for.

    Attributes:
        rules: whose jobs run in it, one after the other.
        jobs: how many they are.
        gpus: GPUs.
        partition: by name, or the cluster's default.
        memory_mb: memory.
        minutes: wall time.
    """

    rules: str
    jobs: int
    gpus: int
    partition: str
    memory_mb: int
    minutes: int


class Collected(logging.Filter):
    """Notes the jobs that a dry run would submit, and keeps all but errors from being printed."""

    def __init__(self, local_rules: set[str]) -> None:
        """Begin with nothing.

        Args:
            local_rules: those whose jobs run where Snakemake does. A dry run does not tell.
        """
        super().__init__()
        self.groups: list[list[Mapping[str, Any]]] = []
        self.local, self._local_rules = 0, local_rules
        self._missing = 0  # jobs of the last group that are not told yet

    def filter(self, record: logging.LogRecord) -> bool:
        """Take note of one record of Snakemake's log; tell whether it is printed."""
        event, told = getattr(record, "event", None), record.__dict__
        if event == LogEvent.GROUP_INFO:
            self._missing = len(told["jobs"])
            self.groups.append([])
        elif event == LogEvent.JOB_INFO and self._missing:
            self._missing -= 1
            self.groups[-1].append(told)
        elif event == LogEvent.JOB_INFO:
            if told["rule_name"] in self._local_rules:
                self.local += 1
            else:
                self.groups.append([told])
        return record.levelno >= logging.WARNING


def local_rules() -> set[str]:
    """The rules that the Snakefile keeps where Snakemake runs; "all" is one of them, and has no work."""
    block = re.search(r"^localrules:\n((?: +\w+,\n)+)", SNAKEFILE.read_text(encoding="utf-8"), re.MULTILINE)
    return set(re.findall(r"\w+", block[1])) if block else set()


def allocation(jobs: Sequence[Mapping[str, Any]]) -> Allocation:
    """What the jobs of one submission ask for together: time adds up, memory does not."""
    asked = [dict(job["resources"].items()) for job in jobs]
    return Allocation(
        "+".join(sorted({job["rule_name"] for job in jobs})),
        len(jobs),
        max(int(one.get("gpu", 0)) for one in asked),
        str(asked[0].get("slurm_partition", UNSET)),
        max(int(one["mem_mb"]) for one in asked),
        sum(int(one["runtime"]) for one in asked),
    )


def to_text(allocations: Iterable[Allocation], local: int) -> str:
    """The table: a line for all submissions of the same rules, partition and memory."""
    kinds: dict[tuple[str, int, str, int], list[Allocation]] = {}
    for one in allocations:
        kinds.setdefault((one.rules, one.gpus, one.partition, one.memory_mb), []).append(one)
    rows = [("rules", "submissions", "jobs", "GPUs", "partition", "MB", "minutes each")]
    for (rules, gpus, partition, memory), same in kinds.items():
        minutes = sorted({one.minutes for one in same})
        span = str(minutes[0]) if len(minutes) == 1 else f"{minutes[0]} to {minutes[-1]}"
        jobs = str(sum(one.jobs for one in same))
        rows.append((rules, str(len(same)), jobs, str(gpus or "none"), partition, str(memory), span))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    total = sum(len(same) for same in kinds.values())
    return "\n".join([*lines, "", f"{total} submissions; {local} short jobs run where Snakemake does."])


def main(arguments: Sequence[str]) -> int:
    """Make a dry run, and print what it would submit."""
    from snakemake.cli import args_to_api, parse_args
    from snakemake.logging import logger

    collected = Collected(local_rules())
    logger.addFilter(collected)
    parser, parsed = parse_args(["--profile", "slurm", "--dry-run", *arguments])
    if not args_to_api(parsed, parser):
        return 1
    print(to_text(map(allocation, collected.groups), collected.local))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
