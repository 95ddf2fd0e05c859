"""Devices are named in one place, which spreads jobs over the GPUs of a machine."""

import ast
import multiprocessing
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from libi.runtime import device
from libi.runtime.device import bytes_of_a_call, choose_device, kind_of, models_in_a_call, take_gpu

SOURCE = Path(__file__).parents[2] / "src" / "libi"
SCRIPTS = Path(__file__).parents[2] / "scripts"
# The study's `device` is a setting before it is a device: what may be asked for, and whether it can be had at all.
# And a CUDA graph is one of CUDA's.
MAY_NAME = {SOURCE / "runtime" / "device.py", SOURCE / "study" / "settings.py", SOURCE / "study" / "variants.py"}
MAY_NAME |= {SOURCE / "training" / "captured.py"}
NAMES = ("cpu", "cuda", "mps", "xpu")


def named_devices(path):
    """Devices that a file names: in a text that is one, or as a part of PyTorch."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(":")[0] in NAMES:
            yield node.value
        parts = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch"
        if parts and node.attr in NAMES:
            yield f"torch.{node.attr}"


@pytest.mark.parametrize("path", sorted({*SOURCE.rglob("*.py"), *SCRIPTS.glob("*.py")} - MAY_NAME), ids=str)
def test_no_other_file_names_a_device(path):
    assert list(named_devices(path)) == []


def test_the_one_place_names_devices():
    assert {"cpu", "cuda", "torch.cuda"} <= set(named_devices(SOURCE / "runtime" / "device.py"))


def take(folder, results, end):
    results.put(take_gpu(["first", "second"], folder))
    end.wait()


def test_jobs_are_spread_over_the_gpus_and_give_them_back(tmp_path):
    context = multiprocessing.get_context("spawn")
    results, end = context.Queue(), context.Event()
    jobs = [context.Process(target=take, args=(tmp_path, results, end), daemon=True) for _ in range(5)]
    for job in jobs:
        job.start()
    assert sorted(results.get(timeout=60) for _ in jobs) == [0, 0, 0, 1, 1]
    end.set()
    for job in jobs:
        job.join()
    assert take_gpu(["first", "second"], tmp_path) == 0


def test_where_no_place_can_be_locked_it_is_the_first_gpu(tmp_path, caplog):
    (tmp_path / "file").touch()
    assert take_gpu(["first", "second"], tmp_path / "file/gpus") == 0
    assert "cannot hold locks, so all jobs take the first GPU" in caplog.text


def test_a_cpu_is_taken_where_there_is_no_gpu_or_none_is_wanted(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with pytest.raises(RuntimeError, match="device: cuda was asked for, but PyTorch finds no GPU here"):
        choose_device("cuda")


def test_a_call_on_a_gpu_takes_half_of_its_memory(monkeypatch):
    has = SimpleNamespace(total_memory=2**30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: has)
    models = models_in_a_call(torch.device("cuda"), 10_000)
    assert bytes_of_a_call(10_000, models) <= 2**29 < bytes_of_a_call(10_000, models + 1)
    assert models_in_a_call(torch.device("cuda"), 10**9) == 1


def test_a_gpu_that_was_given_is_the_one_that_is_taken(monkeypatch, tmp_path):
    """Two GPUs that PyTorch tells of; a job has taken the first."""
    taken = []
    monkeypatch.setenv("LIBI_CACHE", str(tmp_path))
    told = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "get_device_properties": lambda number: SimpleNamespace(uuid=f"GPU-{number}"),
        "get_device_name": lambda number: "a GPU",
        "set_device": taken.append,
    }
    for name, answer in told.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    assert [choose_device("auto").type for _ in range(3)] == ["cuda"] * 3
    assert choose_device("cpu").type == "cpu"
    assert taken == [0, 1, 0]


def test_code_for_another_processor_is_other_code(monkeypatch):
    here = kind_of(torch.device("cpu"))
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "another")
    assert kind_of(torch.device("cpu")) != here


def test_a_call_on_a_core_works_in_its_cache():
    """A million numbers a model are more than any core's own cache: then a call trains the fewest models."""
    cpu = torch.device("cpu")
    assert models_in_a_call(cpu, 1_000_000) == 4
    assert 4 * 1000 * models_in_a_call(cpu, 1000) < 8 * 2**20


@pytest.mark.parametrize("line", ["flags\t\t: fpu avx512f", "Features\t: fp asimd sve"])
def test_compiled_code_is_for_the_instructions_of_the_processor(tmp_path, monkeypatch, line):
    """As Linux lists them on x86 and on ARM: else a home on two machines would have one library for both."""
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{line}\n\n")
    monkeypatch.setattr(device, "CPUINFO", tmp_path / "cpuinfo")
    assert kind_of(torch.device("cpu"))[-1] == line
