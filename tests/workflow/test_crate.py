"""A packed study holds every file that its inventory names, and a description by the RO-Crate profiles.

The profile is checked by roc-validator where it and a network are there: pip install roc-validator.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from .conftest import SMOKE, TINY, TINY_FILE, Project, environment, write_study

VALIDATOR = shutil.which("rocrate-validator")


def pack(project, study=TINY_FILE):
    command = [sys.executable, "workflow/crate.py", "--configfile", study]
    return subprocess.run(command, cwd=project.root, env=environment(), capture_output=True, text=True)


@pytest.fixture(scope="module")
def crate(tiny_run):
    """The path of a packed study."""
    run = pack(tiny_run)
    assert run.returncode == 0, run.stderr
    return tiny_run.root / "tiny.crate.zip"


@pytest.fixture(scope="module")
def graph(crate):
    """Its entities by their names."""
    with zipfile.ZipFile(crate) as files:
        about = json.loads(files.read("ro-crate-metadata.json"))
    assert about["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in about["@graph"]}
    assert len(entities) == len(about["@graph"])
    return entities


def test_the_crate_holds_all_that_it_describes(crate, graph):
    named = {part["@id"] for part in graph["./"]["hasPart"]}
    with zipfile.ZipFile(crate) as files:
        assert set(files.namelist()) == named | {"ro-crate-metadata.json"}
        for name in named:
            content = files.read(name)
            assert graph[name]["contentSize"] == str(len(content))
            assert graph[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert {"Snakefile", TINY_FILE, "src/libi/training/engine.py", "requirements.lock", "LICENSE"} <= named


def test_the_run_leads_from_the_study_by_the_workflow_to_all_results(graph, tiny_run):
    """What the Workflow Run Crate profile asks for: https://www.researchobject.org/workflow-run-crate/profiles."""
    inventory = json.loads((tiny_run.root / "results/tiny/inventory.json").read_text())
    action = graph[graph["./"]["mentions"]["@id"]]
    assert action["@type"] == "CreateAction" and action["object"] == {"@id": TINY_FILE}
    assert action["instrument"] == graph["./"]["mainEntity"] == {"@id": "Snakefile"}
    assert {result["@id"] for result in action["result"]} == set(inventory["files"])
    assert action["endTime"] == max(entry["ended"] for entry in inventory["files"].values())
    assert "ComputationalWorkflow" in graph["Snakefile"]["@type"]
    assert graph[graph["Snakefile"]["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"
    assert {"@id": "https://w3id.org/ro/wfrun/workflow/0.5"} in graph["./"]["conformsTo"]
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}


def test_an_unpacked_crate_is_a_project_whose_models_open_and_whose_study_is_whole(crate, tmp_path):
    with zipfile.ZipFile(crate) as files:
        files.extractall(tmp_path)
    project, path = Project(tmp_path), "results/tiny/training/linear_jtex/vae/0.safetensors"
    opening = f"import libi; assert libi.load({path!r}).restart in (0, 1)"
    subprocess.run([sys.executable, "-c", opening], cwd=tmp_path, env=environment(PYTHONPATH="src"), check=True)
    run = project.snakemake("--cores", "2", "--touch", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout[-3000:]
    jobs, _ = project.planned("--configfile", TINY_FILE)
    assert not {"train", "train_first", "evaluate"} & jobs.keys(), jobs
    command = [sys.executable, "workflow/audit.py", "--configfile", TINY_FILE]
    said = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True).stdout
    assert " whole: " in said and "changed" not in said and "outdated" not in said, said


@pytest.mark.skipif(VALIDATOR is None, reason="needs roc-validator")
def test_the_public_validator_finds_nothing_wrong(crate):
    command = [VALIDATOR, "validate", "--no-paging", "-p", "workflow-run-crate-0.5", "-l", "required", str(crate)]
    run = subprocess.run(command, capture_output=True, text=True)
    if "not known" in run.stdout + run.stderr:
        pytest.skip("needs a network")
    assert run.returncode == 0, run.stdout


def test_what_is_not_as_its_job_wrote_it_is_not_packed(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    (project.root / "tiny.crate.zip").unlink(missing_ok=True)
    (project.root / "results/tiny/table1.csv").write_text("edited\n")
    run = pack(project)
    assert run.returncode == 1 and not (project.root / "tiny.crate.zip").exists()
    assert "Nothing is packed: files of the study tiny are missing, changed or out of date. " in run.stderr
    assert "results/tiny/table1.csv" in run.stderr and "Traceback" not in run.stderr


def test_files_of_other_settings_are_not_packed(tiny_run, tmp_path):
    """Else the crate would say that the study as it is now made them."""
    project = tiny_run.copy(tmp_path / "project")
    (project.root / "tiny.crate.zip").unlink(missing_ok=True)
    write_study(project.root / TINY_FILE, TINY | {"seed": 7})
    run = pack(project)
    assert run.returncode == 1 and not (project.root / "tiny.crate.zip").exists()
    assert "seed was 0 when the files were made; the study now has 7" in run.stderr


def test_a_study_that_has_not_been_run_is_not_packed(tiny_run):
    run = pack(tiny_run, SMOKE)
    words = "The study smoke has not been run here; run: snakemake --cores 8 --configfile config/smoke.yaml\n"
    assert run.returncode == 1 and run.stderr == words
