"""The one place that names devices."""

from __future__ import annotations

import torch

CACHED = 600_000  # float32 numbers that stay in a core's cache from one operation of a step to the next


def choose_device(requested: str) -> torch.device:
    """Turn the study's `device` into a device of this machine.

    Args:
        requested: "auto" (a GPU if there is one), "cpu" or "cuda".

    Raises:
        RuntimeError: if "cuda" is asked for and this machine has no usable GPU.
    """
    available = torch.cuda.is_available()
    if requested == "cuda" and not available:
        raise RuntimeError("device: cuda was asked for, but PyTorch finds no GPU here; use device: auto or cpu")
    return torch.device("cuda" if available and requested != "cpu" else "cpu")


def models_in_a_call(device: torch.device, held: int) -> int:
    """How many models of a stack one call of a step should train.

    On a CPU what a call works on should stay in the core's own cache (benchmarks/results/steps.csv has the
    measurements), so a large stack trains in parts; a GPU wants all it can get.

    Args:
        device: where the stack trains.
        held: numbers, of float32, that a step holds of one model.
    """
    return 4096 if device.type == "cuda" else max(4, CACHED // held)
