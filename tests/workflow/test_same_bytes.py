"""The same study gives the same bytes, wherever it runs and however often it was killed on its way."""

import hashlib
import os
import signal
import subprocess
import time

import pytest

from .conftest import TINY, TINY_FILE, TYPESET, Project, environment, write_study

RUN = ("--cores", "2", "--configfile", TINY_FILE)


def made(project, name="tiny"):
    """Path to hash of all that a study has made. Benchmark files and the inventory tell when and how fast: left out."""
    hashes = {}
    for folder in ("results", "figures", "paper"):
        for path in sorted((project.root / folder / name).rglob("*")):
            timed = "benchmarks" in path.parts or path.name == "inventory.json"
            if path.is_file() and not timed and not path.name.startswith("."):
                hashes[str(path.relative_to(project.root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes


@pytest.fixture
def project(tmp_path):
    """A copy of the project with the tiny study and no results."""
    project = Project.of_the_work_tree(tmp_path / "another place")
    write_study(project.root / TINY_FILE, TINY)
    return project


def test_what_is_compared_is_all_that_a_study_makes(tiny_run):
    # Truth (2), splits (3), four methods' models and records; three methods' scores, selection, metrics (3) and
    # posterior (4), and the reference; gaps, restarts and grid; table (3), closed forms (5), the shrinkage of joint
    # MAP, claims, conclusions, the page, the summary; figures 1, 2, 3, 6 as PDF, PNG and CSV; for the paper numbers,
    # choices, verdicts (5), gaps, restarts (2) and where there is LaTeX the PDF.
    expected = 2 + 3 + 4 * 2 + 3 * (1 + 1 + 3 + 4) + 1 + 3 + 3 + 5 + 1 + 4 + 4 * 3 + 2 + 5 + 3 + len(TYPESET)
    assert len(made(tiny_run)) == expected


def test_another_seed_gives_other_numbers(tiny_run, project):
    write_study(project.root / TINY_FILE, TINY | {"seed": 1})
    run = project.snakemake(*RUN, "--", "results/tiny/training/linear_jtex/vae/0.csv")
    assert run.returncode == 0, run.stdout
    first, second = made(tiny_run), made(project)
    drawn = {path for path in second if "truth." not in path}
    assert len(drawn) == 3 + 2  # splits, models and records
    assert all(first[path] != second[path] for path in drawn)
    assert first["results/tiny/data/linear_jtex/truth.csv"] == second["results/tiny/data/linear_jtex/truth.csv"]


def wait_for(path, run, seconds=300):
    """Wait until a running program has made a file."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert run.poll() is None, f"the run ended before it made {path}"
        assert time.monotonic() < end, f"no {path} after {seconds} s"
        time.sleep(0.005)


@pytest.mark.long
def test_another_run_gives_the_same_bytes_though_killed_on_its_way(tiny_run, project):
    """In a folder of another name, and after the kill one job at a time instead of two.

    LiBI's job trains two stacks, and leaves a checkpoint after each: the kill comes between them.
    """
    locks = project.root / ".snakemake" / "locks"
    with open(project.root / "killed.log", "w") as log:
        run = subprocess.Popen(
            **project.command(*RUN), env=environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_for(locks / "0.output.lock", run)
        os.killpg(run.pid, signal.SIGSTOP)  # it lives, and does not get ahead of this test
        second = project.snakemake(*RUN)
        os.killpg(run.pid, signal.SIGCONT)
        assert second.returncode != 0 and "cannot be locked" in second.stdout, "two live runs write the same files"
        wait_for(project.root / "scratch" / "tiny" / "linear_jtex" / "libi" / "0" / "stack_0.safetensors", run)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    trained = project.root / "results" / "tiny" / "training" / "linear_jtex" / "libi"
    assert not (trained / "0.csv").exists(), "killed too late"
    assert any(locks.iterdir()), "without a lock that stays, this shows less than it should"
    trained.mkdir(parents=True, exist_ok=True)
    (trained / "0.safetensors").write_bytes(b"as if the kill had come while outputs were written")

    again = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
    assert again.returncode == 0, again.stdout
    log = (project.root / "logs/tiny/train/linear_jtex/libi/0.log").read_text(encoding="utf-8")
    assert f"goes on from epoch {TINY['training']['epochs']}" in log
    assert made(project) == made(tiny_run)
    assert not [path for path in (project.root / "scratch").rglob("*") if path.is_file()]
    assert not any(path.suffix == ".part" for path in project.root.rglob("*"))
