"""A result that is damaged, edited, of another model or of other settings stops the run and is named."""

import re
import shutil
from pathlib import Path

import pytest

from .conftest import TINY, TINY_FILE, write_study

TRAINING, METRICS = "results/tiny/training/linear_jtex", "results/tiny/metrics/linear_jtex"
LIBI, VAE = f"{TRAINING}/libi/0.safetensors", f"{TRAINING}/vae/0.safetensors"


def neighbours(path):
    """LiBI's models in the place of the VAE's."""
    shutil.copy(path.parents[1] / "libi/0.safetensors", path)


def training_points(path):
    """In the place of the test points."""
    shutil.copy(path.with_name("train.safetensors"), path)


def last_bytes_zero(path):
    """Of the last numbers of the last model."""
    path.write_bytes(path.read_bytes()[:-9] + bytes(9))


def edited(path):
    """As in a text editor."""
    head, first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(head + first.replace("-", "-9", 1) + "".join(rest))


@pytest.mark.parametrize(
    ("file", "damage", "rule", "said"),
    [
        (VAE, neighbours, "select", f"was written as {LIBI}"),
        (VAE, last_bytes_zero, "evaluate", "does not have the checksum"),
        ("results/tiny/data/linear_jtex/0/test.safetensors", training_points, "evaluate", "/0/train.safetensors"),
        (f"{METRICS}/vae.csv", edited, "render_table1", "it has changed since it was written"),
        ("results/tiny/claims.csv", edited, "render_verdicts", "it has changed since it was written"),
    ],
)
def test_a_damaged_result_stops_the_run(tiny_run, tmp_path, file, damage, rule, said):
    project = tiny_run.copy(tmp_path / "project")
    damage(project.root / file)
    run = project.snakemake("--cores", "2", "--forcerun", rule, "--configfile", TINY_FILE)
    assert run.returncode != 0
    assert f"Damaged: {file}: " in run.stdout and said in run.stdout
    assert f"add to the command: --forcerun {file}\n" in run.stdout and "Traceback" not in run.stdout


def test_models_of_other_settings_are_refused_whatever_dates_and_notes_say(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    shutil.rmtree(project.root / ".snakemake")
    write_study(project.root / TINY_FILE, TINY | {"training": TINY["training"] | {"learning_rate": 0.02}})
    run = project.snakemake("--cores", "2", "--forcerun", "select", "--configfile", TINY_FILE)
    assert run.returncode != 0
    assert "its models were trained with training.learning_rate 0.01, and the study has 0.02" in run.stdout
    files = set(re.findall(r"add to the command: --forcerun (\S+)", run.stdout))
    assert files
    for named in files:
        _, messages = project.planned("--configfile", TINY_FILE, "--forcerun", named)
        assert f"Training {Path(named).parent.name} on linear_jtex, replicate 0" in messages
