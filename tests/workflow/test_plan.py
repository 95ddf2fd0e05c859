"""The plan for other numbers of cores: schedules that can be counted by hand."""

import base64
import json
import subprocess
import sys

import plan
import pytest
from notes import notes
from plan import Job

from .conftest import REPOSITORY


def alone(seconds, priority=0, needs=()):
    return Job(seconds, priority, frozenset(needs))


@pytest.mark.parametrize(("cores", "wall"), [(1, 12), (2, 6), (3, 5), (4, 5)])
def test_independent_jobs_share_the_cores(cores, wall):
    jobs = {"a": alone(5), "b": alone(4), "c": alone(2), "d": alone(1)}
    assert plan.wall_seconds(jobs, cores) == wall


@pytest.mark.parametrize(("cores", "wall"), [(1, 12), (2, 9), (64, 7)])
def test_a_job_waits_for_what_it_needs(cores, wall):
    """data, then three to train of which one is long, then the table."""
    jobs = {"data": alone(1), "long": alone(5, needs=["data"]), "table": alone(1, needs=["long", "first", "second"])}
    jobs |= {name: alone(seconds, 1, ["data"]) for name, seconds in (("first", 3), ("second", 2))}
    assert plan.wall_seconds(jobs, cores) == wall


def test_the_highest_priority_starts_first():
    jobs = {"long": alone(10), "other": alone(9, priority=1), "short": alone(1, priority=1)}
    assert plan.wall_seconds(jobs, 2) == 11


def test_jobs_are_read_from_what_snakemake_noted(tmp_path):
    folder = tmp_path / ".snakemake/metadata"
    folder.mkdir(parents=True)
    made = {
        "results/data/x": ("simulate", [], "logs/simulate/x.log", 1.0, 3.0),
        "results/models": ("train_first", ["results/data/x", "src/a.py"], "logs/train/libi.log", 4.0, 9.0),
        "results/records": ("train_first", ["results/data/x", "src/a.py"], "logs/train/libi.log", 4.0, 9.0),
        "results/quick/data/x": ("simulate", [], "logs/quick/simulate/x.log", 0.0, 100.0),
    }
    keys = ("rule", "input", "log", "starttime", "endtime")
    for file, (rule, given, log, start, end) in made.items():
        note = dict(zip(keys, (rule, given, [log], start, end), strict=True))
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
        (folder / base64.urlsafe_b64encode(file.encode()).decode()).write_text(json.dumps(note))
    (folder / base64.urlsafe_b64encode(b"results/data/cut").decode()).write_text('{"rule": "simu')  # by a kill
    jobs = plan.jobs_of(notes(tmp_path, ""))
    assert jobs == {
        "logs/simulate/x.log": alone(2.0, 30),
        "logs/train/libi.log": alone(5.0, 20, ["logs/simulate/x.log"]),
    }


def test_without_a_finished_study_there_is_no_plan(tmp_path):
    command = [sys.executable, str(REPOSITORY / "workflow/plan.py")]
    run = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert run.returncode != 0 and run.stdout == "" and "There is no finished study of the paper here" in run.stderr


@pytest.mark.run
def test_a_study_whose_notes_are_lost_in_part_has_no_plan(tiny_run, tmp_path):
    """Else the plan would be that of the jobs that are left."""
    project = tiny_run.copy(tmp_path / "project")
    (project.root / "results/inventory.json").write_text((project.root / "results/tiny/inventory.json").read_text())
    (project.root / "results/claims.csv").touch()
    name = base64.urlsafe_b64encode(b"results/claims.csv").decode()
    note = {"rule": "judge", "log": ["logs/judge.log"], "input": [], "starttime": 1.0, "endtime": 2.0}
    (project.root / ".snakemake/metadata" / name).write_text(json.dumps(note))
    command = [sys.executable, str(project.root / "workflow/plan.py")]
    run = subprocess.run(command, cwd=project.root, text=True, capture_output=True)
    assert run.returncode != 0 and run.stdout == "" and "notes of " in run.stderr and "are lost" in run.stderr
