"""Whatever is killed, and whenever: the same command goes on, and ends with the bytes of an undisturbed run."""

import contextlib
import random
import re
import subprocess
import time

import psutil
import pytest

from .conftest import SMOKE, Project, environment
from .test_same_bytes import made

KILLS = 20
RUN = ("--cores", "2", "--configfile", SMOKE)
RESUMED = re.compile(r"^.* goes on from epoch \d+$", re.MULTILINE)


def jobs_of(run):
    """The scripts that a run of the workflow has at work."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [job for job in psutil.Process(run.pid).children(recursive=True) if ".snakemake/scripts" in cmdline(job)]
    return []


def cmdline(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def a_job(run, rng):
    """One job that is at work; Snakemake lets the others finish, and fails."""
    jobs = jobs_of(run)
    return [rng.choice(jobs)] if jobs else [psutil.Process(run.pid)]


def snakemake_itself(run, rng):
    """Its jobs stay at work without it."""
    return [psutil.Process(run.pid)]


def everything(run, rng):
    """As when the machine loses its power."""
    main = psutil.Process(run.pid)
    return [main, *main.children(recursive=True)]


def resumes(project):
    """Lines of the jobs' logs that say that a stack went on from a checkpoint."""
    logs = (project.root / "logs" / "smoke" / "train").rglob("*.log")
    return {(path, line) for path in logs for line in RESUMED.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.long
def test_twenty_kills_at_random_moments_change_nothing(smoke_run, tmp_path):
    project, rng = Project.of_the_work_tree(tmp_path / "killed"), random.Random(20)
    seen, how, output = set(), dict.fromkeys((a_job, snakemake_itself, everything), 0), tmp_path / "output.log"
    while sum(how.values()) < KILLS:
        with open(output, "w") as log:
            run = subprocess.Popen(
                **project.command(*RUN),
                env=environment(LIBI_CHECKPOINT_SECONDS="0.5"),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        time.sleep(rng.uniform(4, 16))
        assert run.poll() is None, f"after {how} the run ended by itself:\n{output.read_text()[-3000:]}"
        kind = min(how, key=how.get)
        how[kind] += 1
        for victim in kind(run, rng):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        run.wait(timeout=120)
        seen |= resumes(project)
    again = project.snakemake(*RUN)
    seen |= resumes(project)
    assert again.returncode == 0, again.stdout[-3000:]
    assert made(project, "smoke") == made(smoke_run, "smoke")
    assert len(seen) >= 5, f"only {len(seen)} stacks went on from a checkpoint after {how}"
    assert not [path for path in (project.root / "scratch").rglob("*") if path.is_file()]
    assert not list(project.root.rglob("*.part"))
