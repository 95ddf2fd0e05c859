"""The one place that names devices."""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import platform
from pathlib import Path

import torch

from libi.runtime.cache import cache_folder

log = logging.getLogger(__name__)

HOST = torch.device("cpu")
CPUINFO = Path("/proc/cpuinfo")
FEATURES = "flags", "Features"  # as /proc/cpuinfo calls them on x86 and on ARM

CACHED = 600_000  # float32 numbers that stay in a core's cache from one operation of a step to the next
COPIES = 6  # of what a step holds of its models, at its widest: values, gradients, and what is on the way


def on_host(tensor: torch.Tensor) -> bool:
    """Whether a tensor is where C++ code can read it."""
    return tensor.device.type == HOST.type


def choose_device(requested: str) -> torch.device:
    """Turn the study's `device` into a device of this machine; jobs spread over its GPUs.

    Args:
        requested: "auto" (a GPU if there is one), "cpu" or "cuda".

    Raises:
        RuntimeError: if "cuda" is asked for and this machine has no usable GPU.
    """
    available = torch.cuda.is_available()
    if requested == "cuda" and not available:
        raise RuntimeError("device: cuda was asked for, but PyTorch finds no GPU here; use device: auto or cpu")
    if not available or requested == "cpu":
        return HOST
    number = take_gpu([str(torch.cuda.get_device_properties(i).uuid) for i in range(torch.cuda.device_count())])
    torch.cuda.set_device(number)  # the one that is meant wherever no number is given
    log.info("GPU %d of %d: %s", number, torch.cuda.device_count(), torch.cuda.get_device_name(number))
    return torch.device("cuda")


def take_gpu(names: list[str], folder: Path | None = None) -> int:
    """Take the first free place on several GPUs until this process ends: one on each, then a second on each, ...

    A place is a locked file, and the kernel unlocks it however the process ends. Without locks (on some network
    drives, or where the cache cannot be written) it is always the first GPU.

    Args:
        names: of the GPUs, the same in all processes whichever of them they see.
        folder: where the files are, if not in libi's cache.
    """
    try:
        folder = folder or cache_folder() / "gpus"
        folder.mkdir(parents=True, exist_ok=True)
        for place in itertools.count():
            for number, name in enumerate(names):
                file = os.open(folder / f"{platform.node()}-{name}-{place}.lock", os.O_RDWR | os.O_CREAT, 0o666)
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return number
                except BlockingIOError:
                    os.close(file)
    except (OSError, RuntimeError) as error:  # without a home, say
        log.warning("%s cannot hold locks, so all jobs take the first GPU: %s", folder or "the cache", error)
    return 0


def models_in_a_call(device: torch.device, numbers: int) -> int:
    """How many models of a stack one call of a step should train.

    On a CPU what a call works on should stay in the core's own cache (benchmarks/results/steps.csv has the
    measurements), so a large stack trains in parts; a GPU wants all that half of its memory holds.

    Args:
        device: where the stack trains.
        numbers: of float32, that a step holds of one model.
    """
    if device.type == HOST.type:
        return max(4, CACHED // numbers)
    return max(1, torch.cuda.get_device_properties(device).total_memory // 2 // bytes_of_a_call(numbers, 1))


def bytes_of_a_call(numbers: int, models: int) -> int:
    """What a call of a step takes of a device's memory, about.

    Args:
        numbers: of float32, that a step holds of one model.
        models: that the call trains.
    """
    return 4 * COPIES * numbers * models


def kind_of(device: torch.device) -> list[str]:
    """What machine code for the device depends on."""
    if device.type == HOST.type:
        return [platform.machine(), torch.backends.cpu.get_cpu_capability(), _processor_flags()]
    return [torch.cuda.get_device_name(device), str(torch.cuda.get_device_capability(device)), str(torch.version.cuda)]


def _processor_flags() -> str:
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(FEATURES)), "")
