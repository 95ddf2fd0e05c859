"""What `make slurm-plan` says is what sbatch is asked for."""

import subprocess
import sys

import slurm_plan

from ..workflow.conftest import SMOKE, Project, environment


def rows(printed):
    """The table's lines, by the rules of their submissions."""
    cells = [line.split("  ") for line in printed.splitlines()]
    return {line[0]: [cell.strip() for cell in line[1:] if cell.strip()] for line in cells if len(line) > 5}


def test_the_plan_of_the_smoke_study_is_what_it_submits(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    command = [sys.executable, "workflow/slurm_plan.py", "--configfile", SMOKE]
    run = subprocess.run(command, cwd=project.root, env=environment(), text=True, capture_output=True, check=True)
    told = rows(run.stdout)
    # As in submit_lines.txt and test_submission.py, which know what sbatch gets.
    assert told["train"] == ["22", "22", "1", "cluster's default", "2000", "10"]
    assert told["train_first"][:2] == ["4", "4"]
    assert told["define_truth+simulate"] == ["2", "12", "none", "cluster's default", "1000", "30"]
    assert told["select"] == ["5", "24", "none", "cluster's default", "1500", "40 to 50"]
    assert "judge" not in told and "all" not in told


def test_time_adds_up_and_memory_does_not():
    jobs = [{"rule_name": "a", "resources": {"mem_mb": mb, "runtime": 5, "gpu": 1}} for mb in (100, 300)]
    assert slurm_plan.allocation(jobs) == ("a", 2, 1, "cluster's default", 300, 10)
