"""Programs: pure functions compiled once for a machine, for stacks of any size, and kept on disk for later jobs."""

from __future__ import annotations

import fcntl
import functools
import itertools
import logging
import math
import os
import platform
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.polynomial import Chebyshev, Polynomial
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from libi.provenance import fingerprint

log = logging.getLogger(__name__)

Function = Callable[..., Any]
# Of each argument: lengths (without that of the models), strides, type, device, and whether its first axis is models.
Signature = tuple[tuple[tuple[int, ...], tuple[int, ...], torch.dtype, str, bool], ...]
MOST_MODELS = 2**20

# Most of a turn, in so few digits that thousands of it are exact. Then sin(h)/h and cos(h) as polynomials in h² for
# |h| ≤ π/2, to 5e-8.
TURN = 201 / 32
SQUARES = (0.0, (math.pi / 2) ** 2)
SINE, COSINE = (
    Chebyshev.interpolate(function, 4, SQUARES).convert(kind=Polynomial).coef.tolist()
    for function in (lambda square: np.sinc(np.sqrt(square) / np.pi), lambda square: np.cos(np.sqrt(square)))
)
INDUCTOR = {
    "cpp.enable_floating_point_contract_flag": "fast",  # fused multiply-add
    "aot_inductor.enable_frame_pointer": False,  # for profilers; the compiler takes a second longer with it
}


class Plain:
    """A function that runs as it is, operation by operation."""

    def __init__(self, function: Function, name: str) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """Call the function once."""
        return self._function(*arguments)

    def iterate(self, carried: Any, fixed: Any, data: Iterable[Sequence[Tensor]]) -> Any:
        """Apply `carried = function(carried, fixed, *item)` for each item of the data."""
        for item in data:
            carried = self._function(carried, fixed, *item)
        return carried


class Compiled(Plain):
    """The same function as one library of machine code, built when it is first called and kept on disk.

    Of its arguments, the first that is itself an array holds the points, which all models share, as they share scalars.
    Every other array has the models on its first axis, which may have any length; other lengths are built in.

    Attributes:
        name: says what the function is, down to its source: functions of one name are the same.
    """

    def __init__(self, function: Function, name: str) -> None:
        super().__init__(function, name)
        self.name = name
        self._libraries: dict[Signature, Callable[[list[Tensor]], list[Tensor]]] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Call the function once; it must return one tensor."""
        (result,) = self._library(arguments)(tree_leaves(arguments))
        return result

    def iterate(self, carried: Any, fixed: Any, data: Iterable[Sequence[Tensor]]) -> Any:
        """Apply `carried = function(carried, fixed, *item)` for each item of the data, all of the same shapes."""
        items = iter(data)
        first = next(items)
        run = self._library((carried, fixed, *first))
        leaves, structure = tree_flatten(carried)
        constant = tree_leaves(fixed)
        for item in itertools.chain([first], items):
            leaves = run([*leaves, *constant, *item])
        return tree_unflatten(leaves, structure)

    def _library(self, arguments: tuple[Any, ...]) -> Callable[[list[Tensor]], list[Tensor]]:
        leaves, structure = tree_flatten(arguments)
        points = next(argument for argument in arguments if isinstance(argument, Tensor))
        signature = tuple(
            (leaf.shape[1:] if counted else leaf.shape, leaf.stride(), leaf.dtype, leaf.device.type, counted)
            for leaf in leaves
            for counted in [leaf.ndim > 0 and leaf is not points]
        )
        models = {len(leaf) for leaf, (*_, counted) in zip(leaves, signature, strict=True) if counted}
        if len(models) != 1:
            raise ValueError(f"{self.name}: arrays disagree about the number of models: {sorted(models)}")
        if signature not in self._libraries:
            path = library_path(self.name, signature)
            with exclusive(path):
                if not path.exists():
                    build(lambda *flat: tree_leaves(self._function(*tree_unflatten(flat, structure))), signature, path)
            # What torch._inductor.aoti_load_package does, without two seconds of imports.
            loader = torch._C._aoti.AOTIModelPackageLoader(str(path), "model", False, 1, -1)
            self._libraries[signature] = loader.run
        return self._libraries[signature]


def cache_folder() -> Path:
    """Where libraries are kept: $LIBI_CACHE, else libi in the user's cache folder."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LIBI_CACHE") or Path(user) / "libi")


