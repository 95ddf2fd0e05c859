"""Programs: pure functions compiled once for a machine, for stacks of any size, and kept on disk for later jobs."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import NotImplementedType
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import torch
from jaxtyping import Float
from numpy.polynomial import Chebyshev, Polynomial
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from libi.native.compilers import compiler_of_pytorch
from libi.runtime.cache import cache_folder, exclusive, is_whole, move_in, scratch_beside
from libi.runtime.device import kind_of
from libi.runtime.provenance import fingerprint

if TYPE_CHECKING:
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx import GraphModule

log = logging.getLogger(__name__)

Function = Callable[..., Any]
Library = Callable[[list[Tensor]], list[Tensor]]
# Of each argument: lengths (without that of the models), strides, type, device, and whether its first axis is models.
Signature = tuple[tuple[tuple[int, ...], tuple[int, ...], torch.dtype, str, bool], ...]
# Most of a turn, in so few digits that thousands of it are exact. Then sin(h)/h and cos(h) as polynomials in h² for
# |h| ≤ π/2, to 5e-8.
TURN = 201 / 32
SQUARES = (0.0, (math.pi / 2) ** 2)
SINE, COSINE = (
    Chebyshev.interpolate(function, 4, SQUARES).convert(kind=Polynomial).coef.tolist()
    for function in (lambda square: np.sinc(np.sqrt(square) / np.pi), lambda square: np.cos(np.sqrt(square)))
)
AS_IT_IS, COMPILED = "PyTorch", "compiled PyTorch"
INDUCTOR = {
    "cpp.enable_floating_point_contract_flag": "fast",  # fused multiply-add
    "aot_inductor.enable_frame_pointer": False,  # for profilers; the compiler takes a second longer with it
    "aot_inductor.package": True,
    "aot_inductor.enable_line_tables": False,  # for debuggers
    "cpp_wrapper": True,
}


class Program:
    """A function that runs as it is, operation by operation."""

    def __init__(self, function: Function, name: str) -> None:
        self._function = function

    @property
    def way(self) -> str:
        """How its calls have run."""
        return AS_IT_IS

    def __call__(self, *arguments: Any) -> Any:
        """Call the function once."""
        return self._function(*arguments)

    def iterate(self, carried: Any, fixed: Any, data: Iterable[Sequence[Tensor]]) -> Any:
        """Apply `carried = function(carried, fixed, *item)` for each item of the data."""
        for item in data:
            carried = self._function(carried, fixed, *item)
        return carried


class Compiled(Program):
    """The same function as one library of machine code, built when it is first called and kept on disk.

    Of its arguments, the first that is itself an array holds the points. All models share them, as they share scalars,
    if its first axis has length 1. Every other array has the models on its first axis, which may have any length; other
    lengths are built in.

    Attributes:
        name: says what the function is, down to its source: functions of one name are the same.
    """

    def __init__(self, function: Function, name: str) -> None:
        super().__init__(function, name)
        self.name = name
        self._libraries: dict[Signature, Library | None] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Call the function once; it must return one tensor."""
        run = self._library(arguments)
        if run is None:
            return super().__call__(*arguments)
        (result,) = run(tree_leaves(arguments))
        return result

    def iterate(self, carried: Any, fixed: Any, data: Iterable[Sequence[Tensor]]) -> Any:
        """Apply `carried = function(carried, fixed, *item)` for each item of the data, all of the same shapes."""
        items = iter(data)
        first = next(items)
        everything = itertools.chain([first], items)
        run = self._library((carried, fixed, *first))
        if run is None:
            return super().iterate(carried, fixed, everything)
        leaves, structure = tree_flatten(carried)
        constant = tree_leaves(fixed)
        for item in everything:
            leaves = run([*leaves, *constant, *item])
        return tree_unflatten(leaves, structure)

    @property
    def way(self) -> str:
        """How its calls have run: compiled, if none fell back to the function as it is."""
        return COMPILED if all(self._libraries.values()) else AS_IT_IS

    def _library(self, arguments: tuple[Any, ...]) -> Library | None:
        """The function for arrays of these shapes; None where it cannot be compiled."""
        leaves, structure = tree_flatten(arguments)
        points = next(argument for argument in arguments if isinstance(argument, Tensor))
        signature = tuple(
            (leaf.shape[1:] if counted else leaf.shape, leaf.stride(), leaf.dtype, leaf.device.type, counted)
            for leaf in leaves
            for counted in [leaf.ndim > 0 and not (leaf is points and len(points) == 1)]
        )
        models = {len(leaf) for leaf, (*_, counted) in zip(leaves, signature, strict=True) if counted}
        if len(models) != 1:
            raise ValueError(f"{self.name}: arrays disagree about the number of models: {sorted(models)}")
        if signature not in self._libraries:
            self._libraries[signature] = self._open(
                lambda *flat: tree_leaves(self._function(*tree_unflatten(flat, structure))), signature
            )
        return self._libraries[signature]

    def _open(self, function: Function, signature: Signature) -> Library | None:
        """The library, built if it is not there or damaged; None, after a warning, where that fails."""
        try:
            path = library_path(self.name, signature)
            return load_if_whole(path) or make(function, signature, path)
        except Exception as error:  # PyTorch's compiler fails in many ways
            words = (
                "%s cannot be compiled, so it runs operation by operation, many times slower; try g++, by CXX=g++: %s"
            )
            log.warning(words, self.name, _first_line(error))
            return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def load_if_whole(path: Path) -> Library | None:
    """Load a library of the cache; None if it is not there, or, after a warning, if it is damaged."""
    if not path.exists():
        return None
    try:
        if not is_whole(path):
            raise OSError("it has no checksum beside it, or another one")
        return load_package(path)
    except (OSError, RuntimeError) as error:
        log.warning("%s is damaged, and built again: %s", path, _first_line(error))
        return None


