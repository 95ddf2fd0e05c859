"""An edit is followed even if it keeps a file's size and date, by which Python compares (PEP 3147, PEP 552)."""

import os
import subprocess
import sys

import bytecode
import pytest

from .conftest import TINY_FILE, environment

WRITING = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": ""}  # as Python is by default


@pytest.fixture(autouse=True)
def written_by_default(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def printed(folder):
    """What a program says that imports the module."""
    run = subprocess.run(
        [sys.executable, "-c", "import module; print(module.VALUE)"],
        cwd=folder,
        env=environment(**WRITING),
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def edit_keeping_size_and_date(path, old, new):
    before, text = path.stat(), path.read_text(encoding="utf-8")
    assert old in text and len(old) == len(new)
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_python_alone_runs_what_was_there_before_such_an_edit(tmp_path):
    """Where it does not, nothing of this is needed."""
    module = tmp_path / "module.py"
    module.write_text("VALUE = 1\n")
    assert printed(tmp_path) == "1"
    edit_keeping_size_and_date(module, "1", "2")
    assert printed(tmp_path) == "1"
    bytecode.compare_by_content(tmp_path)
    assert printed(tmp_path) == "2"
    edit_keeping_size_and_date(module, "2", "3")
    assert printed(tmp_path) == "3"


def test_where_python_is_told_to_write_none_the_files_that_are_there_follow_edits(tmp_path, monkeypatch):
    (tmp_path / "module.py").write_text("VALUE = 1\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    bytecode.compare_by_content(tmp_path)
    assert not (tmp_path / "__pycache__").exists()
    assert printed(tmp_path) == "1"
    bytecode.compare_by_content(tmp_path)
    edit_keeping_size_and_date(tmp_path / "module.py", "1", "2")
    assert printed(tmp_path) == "2"


@pytest.mark.parametrize("text", ["VALUE = (", "\0", "VALUE = 'ä'"])
def test_a_source_that_does_not_compile_is_left_to_who_imports_it(tmp_path, text):
    (tmp_path / "module.py").write_bytes(text.encode("latin-1"))
    bytecode.compare_by_content(tmp_path)


@pytest.mark.run
def test_a_run_runs_code_that_was_edited_so(tiny_run, tmp_path):
    """The statistic of other random numbers is another one."""
    project = tiny_run.copy(tmp_path / "project")
    metrics = project.root / "results/tiny/metrics/linear_jtex/vae.csv"
    before = metrics.read_text()
    assert project.snakemake("--cores", "2", "--configfile", TINY_FILE, **WRITING).returncode == 0  # to compile all
    assert metrics.read_text() == before
    edit_keeping_size_and_date(project.root / "src/libi/metrics/s_knn.py", '"two-sample"', '"two_sample"')
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE, **WRITING)
    assert run.returncode == 0, run.stdout[-3000:]
    assert metrics.read_text() != before
