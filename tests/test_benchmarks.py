"""The benches time what the package trains: in each way a task ends at the same parameters. And what they tell."""

import pandas as pd
import pytest
import torch

from benchmarks import libi_failures, proposals, selection
from benchmarks.in_engine import InEngine
from benchmarks.tasks import TASKS
from libi.training.compilation import Program


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.dataset.name}-{task.objective}-{task.batch}")
def test_a_task_by_the_kernels_is_the_task_in_pytorch(task):
    by_kernels, in_pytorch = (InEngine(task, 3, way=way, units=1).run() for way in (None, Program))
    torch.testing.assert_close(by_kernels.loss, in_pytorch.loss, rtol=1e-4, atol=1e-4)
    for group, flat in in_pytorch.parameters.items():
        torch.testing.assert_close(by_kernels.parameters[group], flat, rtol=0, atol=1e-4)


def test_choices_are_compared_where_they_differ():
    """Two methods with several configurations; the estimate chooses another one for the second, and a worse one."""
    rows = [
        ("gaussian", "beta_vae", "exact", "beta=2", 7.7, 0.05),
        ("gaussian", "beta_vae", "importance", "beta=2", 7.7, 0.05),
        ("gaussian", "libi", "exact", "rounds=6", 7.85, 0.05),
        ("gaussian", "libi", "importance", "rounds=1", 7.5, 0.25),
    ]
    table = pd.DataFrame(rows, columns=["dataset", "method", "by", "configuration", "test_ll_exact", "sd"])
    assert selection.to_words(table).startswith("In 1 of 2 combinations")
    shown = selection.to_markdown(table).splitlines()[2:]
    assert shown == ["| Gaussian | LiBI | `rounds=6` | 7.850 ± 0.050 | `rounds=1` | 7.500 ± 0.250 |"]
    assert r"Gaussian & LiBI & $R$ 6 & $7.85 \pm 0.05$ & $R$ 1 & $7.50 \pm 0.25$ \\" in selection.to_latex(table)


def test_errors_of_a_proposal_are_those_of_its_worst_model():
    rows = [("gaussian", "a", 0.01, 0.5, 1.0), ("gaussian", "a", -0.03, 0.2, 3.0), ("mobius", "a", 0.0, 0.1, 2.0)]
    table = pd.DataFrame(rows, columns=["dataset", "proposal", "mean_error", "largest_error", "seconds"])
    assert proposals.to_markdown(table).splitlines()[2:] == [
        "| Gaussian | a | 0.0300 | 0.50 | 2.0 |",
        "| Mobius | a | 0.0000 | 0.10 | 2.0 |",
    ]
    assert r"Gaussian & a & 0.0300 & 0.50 & 2.0 \\" in proposals.to_latex(table)


def test_restarts_fail_that_end_far_above_the_best_of_any_variant():
    """Of two variants with two restarts each; 20 nats above 1.0 is the border. Only failures are far out."""
    rows = [
        ("as studied", 1.0, 0.9, 5.0),
        ("as studied", 30.0, 0.5, 6.0),
        ("other", 22.0, 0.7, 1.0),
        ("other", 20.5, 0.1, 2.0),
    ]
    table = pd.DataFrame(rows, columns=["variant", "objective", "share_of_worst", "validation_objective"])
    found = libi_failures.summarise(table.assign(rounds=1, replicate=0, exact=-4.0)).set_index("variant")
    assert found["failed"].tolist() == [0.5, 0.5] and found["far_out"].tolist() == [0.5, 0.7]
    assert found["chosen_failed"].tolist() == [0.0, 1.0]  # by the least validation objective
