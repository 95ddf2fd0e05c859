"""The commands of the pages do what they say: those that run the workflow are tried by a dry run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import torch
import yaml

from .conftest import REPOSITORY, TINY_FILE, TYPESET, Project

FOLDERS = ("config", "results", "figures", "paper", "benchmarks")
PAGES = [REPOSITORY / name for name in ("README.md", "REPLICATION.md", "CONTRIBUTING.md")]
PAGES += [REPOSITORY / folder / "README.md" for folder in FOLDERS]
PAGES += sorted((REPOSITORY / "docs").glob("*.md"))
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
CALLS = re.findall(r"^(?: {4})?(?:\.venv/bin/)?(snakemake .*)$", TEXT, re.MULTILINE)
# Calls of make, with their variables, except those whose value a page leaves open: CLAIM=…
CALLED = set(re.findall(r"(?:`|^ *)make ([a-z]\w*(?:-\w+)*(?: [A-Z]+=[^`\s….][^`\s…]*)*)", TEXT, re.MULTILINE))
WRITING = re.findall(r"^(sed .* > .*)$", TEXT, re.MULTILINE)
OF_WHAT_IS_THERE = [call for call in CALLS if "--forcerun" in call]
ELSEWHERE = [call for call in CALLS if "--report" in call or "--profile slurm" in call]  # test_report.py, tests/slurm
DRY = [call for call in CALLS if call not in OF_WHAT_IS_THERE + ELSEWHERE]


def arguments(call):
    """Of a command, without its comment."""
    return shlex.split(call, comments=True)[1:]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, with the files that the pages' commands write."""
    project = Project.of_the_work_tree(tmp_path_factory.mktemp("readme") / "project")
    for call in WRITING:
        subprocess.run(call, shell=True, cwd=project.root, check=True)
    return project


def test_the_pages_have_commands():
    assert len(DRY) >= 8 and len(OF_WHAT_IS_THERE) == 1 and len(ELSEWHERE) >= 2 and len(WRITING) == 1


def test_the_copy_with_another_seed_is_the_same_study_but_for_seed_and_name(project):
    first, second = (yaml.safe_load((project.root / f"config/{name}.yaml").read_text()) for name in ("quick", "seed-1"))
    assert second == first | {"seed": 1, "name": "seed-1"} and first["seed"] == 0


@pytest.mark.parametrize("call", DRY)
def test_a_command_that_runs_the_workflow_plans_the_file_that_it_names(project, call):
    jobs, _ = project.planned(*arguments(call))
    assert jobs["define_truth"] >= 1
    named = [part for part in arguments(call) if part.startswith(("results/", "paper/"))]
    makers = {"table1.tex": "render_table1", "libi.csv": "evaluate", "vae.csv": "evaluate", "0-1.safetensors": "train"}
    for file in named:
        assert jobs[makers[file.split("/")[-1]]] >= 1


def test_the_model_of_the_readme_is_opened_and_read():
    """The block of Python, with the published models in the place of the quick study's."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (path,) = re.findall(r'libi\.load\("([^"]+)"', block)
    found = {"x": torch.zeros(4, 7)}
    exec(block.replace(path, str(REPOSITORY / "paper/reference/models/gaussian/libi.safetensors")), found)
    assert found["mean"].shape == found["sd"].shape == (2, 7) and found["reconstruction"].shape == (4, 7)


def test_a_table_can_be_made_again_from_what_is_there(tiny_run, tmp_path):
    (call,) = OF_WHAT_IS_THERE
    given = [part.replace("paper/", "paper/tiny/") for part in arguments(call)]
    jobs, _ = tiny_run.copy(tmp_path / "project").planned("--configfile", TINY_FILE, *given)
    assert jobs == {"render_table1": 1}


def test_every_call_of_make_that_the_pages_show_can_be_planned(tmp_path):
    """With its variables; the environment is one that needs no setting up."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "ready").touch()
    for call in CALLED:
        command = ["make", "-n", f"VENV={tmp_path}", *call.split()]
        run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
        assert run.returncode == 0, f"make {call}: {run.stderr}"
    assert len(CALLED) > 10


def test_the_commands_that_write_schemas_and_the_table_of_keys_write_what_the_project_has(project):
    """Each is run as the page shows it, by a program of that name."""
    calls = re.findall(r"`(?:PYTHONPATH=src )?python (-m libi\.study[^`>]*)[`>]", TEXT)
    written = {}
    for call in calls:
        run = subprocess.run(
            [sys.executable, *shlex.split(call)],
            cwd=project.root,
            env={**os.environ, "PYTHONPATH": "src"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        written[(call.split()[2:] or ["schema"])[0]] = run.stdout
    assert written.keys() == {"schema", "variants", "keys"}
    assert json.loads(written["schema"])["title"] and json.loads(written["variants"])["title"]
    assert written["keys"].strip() in (REPOSITORY / "config/README.md").read_text(encoding="utf-8")


def test_every_file_that_the_pages_lead_to_is_there():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        links = [link.split("#") for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
        for file, *anchor in links:
            target = page.parent / file if file else page
            assert target.exists(), f"{page.name}: {file}"
            if anchor:
                heads = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor[0] in {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
        for program in re.findall(r"python (\w+/\w+\.py)", text):
            assert (REPOSITORY / program).exists(), f"{page.name}: {program}"


@pytest.mark.skipif(not TYPESET, reason="needs LaTeX")
@pytest.mark.parametrize("table", ["table1", "table1_exact"])
def test_the_wrapper_makes_table_1_fit_a_page(tmp_path, table):
    (wrapper,) = re.findall(r"```latex\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    packages, body = wrapper.split("\n", 1)
    shutil.copy(REPOSITORY / f"paper/reference/{table}.tex", tmp_path / "table1.tex")
    text = f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    (tmp_path / "page.tex").write_text(text)
    run = subprocess.run(["latexmk", "-pdf", "-interaction=nonstopmode", "page.tex"], cwd=tmp_path, capture_output=True)
    log = (tmp_path / "page.log").read_text(errors="replace")
    assert run.returncode == 0 and "Overfull" not in log and "Output written on page.pdf (1 page" in log
