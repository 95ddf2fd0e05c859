"""What only a GPU can show: that training there is what it is on a CPU. Without a GPU these tests are skipped."""

from dataclasses import replace

import pandas as pd
import pytest
import torch
import yaml

from libi.paper.vocabulary import PAPERS_DATASETS
from libi.runtime.seeding import name_of
from libi.training.captured import Captured
from libi.training.noise import CHUNK, chunk_counters, chunk_keys, normal_draws, threefry
from tests.training.conftest import problem_of, stack_of
from tests.training.test_noise import KNOWN, words
from tests.workflow.conftest import REPOSITORY, Project, write_study

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no GPU here")

GPU = torch.device("cuda")
NOT_RECORDED = "cannot be recorded as a CUDA graph"
WORKSPACE = 64 * 2**20  # what the library of matrix products takes once in a process
LIBI = {"epsilon_hz": 1.0, "epsilon_covariance": 0.2, "epsilon_mean": 0.2, "rounds": 2}
CASES = [(name, method, LIBI if method == "libi" else {}) for method in ("vae", "libi") for name in PAPERS_DATASETS]
TAME = [case for case in CASES if case[0] in ("linear_jtex", "gaussian")]  # rounding errors grow slowly there


def on(device, problem):
    """The same problem on a device."""
    moved = {part: getattr(problem, part).to(device) for part in ("truth", "train", "validation")}
    return replace(problem, **moved)


def parameters_after(steps, device, name, method, values, models=4, **changes):
    """What a stack has become after so many of its steps: group to [models, parameters], on the CPU."""
    members = [(restart, values) for restart in range(models)]
    stack = stack_of(
        on(device, problem_of(name)), method, members, 4000, batch_size=60, validate_every=steps, **changes
    )
    while stack.trained < steps:
        stack._run_chunk(stack._phases[0])
    return {group: flat.cpu() for group, flat in stack.state.parameters.items()}


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_threefry_gives_its_published_answers(counter, key, expected):
    key, counter = ([word.to(GPU) for word in words(pair)] for pair in (key, counter))
    assert tuple(word.item() & 0xFFFFFFFF for word in threefry(tuple(key), tuple(counter))) == expected


def test_the_words_behind_the_noise_are_equal_to_the_bit():
    keys, counters = (
        chunk_keys([name_of(0, "model", number) for number in range(50)], 1, 2),
        chunk_counters(5, 100)[0, :, 0],
    )
    schedule = keys[:, 0, None], keys[:, 1, None]
    here = threefry(schedule, (counters, torch.zeros_like(counters)))
    there = threefry(
        tuple(word.to(GPU) for word in schedule), (counters.to(GPU), torch.zeros_like(counters, device=GPU))
    )
    for word, same in zip(here, there, strict=True):
        assert torch.equal(word, same.cpu())


def test_noise_is_that_of_a_cpu_in_any_stack():
    """Two processors round a logarithm and a cosine differently, in the last place."""
    keys = chunk_keys([name_of(0, "model", number) for number in range(50)], 1, 2)
    for counters in chunk_counters(3, 20)[: CHUNK // 5]:
        there = normal_draws(counters.to(GPU), keys.to(GPU))
        torch.testing.assert_close(there.cpu(), normal_draws(counters, keys), rtol=2e-6, atol=1e-6)
        assert torch.equal(normal_draws(counters.to(GPU), keys[7:8].to(GPU))[0], there[7])


def largest_difference(steps, *case):
    """Of a parameter, between a stack on the GPU and the same on a CPU, after so many steps."""
    here, there = (parameters_after(steps, torch.device(name), *case) for name in ("cpu", "cuda"))
    return max(float((there[group] - flat).abs().max()) for group, flat in here.items())


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case[:2]))
def test_the_first_steps_are_those_of_a_cpu(case):
    assert largest_difference(5, *case) < 1e-4


@pytest.mark.parametrize("case", TAME, ids=lambda case: "-".join(case[:2]))
def test_two_hundred_steps_are_those_of_a_cpu(case):
    assert largest_difference(200, *case) < 1e-4


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case[:2]))
def test_recorded_steps_are_to_the_bit_those_that_are_started_one_by_one(case, caplog):
    recorded, one_by_one = (parameters_after(30, GPU, *case, compiled=compiled) for compiled in (True, False))
    assert NOT_RECORDED not in caplog.text
    for group, flat in one_by_one.items():
        assert torch.equal(recorded[group], flat)


def test_what_waits_for_the_gpu_cannot_be_recorded_and_runs_as_it_is(caplog):
    waits = Captured(lambda x: x * float(x.sum()), "a function that waits")
    for number in (3, 4, 4):
        assert waits(torch.full((number,), 2.0, device=GPU)).tolist() == [4.0 * number] * number
    assert f"a function that waits {NOT_RECORDED}" in caplog.text


def test_a_recording_that_fails_leaves_the_others_as_they_are(caplog):
    """What was recorded before still runs, what comes after is recorded, and the current stream is the same."""
    stream = torch.cuda.current_stream()
    before, after = Captured(lambda x: 2 * x, "a function"), Captured(lambda x: x + 1, "another function")
    three, two = torch.full((3,), 3.0, device=GPU), torch.full((2,), 2.0, device=GPU)
    assert before(three).tolist() == [6.0] * 3 and before.recorded == 1
    Captured(lambda x: x * float(x.sum()), "a function that waits")(three)
    assert torch.cuda.current_stream() == stream
    assert before(two).tolist() == [4.0] * 2 and before(three).tolist() == [6.0] * 3 and before.recorded == 2
    assert after(two).tolist() == [3.0] * 2 and after.recorded == 1
    assert caplog.text.count(NOT_RECORDED) == 1


@pytest.mark.parametrize("compiled", [True, False], ids=["recorded", "one by one"])
@pytest.mark.parametrize(("name", "method", "values"), CASES)
def test_the_estimate_of_memory_covers_what_is_taken(name, method, values, compiled, caplog):
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    members = [(restart, values) for restart in range(500)]
    problem = on(GPU, problem_of(name, points=500))
    stack = stack_of(problem, method, members, 1000, batch_size=100, compiled=compiled)
    stack._run_chunk(stack._phases[0])
    taken = torch.cuda.max_memory_allocated() - before
    assert NOT_RECORDED not in caplog.text
    print(f"{name} {method}: estimated {stack.memory / 2**20:.0f} MiB, taken {taken / 2**20:.0f} MiB")
    assert taken <= stack.memory + WORKSPACE
    assert stack.memory <= 4 * taken


def test_a_study_runs_on_the_gpu(tmp_path):
    project = Project.of_the_work_tree(tmp_path / "project")
    study = yaml.safe_load((REPOSITORY / "config" / "smoke.yaml").read_text()) | {"device": "auto", "compile": True}
    write_study(project.root / "config" / "smoke.yaml", study)
    run = project.snakemake("--cores", "8", "--configfile", "config/smoke.yaml")
    assert run.returncode == 0, run.stdout[-5000:]
    for file in ("results/smoke/claims.csv", "results/smoke/index.html", "figures/smoke/figure6.pdf"):
        assert (project.root / file).stat().st_size > 1000
    records = pd.concat(pd.read_csv(path) for path in (project.root / "results" / "smoke").rglob("vae/*.csv"))
    assert set(records["device"]) == {"cuda"}
    logs = [path.read_text() for path in (project.root / "logs" / "smoke" / "train").rglob("*.log")]
    assert logs and not any(NOT_RECORDED in log for log in logs)
    assert pd.read_csv(project.root / "results" / "smoke" / "table1.csv")["mean"].notna().all()