def make(function: Function, signature: Signature, path: Path) -> Library:
    """Build a library in the cache and load it; for this job alone if the cache cannot be used.

    Raises:
        RuntimeError: if it cannot be compiled; PyTorch's compiler also raises others.
    """
    try:
        with exclusive(path), scratch_beside(path) as scratch:
            if library := load_if_whole(path):
                return library  # another job has built it meanwhile
            build(function, signature, scratch / path.name)
            move_in(scratch / path.name, path)
        return load_package(path)
    except (OSError, RuntimeError) as error:
        words = "a step cannot be compiled or loaded in the cache, so it is compiled for this job alone"
        log.warning("%s; choose another folder: LIBI_CACHE=FOLDER: %s", words, _first_line(error))
        with tempfile.TemporaryDirectory(prefix="libi-") as folder:
            build(function, signature, Path(folder, path.name))
            return load_package(Path(folder, path.name))


def load_package(path: Path) -> Library:
    """Load a library that was built.

    What torch._inductor.aoti_load_package does, without two seconds of imports. It is unpacked to a temporary folder,
    and where nothing can be loaded from there, beside the file.

    Args:
        path: where it is.

    Raises:
        OSError: if it cannot be unpacked.
        RuntimeError: if it is not whole.
    """
    try:
        return _load(path, None)
    except (OSError, RuntimeError):
        return _load(path, path.parent)


def _load(path: Path, place: Path | None) -> Library:
    with tempfile.TemporaryDirectory(prefix="libi-", dir=place) as folder, mock.patch.dict(os.environ, TMPDIR=folder):
        run: Library = torch._C._aoti.AOTIModelPackageLoader(str(path), "model", False, 1, -1).run
    return run


def library_path(name: str, signature: Signature) -> Path:
    """Where a function's library is: by its name and arguments, how it is compiled, PyTorch and the processor."""
    processor = kind_of(torch.device(signature[0][3]))
    return cache_folder() / f"{name}-{fingerprint([__file__], [name, repr(signature), processor])[:16]}.pt2"


