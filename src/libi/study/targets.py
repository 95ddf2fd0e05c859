"""What is wrong with the files that a command line names, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from libi.base.values import StudyError
from libi.study.reading import read_mapping

FOLDERS = ("results", "figures", "paper", "logs")  # in which a study other than the paper's has a folder of its name
STUDIES = "config/*.yaml"


def studies(root: Path) -> dict[str, str]:
    """The files of the studies in config/ by the studies' names; what is no YAML is left out."""
    found = {}
    for path in sorted(root.glob(STUDIES)):
        try:
            mapping = yaml.safe_load(path.read_bytes())
        except (yaml.YAMLError, ValueError):
            continue
        if isinstance(mapping, dict) and isinstance(mapping.get("name"), str):
            found[mapping["name"]] = path.relative_to(root).as_posix()
    return found


def folder_of(target: str) -> str:
    """The folder below results/, figures/, paper/ or logs/ that a target is in; empty if it is in none."""
    parts = Path(target).parts
    return parts[1] if len(parts) > 2 and parts[0] in FOLDERS else ""


def describe_unreadable(files: Sequence[str], root: Path = Path()) -> str:
    """Say why what stands behind --configfile cannot be a study's file; empty if all of it can be read.

    Args:
        files: as they stand on the command line.
        root: of the project.
    """
    likely = [file for file in files if Path(file).suffix in (".yaml", ".yml", ".json")]
    for file in files:
        if file not in likely and (folder_of(file) or not Path(file).exists()):
            study = studies(root).get(folder_of(file), likely[0] if likely else "config/quick.yaml")
            return (
                f"{file} stands behind --configfile, so it is taken for a study's file. "
                f"Write what you want to make before it: snakemake {file} --configfile {study}"
            )
        try:
            mapping = read_mapping(file)
            Path(file).read_text(encoding="utf-8")
        except StudyError as error:
            return str(error)
        except UnicodeDecodeError:
            return f"{file}: is not in UTF-8; save it so"
        if not isinstance(mapping, dict) or not mapping:
            return f"{file}: is no study: it has no keys"
    return ""


def describe_foreign(targets: Iterable[str], here: Iterable[str], root: Path = Path()) -> str:
    """Say of the first target that another study makes which one it is; empty if there is none.

    Args:
        targets: the arguments of the command line; those that are no files of a study are passed over.
        here: names of the studies that this run makes.
        root: of the project.
    """
    here = set(here)
    for target in targets:
        folder = folder_of(target)
        file = studies(root).get(folder) if folder and folder not in here else None
        if file:
            return f"{target} belongs to the study {folder}: snakemake {target} --configfile {file}"
    return ""
