"""Pack a finished study as an RO-Crate: its files, what made them, and a description that machines read.

    python workflow/crate.py                                  # the paper's study, into paper.crate.zip
    python workflow/crate.py --configfile config/quick.yaml   # another

The description follows the profile Workflow Run Crate 0.5. It says of a run what the inventory says that the run wrote.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "workflow")]

import audit  # noqa: E402
from inventory import inventory_of, read, sha256  # noqa: E402

from libi.base.values import StudyError  # noqa: E402
from libi.runtime.seals import BY_HAND, seal_of  # noqa: E402
from libi.runtime.storage import atomic  # noqa: E402
from libi.study.family import Family  # noqa: E402
from libi.study.variants import family_of_run  # noqa: E402

PAPERS = "config/config.yaml"
CRATE, PROFILE = "https://w3id.org/ro/crate", "https://w3id.org/ro/wfrun"
CONTEXT = [f"{CRATE}/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
PROFILES = {
    f"{PROFILE}/process/0.5": "Process Run Crate",
    f"{PROFILE}/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
LICENSE, PAPER = "LICENSE", "https://proceedings.mlr.press/v118/yacoby20a.html"
ALWAYS = ("Snakefile", "Makefile", "README.md", LICENSE, "requirements.lock", "environment.yml", "CITATION.cff")
FOLDERS = ("workflow", "scripts", "src", "config", "benchmarks", "profiles", "slurm")
AUTHORS = {"@id": "#authors", "@type": "Organization", "name": "The libi authors"}  # as in CITATION.cff
WORKFLOWS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
PLAIN = "text/plain"
FORMATS = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".seal": "application/json",
    ".safetensors": "application/octet-stream",
    ".tex": "text/x-tex",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def sources(root: Path) -> list[str]:
    """The files that a study is made by."""
    found = [root / name for name in (*ALWAYS, *BY_HAND)]
    found += [
        path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if "__pycache__" not in path.parts
    ]
    return [path.relative_to(root).as_posix() for path in found if path.is_file()]


def described(root: Path, name: str, known: Mapping[str, str]) -> dict[str, Any]:
    """A file of the crate."""
    path = root / name
    about: dict[str, Any] = {"@id": name, "@type": "File", "name": name, "contentSize": str(path.stat().st_size)}
    about["sha256"] = known.get(name) or sha256(path)
    about["encodingFormat"] = FORMATS.get(path.suffix, PLAIN)
    return about


def refer(names: Iterable[str]) -> list[dict[str, str]]:
    """References to entities."""
    return [{"@id": name} for name in names]


def workflow(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The workflow and its language."""
    return [
        {
            "@id": "Snakefile",
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "Replication of Yacoby, Pan & Doshi-Velez (2020)",
            "conformsTo": {"@id": WORKFLOWS},
            "programmingLanguage": {"@id": "#snakemake"},
            "version": run["commit"] or run["libi"],
            "citation": {"@id": PAPER},
        },
        {
            "@id": "#snakemake",
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "alternateName": "Snakemake",
            "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            "url": {"@id": "https://snakemake.readthedocs.io"},
            "version": run["packages"]["snakemake"],
        },
        {"@id": WORKFLOWS, "@type": "CreativeWork", "name": "Bioschemas ComputationalWorkflow"},
        {
            "@id": PAPER,
            "@type": "ScholarlyArticle",
            "name": "Characterizing and Avoiding Problematic Global Optima of VAEs",
        },
    ]


