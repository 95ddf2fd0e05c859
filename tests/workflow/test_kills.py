"""Whatever is killed, and whenever: the same command goes on, and ends with the bytes of an undisturbed run."""

import contextlib
import itertools
import os
import random
import re
import signal
import subprocess
import time

import psutil
import pytest
import yaml

from .conftest import (
    FAMILY_FILE,
    REPOSITORY,
    SMOKE,
    TINY,
    TINY_FILE,
    TYPESET,
    Project,
    environment,
    write_family,
    write_study,
)
from .test_faults import STAGES as FULL
from .test_faults import STAGES_OF_FAMILIES as FULL_OF_FAMILIES
from .test_same_bytes import made

KILLS = 20
RUN = ("--cores", "2", "--configfile", "config/kills.yaml")
RULES = REPOSITORY / "workflow/rules"
SCRIPTS = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
RESUMED = re.compile(r"^.* goes on from epoch \d+$", re.MULTILINE)


def study():
    """The smoke study on two data sets and one replicate, with so many epochs that its jobs train for seconds."""
    smoke = yaml.safe_load((REPOSITORY / SMOKE).read_text(encoding="utf-8"))
    datasets = {name: smoke["datasets"][name] for name in ("linear_jtex", "cubic_jtex")}
    training = smoke["training"] | {"epochs": 2000, "validate_every": 50}
    return smoke | {"name": "kills", "replicates": 1, "training": training, "datasets": datasets}


def prepared(root):
    """A copy of the project with that study."""
    project = Project.of_the_work_tree(root)
    write_study(project.root / "config" / "kills.yaml", study())
    return project


def jobs_of(run, scripts=()):
    """The processes of a run's jobs, which are named like their scripts; of these scripts, if some are given."""
    names = {script[:15] for script in scripts or SCRIPTS}
    jobs = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(run.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                jobs += [process] if process.name() in names else []
    return jobs


# ------------------------------------------------------------------------ what is killed


def a_job(project, run, rng):
    """One job that is at work; Snakemake lets the others finish, and fails."""
    jobs = jobs_of(run)
    return [rng.choice(jobs)] if jobs else [psutil.Process(run.pid)]


def snakemake_itself(project, run, rng):
    """Its jobs end with it."""
    return [psutil.Process(run.pid)]


def everything(project, run, rng):
    """As when the machine loses its power."""
    return [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(project.root)]


VICTIMS = (a_job, snakemake_itself, everything)


# ------------------------------------------------------------------------ when


def at_any_moment(project, run, rng):
    """While Snakemake starts, while data are made, while jobs train."""
    time.sleep(rng.uniform(0, 8))


def in_training(project, run, rng):
    """After a job of this run has left a checkpoint, however slow the machine is."""
    checkpoints = project.root / "scratch" / "kills"
    while run.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):
            begun = [job.create_time() for job in jobs_of(run, ["train_models"])]
            if begun and any(path.stat().st_mtime > min(begun) for path in checkpoints.rglob("stack_*.safetensors")):
                break
        time.sleep(0.05)
    time.sleep(rng.uniform(0, 2))


MOMENTS = (at_any_moment, in_training)


# ------------------------------------------------------------------------ what comes of it


def resumes(project):
    """Lines of the jobs' logs that say that a stack went on from a checkpoint."""
    logs = (project.root / "logs" / "kills" / "train").rglob("*.log")
    return {(path, line) for path in logs for line in RESUMED.findall(path.read_text(encoding="utf-8"))}


