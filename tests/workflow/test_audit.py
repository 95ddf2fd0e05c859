"""The inventory says what every file is and where it comes from; the audit tells whole files from others."""

import hashlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from inventory import gpus

from .conftest import TINY, TINY_FILE, environment, write_study

METRICS = "results/tiny/metrics/linear_jtex/vae.csv"


def audit(project, study=TINY_FILE):
    """Exit code and words of the audit of a study."""
    run = subprocess.run(
        [sys.executable, "workflow/audit.py", "--configfile", study],
        cwd=project.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return run.returncode, run.stdout


def inventory(project):
    return json.loads((project.root / "results/tiny/inventory.json").read_text())


def edit_keeping_the_date(path):
    before = path.stat()
    path.write_text(path.read_text().replace("1", "2", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_every_file_of_a_run_is_in_its_inventory_with_its_hash_and_that_of_what_it_was_made_from(tiny_run):
    found = inventory(tiny_run)
    files = found["files"]
    assert all(
        hashlib.sha256((tiny_run.root / file).read_bytes()).hexdigest() == files[file]["sha256"] for file in files
    )
    assert files["paper/tiny/table1.tex"]["from"] == {
        f"results/tiny/metrics/linear_jtex/{method}.csv": files[f"results/tiny/metrics/linear_jtex/{method}.csv"][
            "sha256"
        ]
        for method in ("truth", "vae", "libi")
    }
    for name in (
        "figures/tiny/figure2.pdf",
        "results/tiny/table1.csv",
        "results/tiny/training/linear_jtex/libi/0.safetensors",
    ):
        assert files[name]["rule"] and found["runs"][files[name]["run"]]["python"] == platform.python_version()
    assert "src/libi/training/engine.py" in found["sources"] and found["studies"]["/tiny"]["seed"] == 0


def test_an_inventory_names_no_host_and_no_user(tiny_run):
    found = inventory(tiny_run)
    (run,) = found["runs"]
    assert set(run) == {"libi", "commit", "edited since", "python", "packages", "machine"}
    processor = {"processor", "family and model", "cache", "cores", "avx2", "avx512f", "amx"}
    assert set(run["machine"]) == processor | {"gpus"}
    assert not any(Path(file).is_absolute() for file in [*found["files"], *found["sources"]])
    assert str(tiny_run.root) not in json.dumps(found)


def test_no_file_that_a_run_makes_names_the_host_the_home_or_the_folder_of_the_run(tiny_run):
    """Seals, notes of the run, pictures and PDF included; logs are not looked at."""
    private = [name.encode() for name in (socket.gethostname(), str(Path.home()), str(tiny_run.root)) if len(name) > 7]
    made = [path for top in ("results", "figures", "paper") for path in (tiny_run.root / top / "tiny").rglob("*")]
    assert len(made) > 100 and private
    for path in made:
        if path.is_file():
            content = path.read_bytes()
            assert not [name for name in private if name in content], path


def test_gpus_are_named_and_nothing_more_is_said_of_them(tmp_path):
    for number, model in enumerate(("NVIDIA H100", "NVIDIA A100")):
        (tmp_path / f"0000:0{number}:00.0").mkdir()
        (tmp_path / f"0000:0{number}:00.0/information").write_text(
            f"Model: \t\t {model}\nIRQ:   \t 42\nGPU UUID: GPU-12\n"
        )
    assert gpus(tmp_path) == ["NVIDIA H100", "NVIDIA A100"] and gpus(tmp_path / "no driver") == []


def test_a_run_that_has_just_ended_is_whole(tiny_run):
    code, words = audit(tiny_run)
    assert code == 0, words
    assert words.split("\n")[0] == f"{len(inventory(tiny_run)['files'])} whole: as their jobs wrote them"
    assert words.count("\n") == 1


def test_what_is_edited_deleted_or_added_is_told(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    edit_keeping_the_date(project.root / METRICS)
    edit_keeping_the_date(project.root / "paper/tiny/table1.tex")
    (project.root / "figures/tiny/figure2.png").unlink()
    shutil.copy(project.root / METRICS, project.root / "results/tiny/mine.csv")
    for folder in ("figures", "paper"):
        (project.root / folder / "tiny/mine.txt").write_text("mine")
    code, words = audit(project)
    assert code == 1
    for line in (
        "1 missing: not made yet\n  figures/tiny/figure2.png\n",
        "2 changed: changed since they were written; to make one again, call snakemake as README.md shows (not make), "
        "and add: --forcerun FILE\n"
        f"  paper/tiny/table1.tex\n  {METRICS}\n",
        "3 foreign: made by no job of this study\n"
        "  results/tiny/mine.csv\n  figures/tiny/mine.txt\n  paper/tiny/mine.txt\n",
    ):
        assert line in words, words


def test_an_edit_stays_an_edit_however_often_the_workflow_runs(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    edit_keeping_the_date(project.root / "paper/tiny/table1.tex")
    for _ in range(2):
        run = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
        assert run.returncode != 0 and "paper/tiny/table1.tex: it has changed since it was written" in run.stdout
    code, words = audit(project)
    assert code == 1 and "1 changed:" in words and "  paper/tiny/table1.tex\n" in words, words


def test_what_the_next_run_makes_again_is_stale_and_what_it_refuses_is_changed(tiny_run, tmp_path):
    """The code of a figure is edited; a table has lost its seal."""
    project = tiny_run.copy(tmp_path / "project")
    project.edit("src/libi/paper/figures/figure6.py")
    (project.root / "results/tiny/.gaps.csv.seal").unlink()
    _, said = audit(project)
    assert "figures/tiny/figure6.png: " in said.split(" stale: ")[1].split(" changed: ")[0]
    changed = said.split(" changed: ")[1]
    assert "results/tiny/gaps.csv: its record of what made it is missing or damaged" in changed


def test_what_a_killed_run_has_made_is_the_killed_runs(tiny_run, tmp_path):
    """Not the next one's, which may be on another machine or of another commit."""
    project = tiny_run.copy(tmp_path / "project")
    before = inventory(project)
    killed = {**before["runs"][0], "commit": "of the run that was killed"}
    (project.root / "results/tiny/.run.json").write_text(json.dumps(killed))
    made = ("paper/tiny/numbers.tex", "results/tiny/table1.csv")
    for file in made:
        before["files"].pop(file)
    (project.root / "results/tiny/inventory.json").write_text(json.dumps(before))
    (project.root / "paper/tiny/verdicts.tex").unlink()
    run = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout
    found = inventory(project)
    assert {found["runs"][found["files"][file]["run"]]["commit"] for file in made} == {killed["commit"]}
    assert found["runs"][found["files"]["paper/tiny/verdicts.tex"]["run"]]["commit"] != killed["commit"]
    assert not (project.root / "results/tiny/.run.json").exists()


def test_files_that_only_get_a_new_date_stay_those_of_the_run_that_made_them(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    before = inventory(project)
    before["runs"][0]["commit"] = "of the run that made them"
    (project.root / "results/tiny/inventory.json").write_text(json.dumps(before))
    run = project.snakemake("--cores", "1", "--touch", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout
    (project.root / "paper/tiny/verdicts.tex").unlink()
    run = project.snakemake("--cores", "1", "--configfile", TINY_FILE)
    assert run.returncode == 0, run.stdout
    found = inventory(project)
    commits = {file: found["runs"][entry["run"]]["commit"] for file, entry in found["files"].items()}
    assert commits.pop("paper/tiny/verdicts.tex") != before["runs"][0]["commit"]
    after = ("paper/tiny/", "results/tiny/conclusions.csv", "results/tiny/index.html", "results/tiny/summary.rst")
    others = {file for file, commit in commits.items() if commit != before["runs"][0]["commit"]}
    assert "results/tiny/training/linear_jtex/vae/0.safetensors" in commits.keys() - others
    assert all(file.startswith(after) for file in others), others


def test_a_run_says_which_results_another_version_of_a_package_has_computed(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    path = project.root / "results/tiny/inventory.json"
    path.write_text(path.read_text().replace('"torch": "', '"torch": "1.'))
    (project.root / "paper/tiny/table1.tex").unlink()
    run = project.snakemake("--cores", "2", "--configfile", TINY_FILE)
    assert run.returncode == 0 and "were computed by torch 1." in run.stdout and "--forceall" in run.stdout
    assert "numpy" not in run.stdout


def test_a_changed_study_is_told_where_snakemakes_notes_are_lost(tiny_run, tmp_path):
    project = tiny_run.copy(tmp_path / "project")
    shutil.rmtree(project.root / ".snakemake")
    write_study(project.root / TINY_FILE, TINY | {"seed": 7})
    code, words = audit(project)
    assert code == 1 and words.endswith("seed was 0 when the files were made; the study now has 7\n"), words


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"files": {}}'])
def test_a_damaged_inventory_vouches_for_nothing(tiny_run, tmp_path, damage):
    project = tiny_run.copy(tmp_path / "project")
    (project.root / "results/tiny/inventory.json").write_text(damage)
    code, words = audit(project)
    assert code == 1 and "whole" not in words and "unknown: there, but not in the inventory" in words, words
