"""What a compiler of PyTorch's steps is told: which values to compute once. It changes no number."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def stored(values: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """The same values. A compiler computes them once and stores them, rather than again wherever they are used."""
    return values.as_strided(values.shape, values.stride())


class _StoredGradient(torch.autograd.Function):
    """The identity, whose gradient is stored."""

    generate_vmap_rule = True

    @staticmethod
    def forward(values: Tensor) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return stored(gradient)


def with_stored_gradient(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The same values, whose gradient a compiler computes once."""
    result: Tensor = _StoredGradient.apply(values)
    return result
