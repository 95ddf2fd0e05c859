"""Which study makes a file that a command line asks for, and what is wrong with the name of one that none makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import yaml

from libi.base.values import nearest
from libi.study.family import Family

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


def describe_foreign(targets: Iterable[str], here: Iterable[str], root: Path = Path()) -> str:
    """Say of the first target that another study makes which one it is; empty if there is none.

    Args:
        targets: the arguments of the command line; those that are no files of a study are passed over.
        here: names of the studies that this run makes.
        root: of the project.
    """
    here, before = set(here), ""
    for target in targets:
        before, option = target, before
        if option == "--report":  # which names a file to write
            continue
        parts = Path(target).parts
        folder = parts[1] if len(parts) > 2 and parts[0] in FOLDERS else ""
        file = studies(root).get(folder) if folder and folder not in here else None
        if file:
            return f"{target} belongs to the study {folder}: snakemake --cores 8 {target} --configfile {file}"
    return ""


def _wanted(arguments: Iterable[str]) -> Iterator[str]:
    """The arguments but for files whose notes Snakemake is to forget."""
    option = ""
    for argument in arguments:
        option = argument if argument.startswith("-") else option
        if option not in ("--cleanup-metadata", "-cm"):
            yield argument


def describe_unknown(targets: Iterable[str], family: Family) -> str:
    """Say of the first training file that no job makes what is wrong with its name; empty if there is none.

    Args:
        targets: the arguments of the command line; other files are passed over.
        family: the studies that this run makes.
    """
    for target, (folder, study) in product(_wanted(targets), family.items()):
        parts, place = Path(target).parts, Path(f"results{folder}/training").parts
        if parts[: len(place)] != place or len(parts) != len(place) + 3:
            continue
        dataset, method, file = parts[len(place) :]
        datasets = study.dataset_names()
        compared, others = (
            some(dataset) if dataset in datasets else () for some in (study.methods, study.demonstrations)
        )
        packs = study.packs() if method in compared else [str(study.first_replicate)]
        for what, name, allowed in (
            ("data set", dataset, datasets),
            ("method", method, (*compared, *others)),
            ("replicate", Path(file).stem, packs),
        ):
            if name not in allowed:
                there = f"{nearest(name, allowed)} (allowed: {', '.join(allowed)})"
                return f"{target}: the study {study.name} has no {what} {name!r}{there}"
    return ""
