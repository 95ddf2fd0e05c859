"""Copies of the project in which the workflow runs as a user runs it; the work tree itself stays as it is."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from libi.paper.figures import FIGURES, is_of_variants

REPOSITORY = Path(__file__).parents[2]
MADE_BY_RUNS = ("results", "figures", "logs", "scratch")
SMOKE, TINY_FILE = "config/smoke.yaml", "config/tiny.yaml"
TYPESET = {"write": 1} if shutil.which("latexmk") else {}  # the job that is left out where there is no LaTeX

OF_A_STUDY = [name for name in FIGURES if not is_of_variants(name)]  # figures of a single study

# The least study that has every rule, two stacks in one job (rounds 1 and 2), and a method that is not LiBI.
TINY = {
    "name": "tiny",
    "seed": 0,
    "device": "cpu",
    "compile": False,
    "replicates": 1,
    "first_replicate": 0,
    "replicates_per_job": 1,
    "restarts": 2,
    "points": {"train": 40, "validation": 40, "test": 40},
    "training": {
        "epochs": 200,
        "learning_rate": 0.01,
        "learning_rate_end": 1.0,
        "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        "batch_size": 20,
        "elbo_draws": 1,
        "validate_every": 50,
        "validation_draws": 4,
        "snapshot": "best",
        "initial_scale": 1.0,
        "annealing_share": 0.5,
        "annealing_form": "linear",
        "constrained_batch_size": 40,
        "libi_epochs": "shared",
        "whitened_start": True,
        "exponential_cap": 8.0,
    },
    "architecture": {"decoder_units": 50, "decoder_activation": "relu", "encoder_bias": True},
    "selection": {"restart_split": "validation", "configuration_split": "validation", "likelihood": "exact"},
    "evaluation": {
        "metrics": {
            "test_ll": {"importance_samples": 20, "variance_inflation": 2.0},
            "test_ll_exact": {},
            "s_knn": {"draws": 5, "points": 20, "neighbours": 1, "smoothness": [1.0], "sample": "fresh"},
        },
        "posterior": {"samples": 50, "prior_share": 0.1, "draws": 2, "gap_points": 20},
    },
    "datasets": {
        "linear_jtex": {
            "vae": {},
            "libi": {"epsilon_hz": [1], "epsilon_covariance": [0.2], "epsilon_mean": [0.2], "rounds": [1, 2]},
        }
    },
}


# A base study and a variant of it, with points of one's own: they have the rules that the tiny study does not need.
FAMILY_FILE = "config/few.yaml"
FAMILY = {
    "name": "few",
    "base": {key: value for key, value in TINY.items() if key not in ("name", "datasets")}
    | {"datasets": {"linear_jtex": {"vae": {}}, "my_points": {"vae": {}}}},
    "variants": {"alpha-2": {"evaluation": {"metrics": {"s_knn": {"smoothness": [2.0]}}}}},
}


def environment(**changes):
    """The environment of a user's shell: this Python's programs, one thread a job, nothing of these tests."""
    foreign = ("PYTEST_", "SNAKEMAKE_", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept | {"PATH": path, "OMP_NUM_THREADS": "1"} | changes


def bare_path(folder):
    """A PATH of no programs but those that every run needs: no LaTeX, no SLURM, no compiler."""
    folder.mkdir()
    for name in ("sh", "bash", "env", "uname", "git", "which", "python3"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


def write_study(path, mapping):
    """Write a study's file and return its path as text."""
    path.write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
    return str(path)


def write_family(project):
    """Write the study of a base, a variant and points of one's own, and all that it needs."""
    blocks = re.findall(r"^```python\n(.*?)^```$", (REPOSITORY / "config/README.md").read_text("utf-8"), re.M | re.S)
    (points,) = (block for block in blocks if 'POINTS = "data/mine.csv"' in block)
    (project.root / "src/libi/datasets/my_points.py").write_text(points, encoding="utf-8")
    (project.root / "data").mkdir()
    rows = np.random.default_rng(0).normal(size=(130, 5))
    np.savetxt(project.root / "data/mine.csv", rows, delimiter=",", header="a,b,c,d,e", comments="")
    write_study(project.root / FAMILY_FILE, FAMILY)


