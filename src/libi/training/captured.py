"""Programs on a GPU: the kernels of a function, recorded once as a CUDA graph and from then on started together.

A step is some hundred kernels, and to start one takes longer than it runs. They are the very kernels that run without
a recording, in the same order, so the numbers are the same to the bit.
"""

from __future__ import annotations

import functools
import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_unflatten

from libi.training.compilation import AS_IT_IS, Program

log = logging.getLogger(__name__)

Shapes = tuple[tuple[torch.Size, torch.dtype], ...]
RECORDED = "recorded PyTorch"
WARM = 3  # calls before the recording, in which libraries of the GPU set themselves up


@functools.cache
def place_of_recordings() -> tuple[torch.cuda.Stream, Any]:
    """A stream and a pool of memory, the same for all recordings of this process.

    Recordings share their memory, so a replay of one may overwrite the outputs of another: copy these at once.
    """
    return torch.cuda.Stream(), torch.cuda.graph_pool_handle()


class Recording:
    """The kernels of one function of tensors of fixed shapes.

    Attributes:
        inputs: where the kernels read; whoever replays fills them first.
        outputs: where they write what is not carried to the next replay.
        graph: replays them.
    """

    def __init__(self, function: Callable[..., list[Tensor]], inputs: Sequence[Tensor], carried: int) -> None:
        """Record one call.

        Args:
            function: takes and returns tensors on the GPU, without waiting for it.
            inputs: examples of them.
            carried: so many outputs become the first inputs of the next replay.
        """
        self.inputs = [each.clone(memory_format=torch.contiguous_format) for each in inputs]
        aside, pool = place_of_recordings()
        aside.wait_stream(torch.cuda.current_stream())
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.stream(aside):  # the way back to the current stream, also from a recording that fails
            for _ in range(WARM):
                function(*self.inputs)
            with torch.cuda.graph(self.graph, pool=pool, stream=aside):
                outputs = function(*self.inputs)
                for before, after in zip(self.inputs[:carried], outputs, strict=False):
                    before.copy_(after)
        torch.cuda.current_stream().wait_stream(aside)
        self.outputs = outputs[carried:]

    def fill(self, first: int, values: Iterable[Tensor]) -> None:
        """Set the inputs from number `first` on."""
        for place, value in zip(self.inputs[first:], values, strict=False):
            place.copy_(value)


class Captured(Program):
    """A function on a GPU, recorded once for each set of shapes that it is called with."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        super().__init__(function, name)
        self._name = name
        self._recordings: dict[tuple[Shapes, TreeSpec, int], Recording | None] = {}

    @property
    def way(self) -> str:
        """How its calls have run: recorded, if every one could be."""
        return RECORDED if all(self._recordings.values()) else AS_IT_IS

    @property
    def recorded(self) -> int:
        """For how many sets of shapes it has been recorded."""
        return sum(recording is not None for recording in self._recordings.values())

    def __call__(self, *arguments: Any) -> Any:
        """Call the function once; it must return one tensor."""
        recording = self._recorded(arguments, 0)
        if recording is None:
            return super().__call__(*arguments)
        recording.fill(0, tree_leaves(arguments))
        recording.graph.replay()
        (result,) = recording.outputs
        return result.clone()

    def iterate(self, carried: Any, fixed: Any, data: Iterable[Sequence[Tensor]]) -> Any:
        """Apply `carried = function(carried, fixed, *item)` for each item of the data, all of the same shapes."""
        items = iter(data)
        first = next(items)
        leaves, structure = tree_flatten(carried)
        recording = self._recorded((carried, fixed, *first), len(leaves))
        if recording is None:
            return super().iterate(carried, fixed, itertools.chain([first], items))
        constant = tree_leaves(fixed)
        recording.fill(0, [*leaves, *constant])
        for item in itertools.chain([first], items):
            recording.fill(len(leaves) + len(constant), item)
            recording.graph.replay()
        return tree_unflatten([each.clone() for each in recording.inputs[: len(leaves)]], structure)

    def _recorded(self, arguments: tuple[Any, ...], carried: int) -> Recording | None:
        """The kernels for arrays of these shapes; None, after a warning, where they cannot be recorded."""
        leaves, structure = tree_flatten(arguments)
        key = tuple((leaf.shape, leaf.dtype) for leaf in leaves), structure, carried
        if key not in self._recordings:
            try:
                self._recordings[key] = Recording(
                    lambda *flat: tree_leaves(self._function(*tree_unflatten(flat, structure))), leaves, carried
                )
            except RuntimeError as error:  # the function waits for the GPU, or copies from the host
                words = "%s cannot be recorded as a CUDA graph, so its kernels start one by one, more slowly: %s"
                log.warning(words, self._name, str(error.__context__ or error).strip().splitlines()[0])
                self._recordings[key] = None
                place_of_recordings.cache_clear()  # a recording that failed leaves its pool unusable
        return self._recordings[key]
