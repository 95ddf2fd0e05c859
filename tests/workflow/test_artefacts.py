"""No file in figures/ or paper/ that no rule makes, but for what is written by hand."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from libi.rendering.typesetting import PACKAGES

from .conftest import REPOSITORY, SMOKE, Project, bare_path

WRITTEN = {"figures/README.md", "paper/README.md", "paper/replication.tex", "paper/references.bib"}
PUBLISHED = "paper/reference/"  # copies of a finished study, by `make publish`
SHOWN = ("figures/", "paper/")


def outputs(project, *arguments):
    """All files in figures/ and paper/ that a study's rules make, by Snakemake's own summary."""
    run = project.snakemake("--summary", *arguments)
    assert run.returncode == 0, run.stdout
    return {line.split("\t")[0] for line in run.stdout.splitlines() if line.startswith(SHOWN)}


def test_what_is_tracked_is_written_by_hand_or_published(tmp_path):
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("needs git and a clone, to know what is tracked")
    listed = subprocess.run(["git", "ls-files", *SHOWN], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    tracked = set(listed.stdout.splitlines())
    assert {path for path in tracked if not path.startswith(PUBLISHED)} <= WRITTEN
    made = outputs(Project.of_the_work_tree(tmp_path / "project"))
    assert {"paper/table1.tex", "paper/numbers.tex", "figures/figure1.pdf"} <= made
    assert not made & (tracked | WRITTEN)


def test_what_is_written_by_hand_is_not_ignored():
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("needs git and a clone, to know what is ignored")
    asked = [*WRITTEN, f"{PUBLISHED}claims.csv", "paper/numbers.tex", "paper/quick/table1.tex", "figures/figure1.pdf"]
    run = subprocess.run(["git", "check-ignore", "--no-index", *asked], cwd=REPOSITORY, capture_output=True, text=True)
    assert set(run.stdout.splitlines()) == {"paper/numbers.tex", "paper/quick/table1.tex", "figures/figure1.pdf"}


def test_a_run_leaves_nothing_but_what_its_rules_declare(smoke_run, tmp_path):
    project = smoke_run.copy(tmp_path / "project")
    files = {str(path.relative_to(project.root)) for name in SHOWN for path in (project.root / name).rglob("*.*")}
    there = {path for path in files if not path.startswith(PUBLISHED)}
    assert there - WRITTEN == outputs(project, "--configfile", SMOKE)


def test_without_latexmk_the_graph_leaves_the_paper_out(tmp_path):
    """On a PATH that has all programs but that one."""
    project = Project.of_the_work_tree(tmp_path / "project")
    run = project.snakemake("-n", "--configfile", SMOKE, PATH=bare_path(tmp_path / "bin"))
    assert run.returncode == 0, run.stdout
    jobs = re.findall(r"^(\w+) +\d+$", run.stdout, re.MULTILINE)
    assert "write_numbers" in jobs and "write" not in jobs


def test_make_says_what_to_install():
    makefile = Path(REPOSITORY, "Makefile").read_text(encoding="utf-8")
    (said,) = re.findall(r"No latexmk.*?apt-get install ([a-z -]+)", makefile, re.DOTALL)
    assert said == PACKAGES