@dataclass(frozen=True)
class Project:
    """A copy of the project's files."""

    root: Path

    @classmethod
    def of_the_work_tree(cls, root):
        """Copy what a user has after a download: no environment, no results."""

        def ignored(folder, names):
            top, within_paper = Path(folder) == REPOSITORY, Path(folder) == REPOSITORY / "paper"
            made = [name for name in names if top and name in (*MADE_BY_RUNS, "tests")]
            made += [name for name in names if within_paper and name != "reference" and Path(folder, name).is_dir()]
            return [*made, *(name for name in names if name.startswith((".", "__pycache__")))]

        shutil.copytree(REPOSITORY, root, ignore=ignored)
        return cls(root)

    def copy(self, root):
        """Copy a project with all that runs have left in it, dates included."""
        shutil.copytree(self.root, root)
        return Project(root)

    def command(self, *arguments):
        """What `subprocess` needs to call snakemake here."""
        program = str(Path(sys.executable).with_name("snakemake"))
        return {"args": [program, *map(str, arguments)], "cwd": self.root, "text": True}

    def snakemake(self, *arguments, **changes):
        """Call snakemake here, with changes of the environment, and return its exit code and output."""
        return subprocess.run(
            **self.command(*arguments),
            env=environment(**changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=1200,
        )

    def planned(self, *arguments):
        """What a dry run would do: rule to number of jobs, and the message of every job."""
        run = self.snakemake("-n", "--cores", "2", *arguments)
        assert run.returncode == 0, run.stdout
        if "Nothing to be done" in run.stdout:
            return {}, []
        table = run.stdout.split("Job stats:")[1].split("\n\n")[0]
        jobs = {rule: int(number) for rule, number in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
        total = jobs.pop("total")
        assert total == sum(jobs.values())
        jobs.pop("all", None)  # which a named file leaves out
        return jobs, re.findall(r"^Job \d+: (.*)$", run.stdout, re.MULTILINE)

    def records(self):
        """What Snakemake noted of every file that it made: rule, input, log, starttime, endtime, ..."""
        return [json.loads(path.read_text()) for path in (self.root / ".snakemake" / "metadata").iterdir()]

    def edit(self, path, text="\n# an edit\n"):
        """Add to a file, as an editor does."""
        path = self.root / path
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs a finished run of the workflow: a run starts a hundred programs, each of which loads PyTorch."""
    for item in items:
        if {"smoke_run", "tiny_run"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.run)


def shows_code(text):
    """Whether a text shows where in the code an error was."""
    return "Traceback" in text or '  File "' in text


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Make something once, whichever worker needs it first; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make_once(name, make):
        folder, result = base / name, base / f"{name}.json"
        with open(base / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not result.exists():
                run = make(Project.of_the_work_tree(folder))
                result.write_text(json.dumps([run.returncode, run.stdout]))
        code, output = json.loads(result.read_text())
        assert code == 0, output[-5000:]
        return Project(folder)

    return make_once


@pytest.fixture(scope="session")
def smoke_run(once):
    """The smoke study, run to its end. Not to be changed: copy it."""
    return once("smoke", lambda project: project.snakemake("--cores", "2", "--configfile", SMOKE))


# Python runs a module sitecustomize when it starts. This one notes which files of the package a job's script has run,
# and how many timers Snakemake has set. A job is a fork, which runs nothing at its exit but what is a Finalize.
SPY = """
import atexit, json, os, sys, threading
from multiprocessing import util

TIMERS = []
threading.Timer.start = lambda timer, start=threading.Timer.start: (TIMERS.append(timer), start(timer))

@atexit.register
def note():
    if os.path.basename(sys.argv[0]) == "snakemake":
        with open(os.path.join(os.path.dirname(__file__), "timers"), "a") as file:
            print(len(TIMERS), file=file)
    if "/.snakemake/scripts/" in sys.argv[0]:
        files = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "libi"]
        with open(os.path.join(os.path.dirname(__file__), f"{os.getpid()}.json"), "w") as file:
            json.dump({"script": os.path.basename(sys.argv[0]).split(".", 1)[1], "files": files}, file)

util.register_after_fork(note, lambda note: util.Finalize(None, note, exitpriority=0))
"""


@pytest.fixture(scope="session")
def tiny_run(once):
    """The tiny study, run to its end; spy/ tells which files of the package its jobs ran. Not to be changed."""

    def make(project):
        write_study(project.root / "config" / "tiny.yaml", TINY)
        (project.root / "spy").mkdir()
        (project.root / "spy" / "sitecustomize.py").write_text(SPY)
        return project.snakemake("--cores", "2", "--configfile", TINY_FILE, PYTHONPATH=str(project.root / "spy"))

    return once("tiny", make)
