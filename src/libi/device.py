"""The one place that names devices."""

from __future__ import annotations

import torch

CACHED = 400_000  # float32 numbers that stay in a core's cache from one operation of a step to the next


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


def models_in_a_stack(device: torch.device, width: int) -> int:
    """How many models one stack should hold.

    On a CPU the arrays of a step should stay in the core's own cache, so wide networks train in smaller stacks
    (benchmarks/results/steps.csv has the measurements); a GPU wants all it can get.

    Args:
        device: where the stack trains.
        width: features of the widest layer.
    """
    return 4096 if device.type == "cuda" else max(8, 1600 // width)


def models_in_a_call(device: torch.device, held: int) -> int:
    """How many models of a stack one call of a step should train, where its objective holds arrays of its own.

    Args:
        device: where the stack trains.
        held: numbers of float32 in those arrays, for one model; for none the whole stack trains in one call.
    """
    return 4096 if device.type == "cuda" or not held else max(4, CACHED // held)
