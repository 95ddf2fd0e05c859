"""Affine maps and activations for a stack of models, and the packing of their parameters.

A stack trains many models at once. Every array is [models, features, points], points last, so that compiled code
runs along contiguous points. Where features are few, each is an array of its own, a row [models, points]: then all
that stands between two matrix products is one loop over the points. One network's parameters are one flat array
[models, parameters]: one optimiser update, one snapshot and one checkpoint serve any architecture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Float32
from torch import Tensor

from libi.base.compiling import with_stored_gradient

Parameters = dict[str, Tensor]
Rows = tuple[Float[Tensor, "#models points"], ...]  # the features of a narrow array, each [models or 1, points]
NARROW = 4  # features up to which an array is kept as rows


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

    def unpack(self, flat: Float[Tensor, "models parameters"]) -> Parameters:
        """Split [models, parameters] into named arrays [models, *shape]."""
        pieces = flat.split(self.sizes, dim=1)
        return {
            name: piece.reshape(flat.shape[0], *shape)
            for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)
        }

    def pack(self, parameters: Parameters) -> Float[Tensor, "models parameters"]:
        """Join named arrays [models, *shape] into [models, parameters]; the inverse of `unpack`."""
        return torch.cat([parameters[name].flatten(1) for name in self.shapes], dim=1)

    def draw(self, stream: torch.Generator) -> Float32[Tensor, " parameters"]:
        """Draw one model's start, U(±1/√fan_in) as PyTorch's linear layers do: [parameters], float32."""
        pieces = []
        for (name, _), size in zip(self.shapes.items(), self.sizes, strict=True):
            bound = 1 / math.sqrt(self.fan_in[name])
            pieces.append((2 * torch.rand(size, generator=stream) - 1) * bound)
        return torch.cat(pieces)


def affine(weight: Float[Tensor, "models out in"], bias: Float[Tensor, "models out"] | None, rows: Rows) -> Rows:
    """Apply each model's affine map between narrow arrays.

    Args:
        weight: [models, out, in].
        bias: [models, out], or None.
        rows: one row an input feature, each [models or 1, points].

    Returns:
        one row an output feature, each [models, points].
    """
    outputs = []
    for out in range(weight.shape[1]):
        first, *others = (weight[:, out, feature, None] * row for feature, row in enumerate(rows))
        total = sum(others, start=first)
        outputs.append(total if bias is None else total + bias[:, out, None])
    return tuple(outputs)


def widen(
    weight: Float[Tensor, "models out in"], bias: Float[Tensor, "models out"] | None, rows: Rows
) -> Float[Tensor, "models out points"]:
    """The affine map from a narrow array to a wide one [models, out, points]: a sum of products, fit to be fused."""
    first, *others = (weight[:, :, feature, None] * row[:, None] for feature, row in enumerate(rows))
    return sum(others, start=first if bias is None else bias[:, :, None] + first)


def contract(
    weight: Float[Tensor, "models out in"],
    bias: Float[Tensor, "models out"] | None,
    inputs: Float[Tensor, " models in points"],
) -> Rows:
    """The affine map from a wide array [models, in, points] to a narrow one: for each feature a product of one row."""
    products = ((weight[:, out, None] @ inputs)[:, 0] for out in range(weight.shape[1]))
    if bias is not None:
        products = (product + bias[:, out, None] for out, product in enumerate(products))
    return tuple(map(with_stored_gradient, products))


def multiply(
    weight: Float[Tensor, "models out in"],
    bias: Float[Tensor, "models out"] | None,
    inputs: Float[Tensor, " models in points"],
) -> Float[Tensor, "models out points"]:
    """The affine map from an array [models, in, points] to a wide one [models, out, points]: a batched product."""
    return weight @ inputs if bias is None else torch.baddbmm(bias[:, :, None], weight, inputs)


def cube_root(inputs: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """sign(a)·((|a| + 1e-6)^⅓ − 1e-2): the cube root with a finite derivative at 0."""
    return torch.sign(inputs) * ((inputs.abs() + 1e-6) ** (1 / 3) - 1e-2)


def sigmoid_and_cube_root(rows: Rows) -> Rows:
    """Sigmoid of the first half of the features, cube root of the second (CubicJTEx's encoder, Appendix E)."""
    half = len(rows) // 2
    return (*map(torch.sigmoid, rows[:half]), *map(cube_root, rows[half:]))


def cube(rows: tuple[Float[Tensor, "*shape"], ...]) -> tuple[Float[Tensor, "*shape"], ...]:
    """The third power of each feature."""
    return tuple(row * row * row for row in rows)


OF_ROWS = (sigmoid_and_cube_root, cube)  # the activations that take rows


def cholesky_factor(a: Float[Tensor, "models n n"], added: Sequence[float]) -> list[list[Float[Tensor, " models"]]]:
    """Lower-triangular Cholesky factor of AAᵀ + diag(added), entry by entry.

    Args:
        a: A of each model [models, n, n].
        added: diagonal of what is added, n values.

    Returns:
        the entries of row i up to the diagonal, each [models].
    """
    factor: list[list[Tensor]] = []
    for i, diagonal in enumerate(added):
        factor.append([])
        for j in range(i + 1):
            before = zip(factor[i], factor[j], strict=False)
            rest = (a[:, i] * a[:, j]).sum(1) + (diagonal if i == j else 0) - sum(x * y for x, y in before)
            factor[i].append(torch.sqrt(rest) if i == j else rest / factor[j][j])
    return factor


def _combined(entries: Sequence[Tensor], rows: Rows) -> Tensor:
    """Σ entry · row over as many rows as there are entries: [models, points]."""
    first, *others = (entry[:, None] * row for entry, row in zip(entries, rows, strict=False))
    return sum(others, start=first)


@dataclass(frozen=True)
class Hidden:
    """One hidden layer.

    Attributes:
        units: its width.
        activation: of rows if it is one of OF_ROWS, else of an array [models, units, points].
    """

    units: int
    activation: Callable[[Any], Any]

    @property
    def narrow(self) -> bool:
        """Whether its units are kept as rows."""
        return self.units <= NARROW and self.activation in OF_ROWS


@dataclass(frozen=True)
class Network:
    """A feed-forward network: hidden layers, then one linear head for each named output.

    Attributes:
        inputs: number of input features, at most NARROW.
        hidden: the hidden layers, in order, narrow ones first; empty for a linear network.
        heads: output name to number of features.
        bias: whether its layers have biases.
    """

    inputs: int
    hidden: tuple[Hidden, ...]
    heads: dict[str, int]
    bias: bool = True

    @property
    def layout(self) -> Layout:
        """The network's parameters: weight and bias of hidden_1, hidden_2, ..., then of each head."""
        widths = [self.inputs, *(layer.units for layer in self.hidden)]
        layers = [(f"hidden_{i}", widths[i - 1], widths[i]) for i in range(1, len(widths))]
        layers += [(head, widths[-1], features) for head, features in self.heads.items()]
        shapes: dict[str, tuple[int, ...]] = {}
        fan_in: dict[str, int] = {}
        for name, before, after in layers:
            own = {f"{name}.weight": (after, before)} | ({f"{name}.bias": (after,)} if self.bias else {})
            shapes |= own
            fan_in |= dict.fromkeys(own, before)
        return Layout(shapes, fan_in)

    def activations(self, parameters: Parameters, rows: Rows) -> list[Rows | Float[Tensor, "models _ points"]]:
        """Outputs of the hidden layers: rows of narrow ones, arrays [models, units, points] of wide ones."""
        outputs: list[Rows | Tensor] = []
        values: Rows | Tensor = rows
        for number, layer in enumerate(self.hidden, start=1):
            weight, bias = parameters[f"hidden_{number}.weight"], parameters.get(f"hidden_{number}.bias")
            if number > 1 and not layer.narrow and not isinstance(values, Tensor):
                values = torch.stack(values, 1)  # a matrix product reads what a fused sum would compute again each time
            if isinstance(values, Tensor):
                values = layer.activation(multiply(weight, bias, values))
            else:
                values = layer.activation((affine if layer.narrow else widen)(weight, bias, values))
            outputs.append(values)
        return outputs

    def heads_of(self, parameters: Parameters, rows: Rows) -> tuple[Rows, ...]:
        """Outputs of the heads, each as rows, for one row an input feature, each [models or 1, points]."""
        values = self.activations(parameters, rows)[-1] if self.hidden else rows
        maps = [(parameters[f"{head}.weight"], parameters.get(f"{head}.bias")) for head in self.heads]
        if isinstance(values, Tensor):
            return tuple(contract(*each, values) for each in maps)
        return tuple(affine(*each, values) for each in maps)

    def rows(self, parameters: Parameters, rows: Rows) -> Rows:
        """Output of the only head, likewise."""
        (outputs,) = self.heads_of(parameters, rows)
        return outputs

    def __call__(
        self, parameters: Parameters, inputs: Float[Tensor, "#models inputs points"]
    ) -> tuple[Float[Tensor, "models _ points"], ...]:
        """Outputs of the heads, each [models, features, points], for inputs [models or 1, features, points]."""
        return tuple(torch.stack(rows, 1) for rows in self.heads_of(parameters, inputs.unbind(1)))


@dataclass(frozen=True)
class MatrixMap:
    """A linear map with one matrix A of parameters [inputs, outputs], then an activation: g(Wz).

    Attributes:
        inputs: number of input features, at most NARROW.
        outputs: number of output features.
        added: if given, W is the Cholesky factor of AAᵀ + diag(added), and A is square; else W = Aᵀ.
        activation: g, of rows; None for the identity.
    """

    inputs: int
    outputs: int
    added: tuple[float, ...] | None = None
    activation: Callable[[Rows], Rows] | None = None

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        """It has no hidden layers."""
        return ()

    @property
    def layout(self) -> Layout:
        """Its only parameter, A."""
        return Layout({"A": (self.inputs, self.outputs)}, {"A": self.inputs})

    def rows(self, parameters: Parameters, rows: Rows) -> Rows:
        """One row an output feature, each [models, points], for one row an input feature."""
        if self.added is None:
            outputs = affine(parameters["A"].transpose(1, 2), None, rows)
        else:
            factor = cholesky_factor(parameters["A"], self.added)
            outputs = tuple(_combined(entries, rows) for entries in factor)
        return self.activation(outputs) if self.activation else outputs
