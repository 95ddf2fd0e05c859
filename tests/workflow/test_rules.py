"""What every rule declares, and what the paper's study comes to."""

import json
import subprocess
import sys
import time

import pytest

from .conftest import OF_A_STUDY, SMOKE, TINY, TYPESET, Project, environment, write_study

PAPER = "config/config.yaml"
VERBS = (
    *("define", "simulate", "split", "train", "select", "evaluate", "gather"),
    *("infer", "derive", "measure", "judge", "render", "draw", "write"),
)
TARGETS = ("all", "linear_jtex", "cubic_jtex", "gaussian", "mobius")

# Reads the rules as Snakemake reads them; with nodes, as for a cluster.
READ = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from snakemake.api import OutputSettings, ResourceSettings, SnakemakeApi
from snakemake.settings.types import ConfigSettings, Quietness

JOB = SimpleNamespace(study=sys.argv[3], dataset="linear_jtex", method="libi", replicates="0")  # wildcards

def asked(rule, attempt):
    given = {key: value.evaluate(JOB, attempt=attempt) for key, value in rule.resources.items() if key != "tmpdir"}
    return {key: str(value.value) for key, value in given.items()}

with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
    flow = api.workflow(
        resource_settings=ResourceSettings(cores=1, nodes=int(sys.argv[2]) or None),
        config_settings=ConfigSettings(configfiles=[Path(sys.argv[1])]),
        snakefile=Path("Snakefile"),
    )
    print(json.dumps([
        {
            "name": rule.name,
            "output": [str(path) for path in rule.output],
            "log": [str(path) for path in rule.log],
            "benchmark": str(rule.benchmark or ""),
            "resources": asked(rule, 1),
            "again": asked(rule, 2),
            "message": rule.message,
            "priority": rule.priority,
        }
        for rule in flow._workflow.rules
    ]))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project without results; only dry runs happen in it."""
    return Project.of_the_work_tree(tmp_path_factory.mktemp("rules") / "project")


def rules_of(project, study, folder="", nodes=0):
    """The rules of a study, whose results are in a folder, name to what they declare."""
    run = subprocess.run(
        [sys.executable, "-c", READ, study, str(nodes), folder],
        cwd=project.root,
        env=environment(),
        text=True,
        capture_output=True,
    )
    assert run.returncode == 0, run.stderr
    rules = json.loads(run.stdout.splitlines()[-1])
    return {rule.pop("name"): rule for rule in rules}


def test_every_rule_declares_what_its_jobs_need(project):
    rules = rules_of(project, PAPER)
    assert set(TARGETS) < set(rules)
    for name in set(rules) - set(TARGETS):
        rule = rules[name]
        assert name.split("_")[0] in VERBS, name
        assert len(rule["log"]) == 1 and rule["log"][0].endswith(".log"), name
        assert rule["benchmark"].endswith(".tsv"), name
        assert rule["message"], name
        assert int(rule["resources"]["mem_mb"]) >= 500 and int(rule["resources"]["runtime"]) > 0, name
        assert int(rule["resources"]["_cores"]) >= 1, name
        for need in ("mem_mb", "runtime"):
            assert int(rule["again"][need]) == 2 * int(rule["resources"][need]), name
    for name in TARGETS:
        assert not rules[name]["output"], name
    priorities = {name: rule["priority"] for name, rule in rules.items() if rule["priority"]}
    assert priorities["simulate"] > priorities["train_first"] > priorities["evaluate"] > priorities["train"] > 0


@pytest.mark.parametrize(("device", "asking"), [("auto", set()), ("cpu", set()), ("cuda", {"train", "train_first"})])
def test_only_cuda_asks_for_a_gpu(project, tmp_path, device, asking):
    """On a cluster, whose nodes may have what this machine has not."""
    study = write_study(tmp_path / "study.yaml", TINY | {"device": device})
    rules = rules_of(project, study, "/tiny", nodes=1)
    assert {name for name, rule in rules.items() if "gpu" in rule["resources"]} == asking
    assert {rules[name]["resources"]["gpu"] for name in asking} <= {"1"}


@pytest.mark.parametrize("study", [PAPER, SMOKE])
def test_snakemakes_lint_is_content(project, study):
    run = project.snakemake("--lint", "--configfile", study)
    assert run.returncode == 0, run.stdout


def test_a_dry_run_of_the_papers_study_lists_its_jobs(project):
    begin = time.monotonic()
    jobs, messages = project.planned()
    assert time.monotonic() - begin < 30
    assert jobs == TYPESET | {
        "define_truth": 4,
        "simulate": 4 * 5,
        "train": 4 * 5 * 5 + 2,  # joint MAP on two data sets
        "train_first": 4 * 5,
        "select": 4 * 6,
        "evaluate": 4 * 6,
        "gather_grid": 1,
        "gather_restarts": 1,
        "gather_gaps": 1,
        "derive": 1,
        "measure_shrinkage": 2,
        "define_reference": 4,
        "infer": 4 * 6,
        "render_table1": 1,
        "judge": 1,
        "draw": len(OF_A_STUDY),
        "render_gaps": 1,
        "render_verdicts": 1,
        "render_page": 1,
        "write_numbers": 1,
    }
    assert sum(message.startswith("Training") for message in messages) == 4 * 6 * 5 + 2
    assert len(set(messages)) == len(messages) == sum(jobs.values())


def test_replicates_can_share_training_jobs(project, tmp_path):
    study = write_study(tmp_path / "study.yaml", TINY | {"replicates": 3, "replicates_per_job": 2})
    jobs, messages = project.planned("--configfile", study)
    shared = {
        f"Training {method} on linear_jtex, replicate {name}"
        for method in ("vae", "libi", "truth")
        for name in ("0-1", "2")
    }
    alone = {"Training joint_map on linear_jtex, replicate 0"}
    assert {message for message in messages if message.startswith("Training")} == shared | alone
    assert jobs["select"] == 3


def test_a_data_set_is_a_target(project):
    """`make gaussian` and the others."""
    for name in TARGETS[1:]:
        run = project.snakemake("-n", name)
        assert run.returncode == 0, run.stdout
        assert f"Rendering Table 1 of {name}" in run.stdout
        assert all(f"on {other}" not in run.stdout for other in TARGETS[1:] if other != name)
        assert run.stdout.count("Training") == 6 * 5