def build(function: Function, signature: Signature, path: Path) -> None:
    """Trace a function with the gradients in it, compile it ahead of time, and write the library.

    This is what torch.export and AOTInductor do, but tracing once instead of three times: half of the time.

    Args:
        function: takes and returns tensors.
        signature: what its arguments look like.
        path: where the library goes.
    """
    from torch._dynamo.utils import get_metrics_context
    from torch._guards import TracingContext, tracing
    from torch._inductor import compile_fx, config
    from torch._inductor.package import package_aoti  # type: ignore[attr-defined]
    from torch._inductor.virtualized import V

    began, output = time.monotonic(), {"aot_inductor.output_path": path.stem}
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings(action="ignore"))  # PyTorch's, about PyTorch
        traced, arguments, mode = trace(function, signature)
        stack.enter_context(V.set_aot_compilation(True))
        stack.enter_context(V.set_fake_mode(mode))
        stack.enter_context(tracing(TracingContext(mode)))
        stack.enter_context(config.patch({**INDUCTOR, **output, "cpp.cxx": (None, compiler_of_pytorch())}))
        stack.enter_context(get_metrics_context())
        stack.enter_context(torch.no_grad())
        compile_fx._recursive_joint_graph_passes(traced)
        compiled = compile_fx.compile_fx_inner(
            traced, arguments, static_input_idxs=[], is_inference=True, cpp_wrapper=True
        )
        package_aoti(str(path), compiled.filename)  # type: ignore[attr-defined]
    log.info("compiled %s in %.0f s", path.stem, time.monotonic() - began)


def trace(function: Function, signature: Signature) -> tuple[GraphModule, list[Tensor], FakeTensorMode]:
    """Write down the operations of a function, its gradients among them, for any number of models.

    Returns:
        the operations, arguments without content that they are for, and what these arguments belong to.
    """
    from torch._dynamo.source import LocalSource
    from torch._inductor.decomposition import select_decomp_table
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv

    environment, source = ShapeEnv(), LocalSource("models")
    example = _unmistakable_length(signature)
    symbol = environment.create_symbol(example, source, DimDynamic.DYNAMIC, None, do_not_specialize_zero_one=True)
    models = environment.create_symintnode(symbol, hint=example, source=source)
    with (mode := FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True)):
        examples = [
            torch.empty_strided((models, *shape) if counted else shape, stride, dtype=dtype, device=device)
            for shape, stride, dtype, device, counted in signature
        ]
    table: dict[Any, Any] = {**select_decomp_table(), **DECOMPOSITIONS}
    traced = make_fx(function, table, "symbolic")(*examples)
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return traced, [node.meta["val"] for node in traced.graph.find_nodes(op="placeholder")], mode


def sine(angle: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """sin as a polynomial: exact to 1e-6, in a fraction of the time of the library's, which is exact to 1e-7."""
    sine_of_half, cosine_of_half = _of_half(angle)
    return 2 * sine_of_half * cosine_of_half


def cosine(angle: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
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
    *others, second, last = coefficients
    value = x * last + second
    for coefficient in reversed(others):
        value = value * x + coefficient
    return value


def narrow_product(
    first: Float[Tensor, "models rows inner"], second: Float[Tensor, "models inner columns"]
) -> Float[Tensor, "models rows columns"] | NotImplementedType:
    """Products of a row [models, 1, in] · [models, in, out] or column [models, rows, 1] · [models, 1, columns] as sums.

    They are fused with what stands before and after them; of all others the library takes care.
    """
    if first.shape[1] == 1:
        return (first.mT * second).sum(1, keepdim=True)
    return first * second if first.shape[2] == 1 else NotImplemented


DECOMPOSITIONS = {
    torch.ops.aten.bmm.default: narrow_product,
    torch.ops.aten.sin.default: sine,
    torch.ops.aten.cos.default: cosine,
}


def _unmistakable_length(signature: Signature) -> int:
    """A number of models that no other axis has, so that tracing cannot take one for the other."""
    taken = {length for shape, *_ in signature for length in shape}
    return next(number for number in range(5, 10_000) if number not in taken)
