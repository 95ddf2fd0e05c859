"""Affine maps and activations for a stack of models, and the packing of their parameters.

A stack trains many models at once. Every array is [models, features, points], points last, so that the
compiled code runs along contiguous points. One network's parameters are one flat array
[models, parameters]: one optimiser update, one snapshot and one checkpoint serve any architecture.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Layout:
    """Names and shapes of one network's parameters, in the order in which they are packed.

    Attributes:
        shapes: parameter name to shape without the leading models axis.
        fan_in: parameter name to the number of inputs of its layer, which sets the scale of its start.
    """

    shapes: dict[str, tuple[int, ...]]
    fan_in: dict[str, int]

    @property
    def sizes(self) -> list[int]:
        """Number of scalars in each parameter."""
        return [math.prod(shape) for shape in self.shapes.values()]

    def unpack(self, flat: Tensor) -> Parameters:
        """Split [models, parameters] into named arrays [models, *shape]."""
        pieces = flat.split(self.sizes, dim=1)
        return {
            name: piece.reshape(flat.shape[0], *shape)
            for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)
        }

    def pack(self, parameters: Parameters) -> Tensor:
        """Join named arrays [models, *shape] into [models, parameters]; the inverse of `unpack`."""
        return torch.cat([parameters[name].flatten(1) for name in self.shapes], dim=1)

    def draw(self, stream: torch.Generator) -> Tensor:
        """Draw one model's start, U(±1/√fan_in) as PyTorch's linear layers do: [parameters], float32."""
        pieces = []
        for (name, _), size in zip(self.shapes.items(), self.sizes, strict=True):
            bound = 1 / math.sqrt(self.fan_in[name])
            pieces.append((2 * torch.rand(size, generator=stream) - 1) * bound)
        return torch.cat(pieces)


def affine(weight: Tensor, bias: Tensor | None, inputs: Tensor) -> Tensor:
    """Apply each model's affine map to its points.

    Written as a sum over input features: a compiler fuses it with its neighbours along the points, which for the
    narrow layers of this study beats a matrix product.

    Args:
        weight: [models, out, in].
        bias: [models, out], or None.
        inputs: [models or 1, in, points].

    Returns:
        [models, out, points].
    """
    total = weight[:, :, 0, None] * inputs[:, None, 0]
    for feature in range(1, weight.shape[2]):
        total = total + weight[:, :, feature, None] * inputs[:, None, feature]
    return total if bias is None else total + bias[:, :, None]


def contract(weight: Tensor, bias: Tensor, inputs: Tensor) -> Tensor:
    """The same map as `affine` for a wide input (hidden units), as a batched matrix product."""
    return torch.baddbmm(bias[:, :, None], weight, inputs)


def cube_root(inputs: Tensor) -> Tensor:
    """sign(a)·((|a| + 1e-6)^⅓ − 1e-2): the cube root with a finite derivative at 0."""
    return torch.sign(inputs) * ((inputs.abs() + 1e-6) ** (1 / 3) - 1e-2)


def sigmoid_and_cube_root(inputs: Tensor) -> Tensor:
    """Sigmoid on the first half of the features, cube root on the second (CubicJTEx's encoder, Appendix E)."""
    half = inputs.shape[1] // 2
    return torch.cat([torch.sigmoid(inputs[:, :half]), cube_root(inputs[:, half:])], dim=1)


Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Hidden:
    """One hidden layer: its number of units and its activation."""

    units: int
    activation: Activation


@dataclass(frozen=True)
class Network:
    """A feed-forward network: hidden layers, then one linear head for each named output.

    Attributes:
        inputs: number of input features.
        hidden: the hidden layers, in order; empty for a linear network.
        heads: output name to number of features.
    """

    inputs: int
    hidden: tuple[Hidden, ...]
    heads: dict[str, int]

    @property
    def layout(self) -> Layout:
        """The network's parameters: weight and bias of hidden_1, hidden_2, ..., then of each head."""
        widths = [self.inputs, *(layer.units for layer in self.hidden)]
        layers = [(f"hidden_{i}", widths[i - 1], widths[i]) for i in range(1, len(widths))]
        layers += [(head, widths[-1], features) for head, features in self.heads.items()]
        shapes: dict[str, tuple[int, ...]] = {}
        fan_in: dict[str, int] = {}
        for name, before, after in layers:
            shapes |= {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
            fan_in |= {f"{name}.weight": before, f"{name}.bias": before}
        return Layout(shapes, fan_in)

    def activations(self, parameters: Parameters, inputs: Tensor) -> list[Tensor]:
        """Outputs of the hidden layers, each [models, units, points]; inputs are [models or 1, features, points]."""
        outputs: list[Tensor] = []
        for number, layer in enumerate(self.hidden, start=1):
            linear = affine if inputs.shape[1] <= 4 else contract
            weight, bias = parameters[f"hidden_{number}.weight"], parameters[f"hidden_{number}.bias"]
            inputs = layer.activation(linear(weight, bias, inputs))
            outputs.append(inputs)
        return outputs

    def __call__(self, parameters: Parameters, inputs: Tensor) -> tuple[Tensor, ...]:
        """Outputs of the heads, each [models, features, points]; inputs are [models or 1, features, points]."""
        trunk = self.activations(parameters, inputs)[-1] if self.hidden else inputs
        linear = affine if trunk.shape[1] <= 4 else contract
        return tuple(linear(parameters[f"{head}.weight"], parameters[f"{head}.bias"], trunk) for head in self.heads)
