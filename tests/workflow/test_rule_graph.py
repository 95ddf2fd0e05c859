"""The rule graph in the README is the workflow's."""

import re
import subprocess
import sys

import pytest

from .conftest import REPOSITORY, Project

TARGETS = ("all", "paper/replication.pdf")  # `all` leaves the paper out where it cannot be typeset


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project.of_the_work_tree(tmp_path_factory.mktemp("graph") / "project")


@pytest.fixture(scope="module")
def drawing(project):
    """What Snakemake draws of the paper's study."""
    run = subprocess.run(**project.command("--rulegraph", "mermaid-js", *TARGETS), capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def workflows_edges(drawing):
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", drawing))
    edges = {(names[first], names[second]) for first, second in re.findall(r"(id\d+) --> (id\d+)", drawing)}
    assert ("render_table1", "all") in edges
    return {(first, second) for first, second in edges if second != "all"}


def readmes_edges(text):
    (block,) = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    return set(re.findall(r"^ +(\w+) --> (\w+)$", block, re.MULTILINE))


def closure(edges):
    """All pairs of rules of which the second needs the first, in however many steps."""
    reached = set(edges)
    while True:
        further = {(first, last) for first, middle in reached for other, last in edges if other == middle} - reached
        if not further:
            return reached
        reached |= further


def test_the_readme_shows_the_workflows_graph(drawing):
    shown, edges = readmes_edges((REPOSITORY / "README.md").read_text(encoding="utf-8")), workflows_edges(drawing)
    remedy = "README.md shows another graph than the workflow has; draw it anew: make rulegraph"
    assert shown <= edges and closure(shown) == closure(edges), remedy
    assert all(edge not in closure(shown - {edge}) for edge in shown), "an arrow that a longer way implies"


def test_drawing_it_anew_changes_nothing(project, drawing):
    script = [sys.executable, "workflow/rule_graph.py", "README.md"]
    run = subprocess.run(script, cwd=project.root, input=drawing, text=True, capture_output=True)
    assert run.returncode == 0, run.stderr
    assert (project.root / "README.md").read_bytes() == (REPOSITORY / "README.md").read_bytes()


def test_nothing_is_drawn_of_nothing(project):
    script, before = [sys.executable, "workflow/rule_graph.py", "README.md"], (project.root / "README.md").read_bytes()
    run = subprocess.run(script, cwd=project.root, input="", text=True, capture_output=True)
    assert run.returncode != 0 and "nothing is drawn" in run.stderr
    assert (project.root / "README.md").read_bytes() == before
