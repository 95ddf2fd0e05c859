"""A study goes on on another machine: in a fresh clone, whose files are younger than the results."""

import os
import shutil
import time

import pytest

from .conftest import TINY, TINY_FILE, Project, write_study

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


def test_without_them_all_is_made_again(tiny_run, moved):
    jobs, _ = moved.planned("--configfile", TINY_FILE)
    assert sum(jobs.values()) == len({record["log"][0] for record in tiny_run.records()})
