"""The kernels for arrays of PyTorch, where they can be had: `available()`. Those with gradients are operators.

PyTorch reads the annotations of its operators as they run, so they are not put off (`from __future__`) here.
"""

import ctypes
from ctypes import byref, c_double, c_uint32
from typing import Any

import torch
from jaxtyping import Float64, Shaped
from torch import Tensor

from libi.native.library import load, loaded
from libi.native.structures import Statistic, pointer_to
from libi.runtime.device import on_host


def available(tensor: Shaped[Tensor, " ..."]) -> bool:
    """Whether there are kernels for what a tensor is: one on the host of a machine with a compiler."""
    return on_host(tensor) and load() is not None


@torch.library.custom_op("libi::normal_draws", mutates_args=())
def normal_draws(keys: Tensor, start: int, points: int) -> Tensor:
    """Standard normal draws, those of `libi.training.noise.normal_draws`.

    Args:
        keys: one key a model, int32 [models, 2].
        start: the first counter.
        points: how many counters.

    Returns:
        [models, 2, points], float32.
    """
    draws = torch.empty(len(keys), 2, points)
    loaded().libi_normal_draws(len(keys), pointer_to(keys.contiguous()), c_uint32(start), points, pointer_to(draws))
    return draws


@normal_draws.register_fake
def _(keys: Tensor, start: int, points: int) -> Tensor:
    return keys.new_empty(len(keys), 2, points, dtype=torch.float32)


@torch.library.custom_op("libi::henze_zirkler", mutates_args=())
def henze_zirkler(
    codes: Tensor, decay: float, start: float, recurrence: Tensor, weights: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """The Henze–Zirkler statistic of `libi.statistics.gaussianity.spectral_henze_zirkler`, and its gradient.

    Args:
        codes: samples [models, 2, points], float32.
        decay: of `libi.statistics.gaussianity.HermiteFunctions`, as are all below.
        start: likewise.
        recurrence: likewise [K, 3].
        weights: likewise [K, K].
        targets: likewise [K, K].

    Returns:
        statistics [models] and their derivatives by the codes [models, 2, points].
    """
    codes, values, gradient = codes.contiguous(), codes.new_empty(len(codes)), torch.empty_like(codes)
    tables = (table.float().contiguous() for table in (recurrence, weights, targets))
    statistic = Statistic(len(recurrence), decay, start, *tables)
    pointers = pointer_to(codes), pointer_to(values), pointer_to(gradient)
    loaded().libi_henze_zirkler(byref(statistic), len(codes), codes.shape[2], *pointers)
    return values, gradient


@henze_zirkler.register_fake
def _(
    codes: Tensor, decay: float, start: float, recurrence: Tensor, weights: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    return codes.new_empty(len(codes)), torch.empty_like(codes)


def _keep_gradient(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(output[1])


def _scale_gradient(ctx: Any, of_values: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    (gradient,) = ctx.saved_tensors
    return of_values[:, None, None] * gradient, None, None, None, None, None


henze_zirkler.register_autograd(_scale_gradient, setup_context=_keep_gradient)


def smooth_neighbours(
    first: Float64[Tensor, "pools features first"], second: Float64[Tensor, "pools features second"], smoothness: float
) -> tuple[Float64[Tensor, " pools"], Float64[Tensor, "pools points"], Float64[Tensor, " pools"]]:
    """What the smooth k-NN statistic for k = 1 sums over M (`libi.statistics.two_sample`).

    This is a function and no operator, since nothing differentiates or compiles it. The first call of an operator
    imports PyTorch's compiler, which takes longer than the statistic of most models.

    Args:
        first: samples [pools, features, first points], float64.
        second: samples [pools, features, second points], float64.
        smoothness: α.

    Returns:
        T [pools], row sum plus column sum of each point [pools, points], Σ M² + Σ M∘Mᵀ [pools]; all NaN if the weights
        of some point underflow.
    """
    first, second = first.contiguous(), second.contiguous()
    pools, features, _ = first.shape
    sizes = first.shape[2], second.shape[2]
    between, degree, squares = first.new_empty(pools), first.new_empty(pools, sum(sizes)), first.new_empty(pools)
    outputs = between, degree, squares
    kept = loaded().libi_smooth_neighbours(
        *(pools, features, (ctypes.c_int * 2)(*sizes), pointer_to(first), pointer_to(second), c_double(smoothness)),
        *map(pointer_to, outputs),
    )
    if not kept:
        for output in outputs:
            output.fill_(torch.nan)
    return outputs