def library_path(name: str, signature: Signature) -> Path:
    """Where a function's library is: by its name and arguments, how it is compiled, PyTorch and the processor."""
    processor = [platform.machine(), torch.backends.cpu.get_cpu_capability(), _processor_flags()]
    return cache_folder() / f"{name}-{fingerprint([__file__], [name, repr(signature), processor])[:16]}.pt2"


def _processor_flags() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), "")


def has_compiler(device: torch.device) -> bool:
    """Whether code can be compiled for the device here; for a CPU it takes a C++ compiler."""
    if device.type != "cpu" or any(map(shutil.which, filter(None, [os.environ.get("CXX"), "g++", "clang++", "c++"]))):
        return True
    log.warning("no C++ compiler: training runs uncompiled, 10 to 40 times slower; install g++ or clang")
    return False


class exclusive:
    """Holds a file's lock, so that of several jobs that want the same library one builds it and the others wait."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_suffix(".lock")

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._path, "w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self._file.close()


def build(function: Function, signature: Signature, path: Path) -> None:
    """Trace a function with the gradients in it, compile it ahead of time, and write the library.

    Args:
        function: takes and returns tensors.
        signature: what its arguments look like.
        path: where the library goes.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    began = time.monotonic()
    models = _unmistakable_length(signature)
    examples = [_example((models, *shape) if counted else shape, *rest) for shape, *rest, counted in signature]
    length = torch.export.Dim("models", min=1, max=MOST_MODELS)
    lengths = tuple({0: length} if counted else {} for *_, counted in signature)
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.pt2")
    with warnings.catch_warnings(action="ignore"):  # PyTorch's, about PyTorch
        traced = make_fx(function, DECOMPOSITIONS, "symbolic")(*examples)
        exported = torch.export.export(traced, tuple(examples), dynamic_shapes=lengths, strict=False)
        torch._inductor.aoti_compile_and_package(exported, package_path=str(temporary), inductor_configs=dict(INDUCTOR))
    os.replace(temporary, path)
    log.info("compiled %s in %.0f s", path.stem, time.monotonic() - began)


def sine(angle: Tensor) -> Tensor:
    """sin as a polynomial: exact to 1e-6, in a fraction of the time of the library's, which is exact to 1e-7."""
    sine_of_half, cosine_of_half = _of_half(angle)
    return 2 * sine_of_half * cosine_of_half


def cosine(angle: Tensor) -> Tensor:
    """cos, likewise."""
    sine_of_half, _ = _of_half(angle)
    return 1 - 2 * (sine_of_half * sine_of_half)


def _of_half(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Sine and cosine of half the angle, which whole turns have brought into [−π/2, π/2]."""
    turns = torch.round(angle * (0.5 / math.pi))
    half = 0.5 * ((angle - turns * TURN) - turns * (2 * math.pi - TURN))
    square = half * half
    return half * _polynomial(SINE, square), _polynomial(COSINE, square)


def _polynomial(coefficients: Sequence[float], x: Tensor) -> Tensor:
    *others, last = coefficients
    return functools.reduce(lambda value, coefficient: value * x + coefficient, reversed(others), last)


def product_of_one_row(row: Tensor, matrix: Tensor) -> Tensor:
    """Products [models, 1, in] · [models, in, out] as sums, which are fused with what stands before and after them."""
    return (row.mT * matrix).sum(1, keepdim=True) if row.shape[1] == 1 else NotImplemented


DECOMPOSITIONS = {
    torch.ops.aten.bmm.default: product_of_one_row,
    torch.ops.aten.sin.default: sine,
    torch.ops.aten.cos.default: cosine,
}


def _example(shape: tuple[int, ...], stride: tuple[int, ...], dtype: torch.dtype, device: str) -> Tensor:
    """Zeros laid out in memory as the argument is; an array repeated over models has stride 0."""
    extent = 1 + sum((length - 1) * step for length, step in zip(shape, stride, strict=True))
    return torch.zeros(extent, dtype=dtype, device=device).as_strided(shape, stride)


def _unmistakable_length(signature: Signature) -> int:
    """A number of models that no other axis has, so that tracing cannot take one for the other."""
    taken = {length for shape, *_ in signature for length in shape}
    return next(number for number in range(5, 10_000) if number not in taken)
