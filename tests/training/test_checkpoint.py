"""A killed job goes on and ends with the same bytes."""

import contextlib

import pytest
import torch

from libi.runtime.storage import save_tensors
from libi.training.checkpoint import Checkpoints, TakenOver, flatten, seconds_between

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


@pytest.mark.parametrize("compiled", [False, True], ids=["pytorch", "kernels"])
@pytest.mark.parametrize(("method", "values"), [("lagging", {"segments": 2}), ("libi", LIBI)])
def test_a_resumed_run_ends_with_the_same_bytes(tmp_path, method, values, compiled):
    problem, members = problem_of("gaussian"), [(0, values), (1, values)]
    undisturbed = stack_of(problem, method, members, 240, compiled=compiled)
    undisturbed.run()
    checkpoints = Checkpoints(tmp_path, "the same", seconds=0)
    resumed = 0
    for chunks in (1, 2, 3, 5, 100):
        stack = stack_of(problem, method, members, 240, compiled=compiled)
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


def test_a_job_that_goes_on_in_another_way_says_both(tmp_path):
    """Where the compiler has gone meanwhile, say."""
    said = []
    for compiled, chunks in ((True, 2), (False, 100)):
        stack = stack_of(problem_of("gaussian"), "vae", [(0, {})], 200, compiled=compiled)
        checkpoints, kill = Checkpoints(tmp_path, "the same", seconds=0), killed_after(chunks)
        checkpoints.resume(0, stack)
        with contextlib.suppress(Killed):
            stack.run(lambda stack, checkpoints=checkpoints, kill=kill: (checkpoints.save(0, stack), kill(stack)))
        said.append(stack.computed_by)
    assert said == ["C++ kernels", "C++ kernels, PyTorch"] and stack.finished


def trained_for(folder, epochs, chunks):
    """A job killed after some chunks of 25 epochs, with a checkpoint after each."""
    stack, checkpoints = stack_of(problem_of("linear_jtex"), "vae", [(0, {})], epochs), Checkpoints(folder, "one", 0)
    kill = killed_after(chunks)
    with contextlib.suppress(Killed):
        stack.run(lambda stack: (checkpoints.save(0, stack), kill(stack)))


def resumed_from(folder, fingerprint="one"):
    """How many epochs a job that starts now finds done."""
    stack = stack_of(problem_of("linear_jtex"), "vae", [(0, {})], 200)
    Checkpoints(folder, fingerprint).resume(0, stack)
    return stack.trained


def test_a_checkpoint_of_other_data_parameters_or_code_is_discarded(tmp_path, caplog):
    trained_for(tmp_path, 200, 3)
    assert resumed_from(tmp_path) == 75
    assert resumed_from(tmp_path, "another") == 0 and "other data, parameters or code" in caplog.text


def test_a_checkpoint_of_another_stack_of_the_job_is_discarded(tmp_path, caplog):
    """Two stacks of a job have the same data, parameters and code, and tensors of the same shapes."""
    trained_for(tmp_path, 200, 3)
    (tmp_path / "stack_0.safetensors").rename(tmp_path / "stack_1.safetensors")
    (tmp_path / "stack_0.before.safetensors").unlink()
    stack = stack_of(problem_of("linear_jtex"), "vae", [(0, {})], 200)
    Checkpoints(tmp_path, "one").resume(1, stack)
    assert stack.trained == 0 and "a checkpoint of another stack" in caplog.text


def test_a_file_that_says_nothing_of_its_job_is_discarded(tmp_path, caplog):
    save_tensors(tmp_path / "stack_0.safetensors", {"curve": torch.zeros(1)})
    assert resumed_from(tmp_path) == 0 and "other data, parameters or code" in caplog.text


def cut(content):
    return content[:-100]


def empty(content):
    return b""


def flip_a_bit(content):
    """Of the last number."""
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("damage", "said"),
    [(cut, "not a whole safetensors file"), (empty, "not a whole safetensors file"), (flip_a_bit, "checksum")],
)
def test_the_checkpoint_before_takes_the_place_of_a_damaged_one(tmp_path, caplog, damage, said):
    trained_for(tmp_path, 200, 3)
    last = tmp_path / "stack_0.safetensors"
    last.write_bytes(damage(last.read_bytes()))
    assert resumed_from(tmp_path) == 50
    assert said in caplog.text and str(last) in caplog.text
    last.unlink()
    before = tmp_path / "stack_0.before.safetensors"
    before.write_bytes(damage(before.read_bytes()))
    assert resumed_from(tmp_path) == 0 and str(before) in caplog.text


def test_a_job_that_another_process_has_taken_over_ends(tmp_path):
    stack, checkpoints = stack_of(problem_of("linear_jtex"), "vae", [(0, {})], 200), Checkpoints(tmp_path, "one", 0)
    checkpoints.save(0, stack)
    successor = Checkpoints(tmp_path, "one", 0)
    with pytest.raises(TakenOver, match=str(tmp_path)):
        checkpoints.save(0, stack)
    successor.save(0, stack)
    checkpoints.clear()
    assert any(tmp_path.iterdir())  # the successor's
    successor.clear()
    assert not tmp_path.exists()


def test_seconds_that_are_none_are_named(monkeypatch):
    monkeypatch.setenv("LIBI_CHECKPOINT_SECONDS", "abc")
    with pytest.raises(ValueError, match="LIBI_CHECKPOINT_SECONDS is 'abc'; it must be a number of seconds"):
        seconds_between()
