"""The commands that the pages show, one after the other as a user gives them, on studies that are small.

test_readme.py plans the same commands for the studies that the pages mean.
"""

import shlex
import subprocess
import sys

import pytest
import yaml

from .conftest import FAMILY, REPOSITORY, SMOKE, TINY, Project, environment, write_study
from .test_readme import CALLED, CALLS, ELSEWHERE, WRITING

# What each call of make says at its end, in an order in which each has what it needs.
CALLS_OF_MAKE = {
    "slurm-plan": " short jobs run where Snakemake does.",
    "check": "config/config.yaml: the study paper",
    "check STUDY=config/mine.yaml": "config/mine.yaml: the study mine",
    "one DATASET=gaussian METHOD=libi REPLICATE=0": "The models are trained: results/training/gaussian/libi/0",
    "gaussian": "The paper's study of gaussian is done.",
    "": "The paper's study is done.",
    "quick": "The quick study is done.",
    "power": "The study of fresh replicates is done.",
    "audit": "whole",
    "audit STUDY=config/quick.yaml": "whole",
    "crate": "Packed: ",
    "publish": "Published: paper, power, in paper/reference/",
    "verify": "No verdict is worse",
    "why CLAIM=across_s_knn": "From results/claims.csv",
    "sensitivity": "The sensitivity study is done.",
    "rulegraph": "Drawn: the rule graph in README.md",
}
# .ci/run calls the first three; tests/test_benchmarks.py has the programs of the last.
OF_TESTS = {"test", "test-runs", "lint", "bench"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which the studies of the pages are small."""
    folder = tmp_path_factory.mktemp("make")
    project, smoke = Project.of_the_work_tree(folder / "project"), yaml.safe_load((REPOSITORY / SMOKE).read_text())
    (folder / "ready").touch()
    methods = {"vae": {}, "libi": TINY["datasets"]["linear_jtex"]["libi"]}
    studies = {
        "config": smoke | {"name": "paper", "replicates_per_job": 1},
        "quick": {"seed": 0, "name": "quick"} | smoke | {"name": "quick", "datasets": {"gaussian": methods}},
        "mine": TINY | {"name": "mine"},
        "power": smoke | {"name": "power", "datasets": {"linear_jtex": methods}},
        "sensitivity": FAMILY
        | {"name": "sensitivity", "base": FAMILY["base"] | {"datasets": {"linear_jtex": methods}}},
    }
    for name, study in studies.items():
        write_study(project.root / f"config/{name}.yaml", study)
    return project


def make(project, call):
    """Its exit code and words."""
    given = [f"VENV={sys.prefix}", f"READY={project.root.with_name('ready')}", "CORES=2"]
    run = subprocess.run(
        ["make", *given, *shlex.split(call)],
        cwd=project.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
    )
    return run.returncode, run.stdout


def test_every_call_of_make_that_the_pages_show_is_here():
    here = [f"{call} " for call in (*CALLS_OF_MAKE, *OF_TESTS)]
    assert [call for call in CALLED if not any(one.startswith(f"{call} ") for one in here)] == []


@pytest.mark.long
@pytest.mark.run
def test_the_calls_of_make_do_what_the_pages_say(project):
    for call, said in CALLS_OF_MAKE.items():
        code, output = make(project, call)
        assert code == 0 and said in output, f"make {call}: {output[-3000:]}"


@pytest.mark.long
@pytest.mark.run
def test_the_calls_of_snakemake_run_to_their_end(project):
    for call in WRITING:
        subprocess.run(call, shell=True, cwd=project.root, check=True)
    for call in CALLS:
        if call in ELSEWHERE or "extended" in call:  # test_extended.py
            continue
        run = project.snakemake(*shlex.split(call, comments=True)[1:])
        assert run.returncode == 0, f"{call}: {run.stdout[-3000:]}"
