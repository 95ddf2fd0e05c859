"""Mobius: a network fitted to the Möbius transform of the complex plane, 2 → 50 ReLU → 2 (Appendix E)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.fitting import fit_network
from libi.base.layers import Hidden, Network, Parameters

TITLE = "Mobius"
PLACE = 4
ARCHITECTURE = ("decoder_units", "decoder_activation")
# The constants a, b, c, d as complex numbers; m(z) = (a·z + b) / (c·z + d).
CONSTANTS = (1 + 0j, 1 + 4j, 1 + 0j, 7 + 4j)
NOISE_VARIANCE = 1e-5
FIT_STEPS = 5_000
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
UNITS, ACTIVATION = 50, "relu"


def mobius_transform(codes: Float[Tensor, "*batch 2 points"]) -> Float[Tensor, "*batch 2 points"]:
    """m(z), the two coordinates read as real and imaginary part: [..., 2, points] to [..., 2, points]."""
    a, b, c, d = CONSTANTS
    z = torch.complex(codes[..., 0, :], codes[..., 1, :])
    m = (a * z + b) / (c * z + d)
    return torch.stack([m.real, m.imag], -2)


def ground_truth(decoder: Network) -> tuple[Parameters, dict[str, float]]:
    """θ_GT: a network fitted to m(z), once for all replicates, and the fit's record beside the sd of the noise."""
    parameters, record = fit_network(decoder, mobius_transform, "mobius", steps=FIT_STEPS)
    return parameters, {"noise_sd": NOISE_VARIANCE**0.5, **record}


def dataset(units: int, activation: str) -> Dataset:
    """The data set whose f_θ has so many hidden units of an activation (relu or tanh)."""
    decoder = Network(LATENT, (Hidden(units, ACTIVATIONS[activation]),), {"mean": 2})
    return Dataset(
        name="mobius",
        noise_variance=(NOISE_VARIANCE,) * 2,
        decoder=decoder,
        hidden=(Hidden(50, torch.relu),),
        ground_truth=partial(ground_truth, decoder),
        with_architecture=with_architecture,
        variant="" if (units, activation) == (UNITS, ACTIVATION) else f"-{units}-{activation}",
    )


def with_architecture(architecture: Mapping[str, Any]) -> Dataset:
    """The data set whose f_θ is a study's: hidden units and their activation, the defaults if left out."""
    return dataset(architecture.get("decoder_units") or UNITS, architecture.get("decoder_activation") or ACTIVATION)


DATASET = dataset(UNITS, ACTIVATION)
