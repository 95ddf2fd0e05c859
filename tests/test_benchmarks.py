"""The benches time what the package trains: in each way a task ends at the same parameters."""

import pytest
import torch

from benchmarks.in_engine import InEngine
from benchmarks.tasks import TASKS
from libi.training.compilation import Program


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.dataset.name}-{task.objective}-{task.batch}")
def test_a_task_by_the_kernels_is_the_task_in_pytorch(task):
    by_kernels, in_pytorch = (InEngine(task, 3, way=way, units=1).run() for way in (None, Program))
    torch.testing.assert_close(by_kernels.loss, in_pytorch.loss, rtol=1e-4, atol=1e-4)
    for group, flat in in_pytorch.parameters.items():
        torch.testing.assert_close(by_kernels.parameters[group], flat, rtol=0, atol=1e-4)
