"""What a machine can do to a run: the results are the same to the byte, or a few words say what is wrong.

Runs of the tiny study; kills are in test_kills.py, damaged files in test_damage.py, compilers in tests/native.
"""

import contextlib
import shutil
import subprocess
import time

import pytest

from .conftest import TINY, TINY_FILE, Project, environment, write_study
from .test_same_bytes import made

RUN = ("--configfile", TINY_FILE)
SIZES = ("200k", "400k", "1m", "3m", "256m")  # of a drive that is full in one stage after another


def prepared(root):
    """A copy of the project with the tiny study and no results."""
    project = Project.of_the_work_tree(root)
    write_study(project.root / TINY_FILE, TINY)
    return project


@contextlib.contextmanager
def drive(folder, size):
    """A drive of its own in a folder, in memory."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("nothing can be mounted here")

    def resize(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.long
@pytest.mark.run
def test_an_odd_machine_makes_the_same_bytes(tiny_run, tmp_path):
    """Blanks and other letters in all paths, no home, no locale, files for their owner alone, 64 cores promised."""
    project = prepared(tmp_path / "Ein Ordner für Möbius’ Bänder")
    changes = {
        "LC_ALL": "C",
        "LANG": "C",
        "LIBI_CACHE": str(tmp_path / "ein Vorrat ø"),
        "TMPDIR": str(tmp_path / "t t"),
    }
    (tmp_path / "t t").mkdir()
    env = {key: value for key, value in environment(**changes).items() if key not in ("HOME", "XDG_CACHE_HOME")}
    run = subprocess.run(
        **project.command("--cores", "64", *RUN),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1200,
        umask=0o077,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
def test_a_full_drive_stops_a_run_which_goes_on_when_there_is_room(tiny_run, tmp_path):
    project = prepared(tmp_path / "project")
    stages = []
    with drive(project.root / "results", SIZES[0]) as resize:
        for size in SIZES:
            resize(f"size={size}")
            run = project.snakemake("--cores", "2", *RUN)
            if run.returncode == 0:
                break
            assert "No space left on device" in run.stdout, run.stdout[-3000:]
            assert "Traceback" not in run.stdout, run.stdout[-3000:]
            stages.append(run.stdout)
        assert run.returncode == 0, run.stdout[-3000:]
        assert len(stages) >= 2
        assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
def test_a_drive_that_cannot_be_written_is_named(tiny_run, tmp_path):
    project = prepared(tmp_path / "project")
    with drive(project.root / "results", "64m") as resize:
        resize("ro")
        run = project.snakemake("--cores", "2", *RUN)
        assert run.returncode != 0
        assert "Read-only file system" in run.stdout and "results" in run.stdout, run.stdout[-3000:]
        resize("rw")
        run = project.snakemake("--cores", "2", *RUN)
        assert run.returncode == 0, run.stdout[-3000:]
        assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
@pytest.mark.skipif(shutil.which("localedef") is None, reason="no locale can be made here")
def test_a_locale_in_which_letters_change_case_otherwise_makes_the_same_bytes(tiny_run, tmp_path):
    """In Turkish the capital of i is İ, and a number's decimal sign is a comma."""
    made_locale = subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", str(tmp_path / "tr_TR.UTF-8")])
    if made_locale.returncode:
        pytest.skip("no Turkish locale can be made here")
    project = prepared(tmp_path / "project")
    run = project.snakemake("--cores", "2", *RUN, LOCPATH=str(tmp_path), LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8")
    assert run.returncode == 0, run.stdout[-3000:]
    assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
@pytest.mark.skipif(shutil.which("faketime") is None, reason="no program here sets a clock back for one command")
def test_a_clock_that_is_set_back_by_a_day_stops_a_run_which_goes_on_when_it_is_right(tiny_run, tmp_path):
    """Snakemake takes no file for made that is older than what it was made from."""
    project = prepared(tmp_path / "project")
    trained = "results/tiny/training/linear_jtex/libi/0.safetensors"
    assert project.snakemake("--cores", "2", trained, *RUN).returncode == 0
    command = project.command("--cores", "2", *RUN)
    command["args"] = ["faketime", "-f", "-1d", *command["args"]]
    env = environment(FAKETIME_DONT_FAKE_MONOTONIC="1")
    run = subprocess.run(**command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200)
    assert run.returncode != 0 and "clock skew" in run.stdout, run.stdout[-3000:]
    again = project.snakemake("--cores", "2", *RUN)
    assert again.returncode == 0, again.stdout[-3000:]
    assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(tiny_run, tmp_path):
    project = prepared(tmp_path / "project")
    with open(tmp_path / "output.log", "w") as log:
        first = subprocess.Popen(
            **project.command("--cores", "2", *RUN), env=environment(), stdout=log, stderr=subprocess.STDOUT
        )
    wait_for(lambda: list((project.root / "logs").rglob("*.log")), first)
    second = project.snakemake("--cores", "2", *RUN)
    assert second.returncode != 0 and "cannot be locked" in second.stdout, second.stdout[-3000:]
    assert first.wait(timeout=1200) == 0, (tmp_path / "output.log").read_text()[-3000:]
    assert made(project) == made(tiny_run)


def wait_for(look, run):
    """Wait until something is there, while a run goes on."""
    while not look():
        assert run.poll() is None, "the run ended before"
        time.sleep(0.1)
