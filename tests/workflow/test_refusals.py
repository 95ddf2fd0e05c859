"""Bad input stops a run, and a dry run, before the first job, in words for the study's author."""

import os

import pytest
import yaml

from libi.study.reading import StudyError
from libi.study.variants import family_of_run

from .conftest import REPOSITORY, SMOKE, Project, shows_code, write_study

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
    assert not shows_code(run.stdout)
    assert "Job stats" not in run.stdout
    assert files(project) == before
    assert not any((project.root / name).exists() for name in ("results", "logs", "scratch"))
    return run.stdout


# What a file of --configfile holds, and what is said of it. Snakemake itself opens it before it reads the Snakefile.
UNREADABLE = {
    "missing": (None, "mine.yaml: no such file"),
    "empty": (b"", "mine.yaml: is not a study's file: it has no keys"),
    "list": (b"- 1", "mine.yaml: is not a study's file: it has no keys"),
    "latin-1": ("seed: 1 # \u00e9".encode("latin-1"), "mine.yaml: is not in UTF-8; save it as UTF-8"),
    "utf-16": ("seed: 1".encode("utf-16"), "mine.yaml: is not in UTF-8; save it as UTF-8"),
    "tab": (b"seed:\n\t1", "mine.yaml: line 2: found character '\\t'"),
    "no time": (b"name: a\nseed: !!timestamp x", "mine.yaml: line 2: 'x' is no timestamp"),
    "no switch": (b"compile: !!bool x", "mine.yaml: line 1: 'x' is no bool"),
    "no number": (b'seed: !!int ""', "mine.yaml: line 1: '' is no int"),
}


@pytest.mark.parametrize("option", [("--configfile", "{}"), ("--configfile={}",), ("--configfiles", "{}")])
@pytest.mark.parametrize("case", UNREADABLE)
def test_a_configuration_file_that_cannot_be_read_is_refused_in_plain_words(project, tmp_path, case, option):
    content, said = UNREADABLE[case]
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    output = refused(project, "--cores", "1", *(part.format(path) for part in option))
    assert f"{tmp_path}/{said}" in output and len(output.splitlines()) == 1


def test_a_folder_or_a_pipe_in_the_place_of_a_configuration_file_is_refused(project, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "is a folder; name a study's file in it"),
        (tmp_path / "pipe", "is not a regular file"),
    ):
        assert f"{path}: {said}" in refused(project, "--cores", "1", "--configfile", str(path))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--configfile=config/smoke.yaml", "gaussian"),
        ("gaussian", "--configfile", "config/smoke.yaml"),
        ("--configfile", "config/smoke.yaml", "--", "gaussian"),
        ("--configfile", "config/smoke.conf", "--", "gaussian"),
        ("--configfile", SMOKE, "--cleanup-metadata", "results/smoke/training/gaussian/old/0.csv"),
        ("--report", "results/quick/report.html", "--configfile", "config/smoke.yaml", "--", "gaussian"),
    ],
)
def test_what_snakemake_accepts_is_not_refused(project, arguments):
    (project.root / "config/smoke.conf").write_text((project.root / SMOKE).read_text())
    run = project.snakemake("-n", "--cores", "1", *arguments)
    for words in ("comes after", "belongs to", "not a study", "has no method"):
        assert words not in run.stdout
    assert {"--report", "--cleanup-metadata"} & set(arguments) or run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--configfile", "config/quick.yaml", "paper/quick/table1.tex"),
            "paper/quick/table1.tex comes after --configfile, so Snakemake takes it for a study's file. Write what you "
            "want to make before it: snakemake --cores 8 paper/quick/table1.tex --configfile config/quick.yaml",
        ),
        (("--configfile", SMOKE, "gaussian", "-n"), f"before it: snakemake --cores 8 gaussian --configfile {SMOKE}"),
        (("--configfile", "config/quik.yaml"), "no such file; did you mean 'config/quick.yaml'?"),
        (
            ("paper/quick/table1.tex",),
            "paper/quick/table1.tex belongs to the study quick: "
            "snakemake --cores 8 paper/quick/table1.tex --configfile config/quick.yaml",
        ),
        (
            ("results/training/gaussian/lbi/0.safetensors",),
            "results/training/gaussian/lbi/0.safetensors: the study paper has no method 'lbi'; did you mean 'libi'?",
        ),
        (("results/training/gausian/libi/0.csv",), "has no data set 'gausian'; did you mean 'gaussian'?"),
        (
            ("results/training/gaussian/libi/7.safetensors",),
            "libi/7.safetensors: the study paper has no replicate '7' (allowed: 0, 1, 2, 3, 4)",
        ),
        (
            ("results/sensitivity/base/table1.csv", "--configfile", SMOKE),
            "belongs to the study sensitivity: snakemake --cores 8 results/sensitivity/base/table1.csv "
            "--configfile config/sensitivity.yaml",
        ),
    ],
)
def test_a_target_that_is_no_target_here_is_refused_with_the_command_that_makes_it(project, arguments, said):
    output = refused(project, "--cores", "1", *arguments)
    assert said in output
    if ": snakemake " in output:
        command = output.rpartition(": snakemake ")[2].splitlines()[0].split()
        run = project.snakemake(*command, "-n")
        assert "--cores" in command and run.returncode == 0, run.stdout


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
