"""Compiling the functions that a stack runs, once for every number of models."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree


def has_compiler(device: torch.device) -> bool:
    """Whether torch.compile can build code for the device here; on a CPU it needs a C++ compiler."""
    if device.type != "cpu":
        return True
    from torch._inductor.cpp_builder import get_cpp_compiler  # noqa: PLC0415  (costs half a second to import)

    try:
        get_cpp_compiler()
    except Exception as error:  # its type differs between releases
        warnings.warn(
            f"no C++ compiler ({error}): training runs uncompiled, with the same results to rounding, but 10 to 40 "
            "times slower; install g++ or clang",
            stacklevel=2,
        )
        return False
    return True


class Compiled:
    """A function compiled whole, whose arrays may have any length along the models axis (the first)."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = torch.compile(function, fullgraph=True)
        self._traced = False

    def __call__(self, models: int, *arguments: Any) -> Any:
        """Call the function; `models` is the length of the models axis in the arguments."""
        if not self._traced:
            for tensor in _pytree.tree_leaves(arguments):
                if tensor.ndim and tensor.shape[0] == models:
                    torch._dynamo.maybe_mark_dynamic(tensor, 0)
            self._traced = True
        return self._function(*arguments)


class Plain:
    """The same call for a function that runs as it is."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, models: int, *arguments: Any) -> Any:
        """Call the function."""
        return self._function(*arguments)
