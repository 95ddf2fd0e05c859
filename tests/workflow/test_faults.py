"""What a machine can do to a run: the results are the same to the byte, or a few words say what is wrong.

Runs of the tiny study; kills are in test_kills.py, damaged files in test_damage.py, compilers in tests/native.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import time

import pytest

from .conftest import FAMILY_FILE, TINY, TINY_FILE, TYPESET, Project, environment, shows_code, write_family, write_study
from .test_same_bytes import made

RUN = ("--configfile", TINY_FILE)
COMPILED = TINY | {"name": "compiled", "compile": True}
COMPILED_FILE = "config/compiled.yaml"


def prepared(root):
    """A copy of the project with the tiny study and no results."""
    project = Project.of_the_work_tree(root)
    write_study(project.root / TINY_FILE, TINY)
    write_study(project.root / COMPILED_FILE, COMPILED)
    return project


def run_compiled(project, **changes):
    """Run the tiny study by compiled steps, with changes of the environment: None takes a variable away."""
    env = {key: value for key, value in environment(**changes).items() if value is not None}
    run = subprocess.run(
        **project.command("--cores", "2", "--configfile", COMPILED_FILE),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1200,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    return made(project, "compiled")


def said_in_training(project):
    """All that the training jobs of the compiled study have said."""
    return "".join(path.read_text() for path in (project.root / "logs/compiled/train").rglob("*.log"))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """What the compiled study makes where nothing is odd."""
    project = prepared(tmp_path_factory.mktemp("compiled") / "project")
    expected = run_compiled(project)
    assert "the C++ kernels cannot be used" not in said_in_training(project)
    return expected


@contextlib.contextmanager
def drive(folder, size):
    """A drive of its own in a folder, in memory."""
    folder.mkdir(parents=True)
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


STAGES = {
    "define_truth": "Defining the ground truth",
    "simulate": "Simulating",
    "define_reference": "Defining",
    "train": "Training",
    "train_first": "Training",
    "select": "Selecting",
    "evaluate": "Evaluating",
    "infer": "Inferring",
    "derive": "Deriving",
    "measure_shrinkage": "Measuring",
    "gather_restarts": "Gathering",
    "gather_gaps": "Gathering",
    "gather_grid": "Gathering",
    "render_table1": "Rendering Table 1",
    "judge": "Judging",
    "render_verdicts": "Rendering the verdicts",
    "draw": "Drawing",
    "render_page": "Rendering the page",
    "render_gaps": "Rendering the two gaps",
    "write_numbers": "Writing",
    **({"write": "Typesetting"} if TYPESET else {}),
}
STAGES_OF_FAMILIES = {
    "split_points": "Splitting",
    "gather_sensitivity": "Comparing the variants",
    "draw": "Drawing figure7",
    "render_sensitivity": "Rendering",
}


@pytest.mark.long
@pytest.mark.run
def test_a_drive_that_is_full_in_any_stage_stops_a_run_which_goes_on_when_there_is_room(tiny_run, tmp_path):
    """Full to the last page when a stage begins."""
    project = prepared(tmp_path / "project")
    assert fill_in_each(project, TINY_FILE, "tiny", STAGES) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
def test_a_drive_that_is_full_in_a_stage_of_variants_or_of_points_of_one_s_own_stops_a_run_which_goes_on(tmp_path):
    project, whole = (Project.of_the_work_tree(tmp_path / name) for name in ("project", "whole"))
    for one in (project, whole):
        write_family(one)
    run = whole.snakemake("--cores", "2", "--configfile", FAMILY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    found = fill_in_each(project, FAMILY_FILE, "few", STAGES_OF_FAMILIES, first=("judge",))
    assert found == made(whole, "few")


def fill_in_each(project, file, study, stages, first=()):
    """Run a study stage by stage; each finds the drives full, stops the run, and goes on when there is room.

    Before the second stage the rules `first` are run, without a fault.
    """
    page, command = os.sysconf("SC_PAGE_SIZE"), ("--cores", "2", "--configfile", file)
    folders = [project.root / name for name in ("results", f"figures/{study}", f"paper/{study}")]
    with contextlib.ExitStack() as stack:
        drives = {folder: stack.enter_context(drive(folder, "64m")) for folder in folders}
        for folder in drives:
            (folder / ".full").write_bytes(bytes(page))  # a drive without a page would have no limit
        for number, (rule, title) in enumerate(stages.items()):
            if first and number == 1:
                run = project.snakemake(*command, "--until", *first)
                assert run.returncode == 0, run.stdout[-3000:]
            for folder, resize in drives.items():
                resize(f"size={shutil.disk_usage(folder).used}")
            run = project.snakemake(*command, "--until", rule)
            assert run.returncode != 0 and not shows_code(run.stdout), f"{rule}: {run.stdout[-3000:]}"
            assert "No space left on device" in run.stdout and f"Failed: {title}" in run.stdout, run.stdout[-3000:]
            for resize in drives.values():
                resize("size=64m")
            run = project.snakemake(*command, "--until", rule)
            assert run.returncode == 0, f"{rule}: {run.stdout[-3000:]}"
        run = project.snakemake(*command)
        assert run.returncode == 0, run.stdout[-3000:]
        return made(project, study)


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
def test_a_home_and_a_cache_that_cannot_be_written_leave_the_numbers_as_they_are(compiled, tmp_path):
    """Jobs compile their steps for themselves. Snakemake needs a cache of its own, which XDG_CACHE_HOME places."""
    project = prepared(tmp_path / "project")
    with drive(tmp_path / "home", "1m") as resize:
        resize("ro")
        home = str(tmp_path / "home")
        changes = {"HOME": home, "LIBI_CACHE": f"{home}/libi", "XDG_CACHE_HOME": str(tmp_path / "snakemake")}
        assert run_compiled(project, **changes) == compiled
    said = said_in_training(project)
    assert "compiled for this job alone; choose another folder: LIBI_CACHE=FOLDER" in said


@pytest.mark.long
def test_a_cache_on_a_drive_from_which_nothing_can_be_run_or_with_blanks_leaves_the_numbers(compiled, tmp_path):
    project = prepared(tmp_path / "project")
    with drive(tmp_path / "ein Vorrat ø", "64m") as resize:
        resize("noexec")
        assert run_compiled(project, LIBI_CACHE=str(tmp_path / "ein Vorrat ø")) == compiled
        assert "failed to map segment from shared object" in said_in_training(project)
        resize("exec")
        assert run_compiled(prepared(tmp_path / "again"), LIBI_CACHE=str(tmp_path / "ein Vorrat ø")) == compiled


@pytest.mark.long
def test_a_full_cache_leaves_the_numbers(compiled, tmp_path):
    project = prepared(tmp_path / "project")
    with drive(tmp_path / "cache", "64k"):
        assert run_compiled(project, LIBI_CACHE=str(tmp_path / "cache")) == compiled
        assert "No space left on device" in said_in_training(project)


@pytest.mark.long
def test_a_compiler_that_fails_half_way_gives_way_to_the_next(compiled, tmp_path):
    """It leaves half of a library, whose name is that of a whole one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    real = shutil.which("g++")
    half = 'for last; do :; done; truncate -s 10000 "$last"; echo "g++: killed" >&2; exit 1'
    (programs / "g++").write_text(f'#!/bin/sh\n{real} "$@"\n{half}\n')
    (programs / "clang++").write_text(f'#!/bin/sh\nexec {real} "$@"\n')  # another compiler would round otherwise
    for program in programs.iterdir():
        program.chmod(0o755)
    project, path = prepared(tmp_path / "project"), f"{programs}:{environment()['PATH']}"
    assert run_compiled(project, PATH=path, CXX=None, LIBI_CACHE=str(tmp_path / "cache")) == compiled
    assert "g++: killed" in said_in_training(project)


