"""Whether the files of a study are what its jobs wrote, and what the study asks for.

    python workflow/audit.py                                  # the paper's study
    python workflow/audit.py --configfile config/quick.yaml   # another

It compares every file with the inventory that the last run wrote, and asks Snakemake what the next run would make
again. It changes no file of a study. The exit code is 0 if all is whole and nothing is missing or stale.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

from inventory import NAME, UNDER_WAY, inventory_of, read, sha256  # noqa: E402
from snakemake_interface_logger_plugins.common import LogEvent  # noqa: E402

from libi.base.values import StudyError, differences  # noqa: E402
from libi.runtime.seals import MADE, Damaged, check_content, is_result  # noqa: E402
from libi.study.family import Family  # noqa: E402
from libi.study.variants import family_of_run  # noqa: E402

PAPERS = "config/config.yaml"
SHOWN = 10  # files that are named of each kind
MEANINGS = {
    "whole": "as their jobs wrote them",
    "unknown": "there, but not in the inventory; the next run adds them",
    "missing": "not made yet",
    "stale": "the next run makes them again",
    "changed": "changed since they were written; to make one again, call snakemake as README.md shows (not make), "
    "and add: --forcerun FILE",
    "outdated": "made from another file than is there now",
    "foreign": "made by no job of this study",
}
WRONG = ("unknown", "missing", "stale", "changed", "outdated")


class Finding(NamedTuple):
    """What is said of one file.

    Attributes:
        kind: one of `MEANINGS`.
        file: its path.
        why: more of it; may be empty.
    """

    kind: str
    file: str
    why: str = ""


class Planned(logging.Filter):
    """Notes what the jobs of a dry run would make, and why; keeps all but errors from the screen."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.files: dict[str, str] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Take note of one record of Snakemake's log; tell whether it is printed."""
        if getattr(record, "event", None) == LogEvent.JOB_INFO:
            told = record.__dict__
            self.files |= dict.fromkeys(map(str, told["output"]), shorten(str(told["reason"]), 100, placeholder=" …"))
        return record.levelno >= logging.ERROR


def planned(study: str | None, *options: str) -> dict[str, str]:
    """What a dry run would make, each file with the reason.

    Args:
        study: its file; None for the paper's.
        options: of Snakemake.

    Raises:
        SystemExit: if the dry run fails; Snakemake has said why.
    """
    from snakemake.cli import args_to_api, parse_args
    from snakemake.logging import logger

    found = Planned()
    logger.addFilter(found)
    named = ["--configfile", study] if study else []
    with contextlib.redirect_stderr(io.StringIO()):  # it says which profile it uses
        parser, parsed = parse_args(["--dry-run", "--cores", "1", *options, *named])
    try:
        if not args_to_api(parsed, parser):
            raise SystemExit(1)
    finally:
        logger.removeFilter(found)
    return found.files


def compare(
    root: Path, files: Mapping[str, Mapping[str, Any]], all_of_study: Iterable[str], next_run: Mapping[str, str]
) -> list[Finding]:
    """What is to be said of each file of a study.

    Args:
        root: the work tree.
        files: of the inventory.
        all_of_study: what the study's jobs make.
        next_run: what the next run would make, each with the reason.
    """
    present = {file: sha256(root / file) for file in {*files, *all_of_study} if (root / file).is_file()}
    found = [_judge(file, files, present, next_run) for file in sorted(all_of_study)]
    return [_refused(root, one) if one.kind in ("whole", "stale", "unknown") else one for one in found]


def _refused(root: Path, finding: Finding) -> Finding:
    """What is said of a file that the next run would refuse, since it is not what it says that it is."""
    try:
        if is_result(finding.file):
            check_content(finding.file, root)
    except Damaged as error:
        return Finding("changed", finding.file, error.problem)
    return finding


def _judge(
    file: str, files: Mapping[str, Mapping[str, Any]], present: Mapping[str, str], next_run: Mapping[str, str]
) -> Finding:
    if file not in present:
        return Finding("missing", file)
    if file in files and files[file]["sha256"] != present[file]:
        return Finding("changed", file)
    if file in next_run:
        return Finding("stale", file, next_run[file])
    if file not in files:
        return Finding("unknown", file)
    for name, had in files[file]["from"].items():
        if present.get(name, had) != had:
            return Finding("outdated", file, f"made from another {name}")
    return Finding("whole", file)


def foreign(root: Path, family: Family, all_of_study: Iterable[str]) -> list[Finding]:
    """Files where a study's jobs write that none of them makes, and no other study."""
    notes = (path for name in (NAME, UNDER_WAY) for path in (root / "results").rglob(name))
    studies = {path.parent.relative_to(root / "results") for path in notes}
    own = {*all_of_study, *(f"results/{study}.csv" for study in studies)}  # those of variants write a table there
    found: list[Finding] = []
    for top, folder in product(MADE, [f"/{family.name}"] if family.varied else family):
        place = root / f"{top}{folder}"
        others = {root / top / study for study in studies if place in (root / top / study).parents}
        files = (path for path in sorted(place.rglob("*")) if path.is_file() and not path.name.startswith("."))
        for path in files:
            file = path.relative_to(root).as_posix()
            if is_result(file) and file not in own and not others & set(path.parents):
                found.append(Finding("foreign", file))
    return [one for one in found if not one.file.endswith(NAME) and "/benchmarks/" not in one.file]


def other_settings(family: Family, studies: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The settings in which a study is not the one that the inventory is of, in words."""
    said = []
    for folder in family:
        for key, had, wanted in differences(studies.get(folder, {}), family[folder].model_dump(mode="json")):
            if folder in studies:
                said.append(f"{key} was {had} when the files were made; the study now has {wanted}")
    return said


def describe(findings: Sequence[Finding]) -> str:
    """The findings in words, a paragraph for each kind."""
    lines = []
    for kind, meaning in MEANINGS.items():
        of_kind = [finding for finding in findings if finding.kind == kind]
        if not of_kind:
            continue
        lines.append(f"{len(of_kind)} {kind}: {meaning}")
        if kind != "whole":
            lines += [f"  {one.file}{': ' if one.why else ''}{one.why}" for one in of_kind[:SHOWN]]
            lines += [f"  and {len(of_kind) - SHOWN} more"] if len(of_kind) > SHOWN else []
    return "\n".join(lines)


def examine(root: Path, study: str | None) -> tuple[list[Finding], list[str]]:
    """What is to be said of a study's files, and of its settings.

    Args:
        root: the work tree, which is the current folder.
        study: the study's file; None for the paper's.

    Raises:
        StudyError: if the file is no study.
        SystemExit: if Snakemake cannot plan it; it has said why.
    """
    family = family_of_run([study] if study else [], PAPERS, {})
    known = read(inventory_of(root, family))
    all_of_study = planned(study, "--forceall")
    findings = compare(root, known["files"], all_of_study, planned(study))
    return [*findings, *foreign(root, family, all_of_study)], other_settings(family, known["studies"])


def is_clean(findings: Iterable[Finding], changed: Sequence[str]) -> bool:
    """Whether all files of a study are whole, and none is missing or stale."""
    return not changed and not any(finding.kind in WRONG for finding in findings)


def main(root: Path, study: str | None) -> int:
    """Audit a study and print what is found."""
    try:
        findings, changed = examine(root, study)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 1
    print(describe(findings))
    for words in changed[:SHOWN]:
        print(words)
    return int(not is_clean(findings, changed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", metavar="STUDY", help="a study's file; left out, the paper's")
    sys.exit(main(Path.cwd(), parser.parse_args().configfile))
