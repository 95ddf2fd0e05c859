"""A study goes on on another machine: in a fresh clone, whose files are younger than the results."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from .conftest import REPOSITORY, TINY, TINY_FILE, Project, environment, write_study

RESULTS = ("results", "figures", "paper")


@pytest.fixture
def moved(tiny_run, tmp_path):
    """A clone, with the results of another as `rsync -a` or `cp -a` copy them, but without Snakemake's notes."""
    project = Project.of_the_work_tree(tmp_path / "clone")
    write_study(project.root / TINY_FILE, TINY)
    now = time.time()
    for path in (path for path in project.root.rglob("*") if path.is_file()):
        os.utime(path, (now, now))
    for folder in RESULTS:
        shutil.copytree(tiny_run.root / folder, project.root / folder, dirs_exist_ok=True)
    return project


def test_with_snakemakes_notes_nothing_is_made_again(tiny_run, moved):
    shutil.copytree(tiny_run.root / ".snakemake", moved.root / ".snakemake")
    assert moved.planned("--configfile", TINY_FILE) == ({}, [])


def test_without_them_a_touch_keeps_what_the_study_would_make(moved):
    """The dates of a clone are younger than those of the results, and without notes Snakemake has nothing else."""
    assert moved.planned("--configfile", TINY_FILE)[0]
    assert moved.snakemake("--touch", "--cores", "1", "--configfile", TINY_FILE).returncode == 0
    assert moved.planned("--configfile", TINY_FILE) == ({}, [])
    write_study(moved.root / TINY_FILE, TINY | {"training": TINY["training"] | {"learning_rate": 0.02}})
    jobs, _ = moved.planned("--configfile", TINY_FILE)
    assert jobs["train"] == 3 and jobs["train_first"] == 1 and "simulate" not in jobs


@pytest.mark.skipif(shutil.which("rsync") is None, reason="needs rsync")
def test_by_the_readmes_own_command_nothing_is_made_again(tiny_run, tmp_path):
    """From this machine in the place of the old one; and make audit finds every file whole."""
    (command,) = re.findall(r"^rsync .*$", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    project = Project.of_the_work_tree(tmp_path / "clone")
    write_study(project.root / TINY_FILE, TINY)
    copied = subprocess.run(command.replace("old-machine:libi", str(tiny_run.root)).split(), cwd=project.root)
    assert copied.returncode == 0
    assert project.planned("--configfile", TINY_FILE) == ({}, [])
    audit = [sys.executable, "workflow/audit.py", "--configfile", TINY_FILE]
    found = subprocess.run(audit, cwd=project.root, env=environment(), capture_output=True, text=True)
    assert found.returncode == 0 and "whole" in found.stdout, found.stdout + found.stderr
