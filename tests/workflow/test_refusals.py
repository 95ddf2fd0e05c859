"""Bad input stops a run, and a dry run, before the first job, in words for the study's author."""

import pytest
import yaml

from libi.study.reading import StudyError
from libi.study.variants import family_of_run

from .conftest import REPOSITORY, SMOKE, Project, write_study

# Path to the value, the bad value, and what the message must say of it: key, given, allowed, nearest name.
BAD_VALUES = {
    "unknown key": ("replicats", 2, ["replicats", "unknown key", "'replicates'", "restarts, points"]),
    "wrong type": ("restarts", "many", ["restarts: given 'many'", "a whole number from 1"]),
    "text for a number": ("training.learning_rate", "1e-2", ["training.learning_rate: given '1e-2'", "above 0"]),
    "negative epsilon": (
        "datasets.gaussian.libi.epsilon_hz",
        [1, -0.5],
        ["datasets.gaussian.libi.epsilon_hz[1]: given -0.5", "above 0"],
    ),
    "2R above the epochs": ("datasets.mobius.libi.rounds", [1, 13], ["libi.rounds[1]: given 13", "at most 12"]),
    "no replicates": ("replicates", 0, ["replicates: given 0", "a whole number from 1"]),
    "negative beta": ("datasets.mobius.beta_vae.beta", [-1], ["datasets.mobius.beta_vae.beta[0]: given -1", "above 0"]),
    "unknown data set": ("datasets.gausian", {"vae": {}}, ["gausian", "unknown data set", "'gaussian'", "mobius"]),
    "unknown method": ("datasets.gaussian.lbi", {}, ["datasets.gaussian.lbi", "unknown method", "'libi'", "lagging"]),
    "unknown device": ("device", "cud", ["device: given 'cud'", "auto, cpu or cuda", "'cuda'"]),
    "device cuda without one": ("device", "cuda", ["device: given 'cuda'", "auto or cpu", "GPU"]),
}
MODES = {"run": ("--cores", "1"), "dry run": ("--cores", "1", "-n")}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which nothing may ever appear."""
    return Project.of_the_work_tree(tmp_path_factory.mktemp("refusals") / "project")


def files(project):
    """All files but Snakemake's own log of the session and Python's caches."""
    return {
        path: path.stat().st_mtime_ns
        for path in project.root.rglob("*")
        if path.is_file() and not {".snakemake", "__pycache__"} & set(path.parts)
    }


def refused(project, *arguments):
    """The output of a call that must fail with a message and leave nothing behind."""
    before = files(project)
    run = project.snakemake(*arguments, CUDA_VISIBLE_DEVICES="")
    assert run.returncode != 0
    assert "Traceback" not in run.stdout
    assert "Job stats" not in run.stdout
    assert files(project) == before
    assert not any((project.root / name).exists() for name in ("results", "logs", "scratch"))
    return run.stdout


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_bad_value_is_refused(project, tmp_path, case, mode):
    path, value, words = BAD_VALUES[case]
    mapping = yaml.safe_load((project.root / SMOKE).read_text(encoding="utf-8"))
    mapping["datasets"] = {
        dataset: {method: dict(grid) for method, grid in methods.items()}
        for dataset, methods in mapping["datasets"].items()
    }
    *way, last = path.split(".")
    section = mapping
    for key in way:
        section = section[key]
    section[last] = value
    study = write_study(tmp_path / "mine.yaml", mapping)
    output = refused(project, *MODES[mode], "--configfile", study)
    (line,) = (line for line in output.splitlines() if line.startswith(f"{study}: "))
    assert [word for word in words if word not in line] == []


def test_cuda_is_refused_only_where_no_gpu_can_be(tmp_path, monkeypatch):
    """A driver's file shows a GPU; an empty CUDA_VISIBLE_DEVICES hides it; a run on a cluster goes elsewhere."""
    mapping = yaml.safe_load((REPOSITORY / SMOKE).read_text(encoding="utf-8"))
    study = write_study(tmp_path / "mine.yaml", mapping | {"device": "cuda"})
    driver = tmp_path / "nvidiactl"
    monkeypatch.setattr("libi.study.machine.GPU_FILES", (str(driver),))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(StudyError, match="device: given 'cuda'"):
        family_of_run([study], "", {}, here=True)
    assert family_of_run([study], "", {}, here=False).base.device == "cuda"
    driver.touch()
    assert family_of_run([study], "", {}, here=True).base.device == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(StudyError, match="CUDA_VISIBLE_DEVICES"):
        family_of_run([study], "", {}, here=True)


@pytest.mark.parametrize("mode", MODES)
def test_two_studies_are_refused(project, mode):
    output = refused(project, *MODES[mode], "--configfile", SMOKE, "config/quick.yaml")
    assert "--configfile: given" in output and "config/quick.yaml; allowed: one file" in output


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("study", [(), ("--configfile", SMOKE)])
def test_values_on_the_command_line_are_refused(project, mode, study):
    output = refused(project, *MODES[mode], *study, "--config", "seed=7")
    assert "--config: given seed" in output and "--configfile" in output
