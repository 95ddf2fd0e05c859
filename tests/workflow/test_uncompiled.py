"""Where nothing can be compiled a run says at its start, once, that training is slow, and goes on."""

import pytest

from .conftest import TINY, TINY_FILE, Project, bare_path, write_study

SLOW = "training runs in PyTorch, 50 to 120 times slower; install g++ or clang"
SAID = f"No C++ compiler: {SLOW}"


@pytest.mark.run
def test_a_run_without_a_compiler_says_that_training_is_slow(tmp_path):
    project, path = Project.of_the_work_tree(tmp_path / "project"), bare_path(tmp_path / "bin")
    write_study(project.root / TINY_FILE, TINY | {"compile": True})
    command = "--cores", "2", "--configfile", TINY_FILE, "--until"
    run = project.snakemake(*command, "define_truth", PATH=path, CXX="")
    assert run.returncode == 0 and SAID not in run.stdout, "nothing is trained"
    run = project.snakemake(*command, "train", PATH=path, CXX="")
    assert run.returncode == 0 and run.stdout.count(SAID) == 1, run.stdout[-3000:]


@pytest.mark.run
def test_a_compiler_that_fails_is_named(tmp_path):
    project, broken = Project.of_the_work_tree(tmp_path / "project"), tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 7\n")
    broken.chmod(0o755)
    write_study(project.root / TINY_FILE, TINY | {"compile": True})
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE, "--until", "train", CXX=str(broken))
    assert (
        run.returncode == 0 and f"No C++ compiler works: {SLOW} ({broken}" in run.stdout and "exit code 7" in run.stdout
    ), run.stdout[-3000:]