@pytest.mark.long
@pytest.mark.run
def test_half_of_the_memory_suffices(tiny_run, tmp_path):
    """Of this machine's, for each process."""
    project = prepared(tmp_path / "project")
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    run = subprocess.run(
        **project.command("--cores", "2", *RUN),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1200,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (half, half)),
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
def test_a_job_without_memory_says_so_and_the_run_goes_on_when_there_is_some(tiny_run, tmp_path):
    project = prepared(tmp_path / "project")
    script = project.root / "scripts/select_configuration.py"
    text = script.read_text()
    limit = "import resource\n\nresource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))\n"
    script.write_text(text.replace("import torch\n", f"{limit}import torch\n", 1).replace(
        "    points = dict", "    torch.zeros(2**31)\n    points = dict", 1))  # fmt: skip
    run = project.snakemake("--cores", "2", *RUN)
    assert run.returncode != 0 and "Failed: Selecting" in run.stdout, run.stdout[-3000:]
    assert "Cannot allocate memory" in run.stdout and not shows_code(run.stdout), run.stdout[-3000:]
    script.write_text(text)
    again = project.snakemake("--cores", "2", *RUN)
    assert again.returncode == 0, again.stdout[-3000:]
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
def test_a_clock_that_is_set_back_by_a_day_stops_a_run_which_goes_on_when_it_is_right(tiny_run, tmp_path):
    """Snakemake takes no file for made that is older than what it was made from."""
    project = prepared(tmp_path / "project")
    trained = "results/tiny/training/linear_jtex/libi/0.safetensors"
    assert project.snakemake("--cores", "2", trained, *RUN).returncode == 0
    shift_dates(project, 1)
    run = project.snakemake("--cores", "2", *RUN)
    assert run.returncode != 0 and "clock skew" in run.stdout, run.stdout[-3000:]
    shift_dates(project, -1)
    again = project.snakemake("--cores", "2", *RUN)
    assert again.returncode == 0, again.stdout[-3000:]
    assert made(project) == made(tiny_run)


def shift_dates(project, days):
    """Give all files a later date. Compared with them, the clock is then set back."""
    for path in project.root.rglob("*"):
        dates = path.lstat()
        later = [nanoseconds + days * 86_400 * 10**9 for nanoseconds in (dates.st_atime_ns, dates.st_mtime_ns)]
        os.utime(path, ns=(later[0], later[1]), follow_symlinks=False)


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


@pytest.mark.long
@pytest.mark.run
def test_a_drive_that_is_full_for_logs_and_notes_too_stops_a_run_which_goes_on_when_there_is_room(tiny_run, tmp_path):
    """The whole project is on it, so Snakemake itself cannot write either; what it says of that is its own."""
    with drive(tmp_path / "drive", "200m") as resize:
        project = prepared(tmp_path / "drive/project")
        for spare in (2**20, 2**21):
            resize(f"size={shutil.disk_usage(project.root).used + spare}")
            run = project.snakemake("--cores", "2", *RUN)
            assert run.returncode != 0 and "No space left on device" in run.stdout, run.stdout[-3000:]
        resize("size=200m")
        run = project.snakemake("--cores", "2", *RUN)
        assert run.returncode == 0, run.stdout[-3000:]
        assert made(project) == made(tiny_run)
