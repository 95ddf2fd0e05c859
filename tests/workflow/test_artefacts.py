"""No file in figures/ or paper/ that no rule makes, but for what is written by hand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from libi.rendering.typesetting import PACKAGES
from libi.runtime.seals import seal_of

from .conftest import REPOSITORY, SMOKE, Project, bare_path

WRITTEN = {
    *("figures/README.md", "paper/README.md"),
    *("paper/choices.yaml", "paper/published_table1.csv", "paper/replication.tex", "paper/references.bib"),
}
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
    made = outputs(project, "--configfile", SMOKE)
    assert there - WRITTEN == made | {str(seal_of(file)) for file in made}


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


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("no-such-python", "There is no no-such-python here; name another one: make PYTHON=python3.12"),
        ("old", "old is older than Python 3.11; name a newer one: make PYTHON=python3.12"),
        ("bare", "bare has no venv module: apt-get install python3-venv"),
        ("broken", "broken: it cannot start"),
    ],
)
def test_make_says_what_is_wrong_with_a_python(tmp_path, python, said):
    """Programs on PATH that answer as such a Python would."""
    answers = {
        "old": 'import sys; sys.version_info = (3, 9); exec(sys.argv[2].replace("import sys; ", ""))',
        "bare": "import sys, importlib.util; importlib.util.find_spec = lambda name: None; exec(sys.argv[2])",
    }
    for name, program in answers.items():
        (tmp_path / f"{name}.py").write_text(program)
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/{name}.py "$@"\n')
    (tmp_path / "broken").write_text('#!/bin/sh\necho "broken: it cannot start" >&2\nexit 3\n')
    for name in ("old", "bare", "broken"):
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    target = f"{tmp_path}/env/ready"
    run = subprocess.run(
        ["make", "--silent", f"PYTHON={python}", f"VENV={tmp_path}/env", target],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0 and said in run.stderr + run.stdout
    assert not (tmp_path / "env").exists()


def test_make_says_that_an_environment_is_broken(tmp_path):
    (tmp_path / "ready").touch()
    run = subprocess.run(["make", f"VENV={tmp_path}", "quick"], cwd=REPOSITORY, capture_output=True, text=True)
    assert run.returncode != 0 and f"Remove it and run the command again: rm -r {tmp_path}" in run.stderr


def test_make_trains_one_job(tmp_path):
    """What it would call."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "ready").touch()
    command = ["make", "-n", f"VENV={tmp_path}", "one", "DATASET=gaussian"]
    run = subprocess.run([*command, "METHOD=libi", "REPLICATE=0"], cwd=REPOSITORY, capture_output=True, text=True)
    assert "-- results/training/gaussian/libi/0.safetensors" in run.stdout
    lacking = subprocess.run([part for part in command if part != "-n"], cwd=REPOSITORY, capture_output=True, text=True)
    assert lacking.returncode != 0 and "Name a job: make one DATASET=gaussian METHOD=libi REPLICATE=0" in lacking.stdout
