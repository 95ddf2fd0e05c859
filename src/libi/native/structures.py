"""What the kernels are told of a model, of a stack and of its steps: the structs of the C++ headers."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from ctypes import POINTER, c_double, c_float, c_int32, c_int64, c_uint8, c_uint32, cast
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor

from libi.base.layers import Layout, MatrixMap, Network, cube, sigmoid_and_cube_root
from libi.runtime.device import on_host

IDENTITY, RELU, SIGMOID, TANH, CUBE_ROOT, CUBE = range(6)  # network.hpp
ACTIVATIONS: Mapping[Callable[..., Any] | None, tuple[int, ...]] = {  # of equal parts of a layer's units
    None: (IDENTITY,),
    torch.relu: (RELU,),
    torch.sigmoid: (SIGMOID,),
    torch.tanh: (TANH,),
    cube: (CUBE,),
    sigmoid_and_cube_root: (SIGMOID, CUBE_ROOT),
}


class _Struct(ctypes.Structure):
    """A struct that keeps what its pointers point to."""

    def __init__(self, *values: object) -> None:
        types: list[Any] = [field[1] for field in self._fields_]
        pairs = zip(values, types, strict=True)
        super().__init__(
            *(cast(pointer_to(value), kind) if isinstance(value, Tensor) else value for value, kind in pairs)
        )
        self.kept = values


class Unit(_Struct):
    """A unit of a layer: where its weights and its bias are among the parameters, and its activation."""

    _fields_ = [("weights", c_int32), ("bias", c_int32), ("activation", c_int32)]


class Layer(_Struct):
    """A dense layer."""

    _fields_ = [
        ("inputs", c_int32),
        ("outputs", c_int32),
        ("stride", c_int32),
        ("rectified", c_int32),
        ("units", POINTER(Unit)),
    ]


class Dense(_Struct):
    """A network of dense layers."""

    _fields_ = [("count", c_int32), ("layers", POINTER(Layer))]


class Loading(_Struct):
    """How a decoder's weights follow from θ: they are θ, or the Cholesky factor of θθᵀ + diag(added)."""

    _fields_ = [("cholesky", c_int32), ("size", c_int32), ("added", POINTER(c_float))]


class Model(_Struct):
    """The two networks that train together."""

    _fields_ = [
        ("observed", c_int32),
        ("noise_variance", POINTER(c_float)),
        ("decoder", Dense),
        ("network", Dense),
        ("loading", Loading),
    ]


class Group(_Struct):
    """The parameters of one group and their moments."""

    _fields_ = [
        ("size", c_int32),
        ("moves", c_int32),
        ("count", c_double),
        ("parameters", POINTER(c_float)),
        ("first", POINTER(c_float)),
        ("second", POINTER(c_float)),
    ]


class StackArrays(_Struct):
    """The models of a stack and their points."""

    _fields_ = [
        ("models", c_int32),
        ("points", c_int32),
        ("replicates", c_int32),
        ("replicate", POINTER(c_int32)),
        ("x", POINTER(c_float)),
        ("generative", Group),
        ("network", Group),
        ("alive", POINTER(c_uint8)),
        ("loss", POINTER(c_float)),
    ]


class Adam(_Struct):
    """The optimiser's settings."""

    _fields_ = [(name, c_double) for name in ("learning_rate", "beta1", "beta2", "epsilon")]


class Epochs(_Struct):
    """What the steps of an ELBO phase see, from one epoch of a chunk to another."""

    _fields_ = [
        ("first", c_int32),
        ("last", c_int32),
        ("batch", c_int32),
        ("chunk", c_int32),
        ("length", c_int32),
        ("weights", POINTER(c_float)),
        ("orders", POINTER(c_int64)),
        ("keys", POINTER(c_uint32)),
        ("beta", POINTER(c_float)),
    ]


class Statistic(_Struct):
    """The Hermite functions whose means make the Henze–Zirkler statistic."""

    _fields_ = [
        ("size", c_int32),
        ("decay", c_float),
        ("start", c_float),
        ("recurrence", POINTER(c_float)),
        ("weights", POINTER(c_float)),
        ("targets", POINTER(c_float)),
    ]


def pointer_to(tensor: Shaped[Tensor, " ..."]) -> Any:
    """The address of a contiguous tensor on the host, for a pointer of any type."""
    if not tensor.is_contiguous() or not on_host(tensor):
        raise ValueError(f"kernels take contiguous tensors on the host, got {tensor.device} {tensor.stride()}")
    return ctypes.c_void_p(tensor.data_ptr())


def _layer(inputs: int, stride: int, units: Sequence[tuple[int, int, int]]) -> Layer:
    rectified = all(activation == RELU for *_, activation in units)
    return Layer(inputs, len(units), stride, rectified, (Unit * len(units))(*(Unit(*unit) for unit in units)))


def _dense(layers: Sequence[Layer]) -> Dense:
    array = (Layer * len(layers))(*layers)
    struct = Dense(len(layers), array)
    struct.kept = (array, *layers)
    return struct


def _codes(activation: Callable[..., Any] | None, units: int) -> list[int] | None:
    parts = ACTIVATIONS.get(activation)
    return None if parts is None or units % len(parts) else [part for part in parts for _ in range(units // len(parts))]


def _starts(layout: Layout) -> dict[str, int]:
    """Where each named array begins among packed parameters."""
    starts, end = {}, 0
    for name, size in zip(layout.shapes, layout.sizes, strict=True):
        starts[name], end = end, end + size
    return starts


def _unit(starts: Mapping[str, int], layer: str, unit: int, inputs: int) -> tuple[int, int]:
    """Where the weights and the bias of a layer's unit are; -1 for no bias."""
    bias = starts.get(f"{layer}.bias")
    return starts[f"{layer}.weight"] + unit * inputs, -1 if bias is None else bias + unit


def describe(network: Network | MatrixMap) -> Dense | None:
    """A network as the kernels know it, its heads one layer; None if they do not have one of its activations."""
    if isinstance(network, MatrixMap):
        codes = _codes(network.activation, network.outputs)
        if codes is None:
            return None
        transposed = network.added is None
        units = [(o if transposed else o * network.inputs, -1, code) for o, code in enumerate(codes)]
        return _dense([_layer(network.inputs, network.outputs if transposed else 1, units)])
    starts, inputs, layers = _starts(network.layout), network.inputs, []
    for number, hidden in enumerate(network.hidden, start=1):
        codes = _codes(hidden.activation, hidden.units)
        if codes is None:
            return None
        hidden_units = [(*_unit(starts, f"hidden_{number}", o, inputs), code) for o, code in enumerate(codes)]
        layers.append(_layer(inputs, 1, hidden_units))
        inputs = hidden.units
    heads = [
        (*_unit(starts, head, o, inputs), IDENTITY) for head, features in network.heads.items() for o in range(features)
    ]
    return _dense([*layers, _layer(inputs, 1, heads)])


def describe_loading(decoder: Network | MatrixMap) -> Loading:
    """How the decoder's weights follow from θ."""
    if isinstance(decoder, MatrixMap) and decoder.added is not None:
        return Loading(1, len(decoder.added), torch.tensor(decoder.added))
    return Loading(0, 0, None)
