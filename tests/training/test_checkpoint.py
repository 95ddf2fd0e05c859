"""A killed job goes on and ends with the same bytes."""

import pytest
import torch

from libi.training.checkpoint import Checkpoints, flatten

from .conftest import problem_of, stack_of

LIBI = {"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2, "rounds": 2}


class Killed(Exception):
    pass


def killed_after(chunks):
    """A callback that ends training after some chunks, as a kill would."""
    left = [chunks]

    def kill(stack):
        left[0] -= 1
        if not left[0]:
            raise Killed

    return kill


@pytest.mark.parametrize(("method", "values"), [("lagging", {"segments": 2}), ("libi", LIBI)])
def test_a_resumed_run_ends_with_the_same_bytes(tmp_path, method, values):
    problem, members = problem_of("gaussian"), [(0, values), (1, values)]
    undisturbed = stack_of(problem, method, members, 240)
    undisturbed.run()
    checkpoints = Checkpoints(tmp_path, "the same", seconds=0)
    resumed = 0
    for chunks in (1, 2, 3, 5, 100):
        stack = stack_of(problem, method, members, 240)
        checkpoints.resume(0, stack)
        resumed += stack.trained > 0
        kill = killed_after(chunks)
        try:
            stack.run(lambda stack, kill=kill: (checkpoints.save(0, stack), kill(stack)))
        except Killed:
            continue
    assert resumed == 4 and stack.finished
    for name, tensor in flatten(undisturbed.state).items():
        assert torch.equal(tensor, flatten(stack.state)[name]), name


def test_a_checkpoint_of_other_data_or_half_a_checkpoint_is_discarded(tmp_path, caplog):
    problem = problem_of("linear_jtex")
    stack = stack_of(problem, "vae", [(0, {})], 50)
    stack.run(lambda stack: Checkpoints(tmp_path, "one", seconds=0).save(0, stack))
    fresh = stack_of(problem, "vae", [(0, {})], 50)
    Checkpoints(tmp_path, "another").resume(0, fresh)
    assert fresh.trained == 0 and "other data" in caplog.text
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    Checkpoints(tmp_path, "one").resume(0, fresh)
    assert fresh.trained == 0 and "not a whole safetensors file" in caplog.text