@contextlib.contextmanager
def at_work(project, output, command=RUN):
    """The study under way, as a group of processes of its own."""
    with open(output, "w") as log:
        run = subprocess.Popen(
            **project.command(*command),
            env=environment(LIBI_CHECKPOINT_SECONDS="0.5"),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield run
    run.wait(timeout=300)


def finish(project):
    """Run the study to its end: what it has made, after a look at what it has left."""
    run = project.snakemake(*RUN)
    assert run.returncode == 0, run.stdout[-3000:]
    assert not [path for path in (project.root / "scratch").rglob("*") if path.is_file()]
    assert not list(project.root.rglob("*.part"))
    return made(project, "kills")


@pytest.mark.long
def test_twenty_kills_at_random_moments_change_nothing(tmp_path):
    """Where a fast machine comes to the study's end before the twentieth kill, it begins once more, in a new folder."""
    undisturbed, rng, output = prepared(tmp_path / "undisturbed"), random.Random(20), tmp_path / "output.log"
    expected, seen = finish(undisturbed), set()
    assert not resumes(undisturbed)
    kills = rng.sample(4 * list(itertools.product(VICTIMS, MOMENTS)), KILLS)
    folders = (tmp_path / f"killed_{number}" for number in itertools.count())
    project = prepared(next(folders))
    while kills:
        what, when = kills[-1]
        with at_work(project, output) as run:
            when(project, run, rng)
            if unfinished := run.poll() is None:
                kills.pop()
                for victim in what(project, run, rng):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        victim.kill()
        seen |= resumes(project)
        if not unfinished:
            assert run.returncode == 0, output.read_text()[-3000:]
            assert finish(project) == expected
            project = prepared(next(folders))
    assert finish(project) == expected
    seen |= resumes(project)
    assert len(seen) >= 5, f"{len(seen)} stacks went on from a checkpoint"
    print(f"{len(seen)} stacks went on from a checkpoint")


# ------------------------------------------------------------------------ stage by stage

STAGES = {
    "define_truth": "define_truth",
    "simulate": "simulate_data",
    "train": "train_models",
    "train_first": "train_models",
    "select": "select_configuration",
    "define_reference": "define_reference",
    "derive": "derive_closed_forms",
    "measure_shrinkage": "measure_shrinkage",
    "evaluate": "evaluate_models",
    "infer": "infer_posteriors",
    "gather_restarts": "gather_restarts",
    "gather_gaps": "gather_gaps",
    "gather_grid": "gather_grid",
    "render_table1": "render_table1",
    "render_gaps": "render_gaps",
    "judge": "judge_claims",
    "render_verdicts": "render_verdicts",
    "draw": "draw_figure",
    "render_page": "render_page",
    "write_numbers": "write_numbers",
    **({"write": "write_paper"} if TYPESET else {}),
}  # rule to script
STAGES_OF_FAMILIES = {
    "split_points": "split_points",
    "gather_sensitivity": "gather_sensitivity",
    "draw": "draw_figure",
    "render_sensitivity": "render_sensitivity",
}


def stop(run, number):
    """Send a signal as users do: Ctrl-C and the end of a session reach all processes of a run, others reach one."""
    if number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(run.pid, number)
    else:
        os.kill(run.pid, number)


@pytest.mark.long
@pytest.mark.run
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL], ids=lambda x: x.name)
def test_a_run_that_is_stopped_in_each_of_its_stages_goes_on(tiny_run, tmp_path, number):
    project = tiny_run.copy(tmp_path / "stopped")
    stop_in_each(project, TINY_FILE, STAGES, number, tmp_path / "output.log")
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    assert made(project) == made(tiny_run)


@pytest.mark.long
@pytest.mark.run
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda x: x.name)
def test_a_run_that_is_stopped_in_a_stage_of_variants_or_of_points_of_one_s_own_goes_on(tmp_path, number):
    project = Project.of_the_work_tree(tmp_path / "stopped")
    write_family(project)
    run = project.snakemake("--cores", "2", "--configfile", FAMILY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    expected = made(project, "few")
    stop_in_each(project, FAMILY_FILE, STAGES_OF_FAMILIES, number, tmp_path / "output.log")
    run = project.snakemake("--cores", "2", "--configfile", FAMILY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    assert made(project, "few") == expected


def test_every_rule_is_stopped_in_one_of_these_tests():
    text = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", text, re.MULTILINE)) - (set() if TYPESET else {"write"})
    assert rules | {"train_first"} == {*STAGES, *STAGES_OF_FAMILIES} == {*FULL, *FULL_OF_FAMILIES}


def stop_in_each(project, file, stages, number, output):
    """Make each stage again, and stop the run when its script is at work."""
    stopped = []
    for rule, script in stages.items():
        with at_work(project, output, ("--cores", "2", "--configfile", file, "--forcerun", rule)) as run:
            while run.poll() is None:
                if jobs_of(run, [script]):
                    stop(run, number)
                    stopped.append(rule)
                    break
                time.sleep(0.01)
            began = time.monotonic()
            assert run.wait(timeout=120) != 0, f"{rule}: {output.read_text()[-3000:]}"
        assert time.monotonic() - began < 60
        _, left = psutil.wait_procs(everything(project, run, None), timeout=30)
        assert not left, f"{rule}: its jobs do not end with the run"
    assert stopped == list(stages)


@pytest.mark.run
def test_sigterm_ends_a_run_at_once_however_long_its_jobs_would_take(tmp_path):
    """Alone, Snakemake would wait for those that run."""
    project, output = Project.of_the_work_tree(tmp_path / "project"), tmp_path / "output.log"
    write_study(project.root / TINY_FILE, TINY | {"training": TINY["training"] | {"epochs": 10**6}})
    with at_work(project, output, ("--cores", "2", "--configfile", TINY_FILE)) as run:
        while run.poll() is None and not list((project.root / "scratch").rglob("stack_*.safetensors")):
            time.sleep(0.05)
        began = time.monotonic()
        os.kill(run.pid, signal.SIGTERM)
        assert run.wait(timeout=120) != 0, output.read_text()[-3000:]
    assert time.monotonic() - began < 120  # its jobs would take hours
    _, left = psutil.wait_procs(everything(project, run, None), timeout=60)
    assert not left and "Traceback" not in output.read_text()
