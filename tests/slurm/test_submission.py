"""What `snakemake --profile slurm` would ask of a cluster, where there is none."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from ..workflow.conftest import REPOSITORY, SMOKE, TINY, Project, bare_path, environment, write_study

HERE = Path(__file__).parent
COMMANDS = ("sbatch", "squeue", "scancel", "sinfo", "sacct", "sacctmgr", "sshare", "scontrol")


@pytest.fixture(scope="module")
def submissions(smoke_run, tmp_path_factory):  # noqa: F811
    """Arguments of every sbatch of the smoke study, and where the project was."""
    project = Project.of_the_work_tree(tmp_path_factory.mktemp("submitted") / "project")
    programs, notes = (tmp_path_factory.mktemp(name) for name in ("programs", "notes"))
    for name in COMMANDS:
        (programs / name).symlink_to(HERE / "stand_in.sh")
    given = environment(NOTES=str(notes), FINISHED=str(smoke_run.root))
    given["PATH"] = f"{programs}:{given['PATH']}"
    quickly = ("--slurm-init-seconds-before-status-checks", "1", "--configfile", SMOKE)
    run = project.snakemake(
        "--profile", "slurm", *quickly, "--until", "infer", "evaluate", "measure_shrinkage", **given
    )
    assert run.returncode == 0, run.stdout[-5000:]
    return [file.read_text().split("\0")[:-1] for file in sorted(notes.iterdir(), key=lambda file: int(file.name))]


def kind(arguments):
    """What is submitted: rule or group."""
    comment = arguments[arguments.index("--comment") + 1]
    return re.sub(r"_wildcards_.*", "", comment)


def line(arguments):
    """A submission without what differs from job to job and from run to run."""
    arguments = [argument for argument in arguments if not argument.startswith("--wrap")]
    for option, shown in (("--job-name", "RUN"), ("--output", "LOG"), ("-D", "FOLDER")):
        arguments[arguments.index(option) + 1] = shown
    arguments[arguments.index("--comment") + 1] = kind(arguments)
    return " ".join(["sbatch", *arguments])


def test_submit_lines_are_the_known_ones(submissions):
    lines = sorted({line(arguments) for arguments in submissions})
    assert lines == (HERE / "submit_lines.txt").read_text().splitlines()


def test_every_training_job_is_submitted_alone_and_the_short_ones_together(submissions):
    kinds = Counter(map(kind, submissions))
    assert kinds == {
        "rule_train": 4 * 5 + 2,  # data sets and methods, both replicates in one job; joint MAP on two data sets
        "rule_train_first": 4,
        "rule_data_define_truth_simulate": 2,  # of two data sets each, which makes 6 jobs
        "rule_selections_select": 5,  # of 5 jobs each, one of 4
        "rule_metrics_evaluate": 5,
        "rule_posteriors_infer": 5,
        "rule_references_define_reference": 1,
    }


def test_where_there_is_no_slurm_the_plan_can_be_seen(tmp_path):
    project, programs = Project.of_the_work_tree(tmp_path / "project"), tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "bash", "env", "uname", "git", "which"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    run = project.snakemake("-n", "--profile", "slurm", PATH=bare_path(tmp_path / "bin"))
    assert run.returncode == 0, run.stdout
    assert "would have been made" not in run.stdout and "train_first" in run.stdout


def test_one_changed_line_leaves_the_gpus_out(tmp_path):
    profile = (REPOSITORY / "slurm/profile.yaml").read_text()
    assert len(re.findall(r"^ *gpu: 1$", profile, re.MULTILINE)) == 1
    without = yaml.safe_load(profile.replace("gpu: 1", "gpu: 0"))
    assert {name: needs["gpu"] for name, needs in without["set-resources"].items()} == {"train": 0, "train_first": 0}


def test_cuda_can_be_asked_for_from_a_machine_without_a_gpu(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    study = write_study(tmp_path / "study.yaml", TINY | {"device": "cuda"})
    run = project.snakemake("-n", "--profile", "slurm", "--configfile", study)
    assert run.returncode == 0, run.stdout


def test_without_slurm_a_run_ends_at_once_and_says_so(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    study = write_study(tmp_path / "study.yaml", TINY)
    target = "results/tiny/data/linear_jtex/truth.csv"
    run = project.snakemake("--profile", "slurm", "--configfile", study, "--", target, PATH=bare_path(tmp_path / "bin"))
    assert run.returncode != 0 and "There is no SLURM here (no sbatch on PATH)" in run.stdout
    assert not (project.root / target).exists()