def last_run(found: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The run that made the youngest file, and when that was done."""
    youngest = max(found["files"].values(), key=lambda entry: entry["ended"])
    return found["runs"][youngest["run"]], youngest["ended"]


def execution(family: Family, study: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The run of the workflow: from when to when, with which study, and what came out."""
    run, ended = last_run(found)
    machines = sorted({f"{run['machine']['processor']}, {run['machine']['cores']} cores" for run in found["runs"]})
    packages = ", ".join(f"{name} {version}" for name, version in run["packages"].items() if version)
    return {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"The study {family.name}",
        "description": f"On {'; '.join(machines)}. Python {run['python']}, {packages}",
        "agent": {"@id": AUTHORS["@id"]},
        "instrument": {"@id": "Snakefile"},
        "object": {"@id": study},
        "result": refer(found["files"]),
        "endTime": ended,
    }


def metadata(root: Path, family: Family, study: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The description of the crate, as JSON-LD.

    Args:
        root: the work tree.
        family: the study, or variants of one.
        study: its file.
        found: its inventory.
    """
    hashes = {name: entry["sha256"] for name, entry in found["files"].items()}
    action = execution(family, study, found)
    seals = [seal.as_posix() for seal in map(seal_of, hashes) if (root / seal).exists()]
    own = inventory_of(root, family).relative_to(root).as_posix()
    points = [name for name in found["sources"] if (root / name).is_file()]  # of one's own, among others
    files = list(dict.fromkeys([*sources(root), study, *hashes, *seals, *points, own]))
    crate = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": refer(PROFILES),
        "name": f"The study {family.name}: a replication of Yacoby, Pan & Doshi-Velez (2020)",
        "description": "Data, trained models, tables, figures and verdicts, and the Snakemake workflow that made them.",
        "datePublished": datetime.fromisoformat(action["endTime"]).date().isoformat(),
        "author": {"@id": AUTHORS["@id"]},
        "publisher": {"@id": AUTHORS["@id"]},
        "license": {"@id": LICENSE},
        "mainEntity": {"@id": "Snakefile"},
        "mentions": {"@id": "#run"},
        "hasPart": refer(files),
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": refer([f"{CRATE}/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"]),
    }
    profiles = [
        {"@id": name, "@type": "CreativeWork", "name": title, "version": name.rsplit("/")[-1]}
        for name, title in PROFILES.items()
    ]
    main, *others = workflow(last_run(found)[0])
    parts = {name: described(root, name, hashes) for name in files}
    parts["Snakefile"] |= main
    parts["README.md"]["about"] = {"@id": "./"}
    return {"@context": CONTEXT, "@graph": [descriptor, crate, AUTHORS, *profiles, *others, action, *parts.values()]}


def pack(root: Path, study: str, target: Path) -> None:
    """Write a crate.

    Args:
        root: the work tree.
        study: the study's file.
        target: the crate, a zip file.

    Raises:
        SystemExit: if the study cannot be read, has not been run or is not whole, naming the remedy.
    """
    study = os.path.relpath(study, root)
    try:
        family = family_of_run([study], PAPERS, {})
    except StudyError as error:
        raise SystemExit(str(error)) from None
    found = read(inventory_of(root, family))
    if not found["files"]:
        command = f"snakemake --cores 8 --configfile {study}"
        raise SystemExit(f"The study {family.name} has not been run here; run: {command}")
    findings, changed = audit.examine(root, None if study == PAPERS else study)
    if not audit.is_clean(findings, changed):
        told = "\n".join([audit.describe(findings), *changed])
        raise SystemExit(
            f"Nothing is packed: files of the study {family.name} are missing, changed or out of date. "
            f"make audit STUDY={study} says:\n{told}"
        )
    own = {finding.file for finding in findings if finding.kind == "whole"}
    found["files"] = {name: entry for name, entry in found["files"].items() if name in own}
    about = metadata(root, family, study, found)
    with atomic(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as crate:
        crate.writestr("ro-crate-metadata.json", json.dumps(about, indent=1))
        for entity in about["@graph"]:
            if "contentSize" in entity:
                crate.write(root / entity["@id"], entity["@id"])
    print(f"Packed: {target}, {len(found['files'])} results of the study {family.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configfile", metavar="STUDY", default=PAPERS, help="a study's file; left out, the paper's")
    configfile = parser.parse_args().configfile
    pack(Path.cwd(), configfile, Path(f"{Path(configfile).stem}.crate.zip"))
