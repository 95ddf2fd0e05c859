"""Mobius: a network fitted to the Möbius transform of the complex plane, 2 → 50 ReLU → 2 (Appendix E)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from libi.datasets.base import LATENT, Dataset
from libi.layers import Hidden, Network, Parameters
from libi.seeding import stream

# The constants a, b, c, d as complex numbers; m(z) = (a·z + b) / (c·z + d).
CONSTANTS = (1 + 0j, 1 + 4j, 1 + 0j, 7 + 4j)
NOISE_VARIANCE = 1e-5
FIT_POINTS, FIT_STEPS, FIT_LEARNING_RATE = 5_000, 5_000, 0.02
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
UNITS, ACTIVATION = 50, "relu"


def mobius_transform(codes: Tensor) -> Tensor:
    """m(z), the two coordinates read as real and imaginary part: [..., 2, points] to [..., 2, points]."""
    a, b, c, d = CONSTANTS
    z = torch.complex(codes[..., 0, :], codes[..., 1, :])
    m = (a * z + b) / (c * z + d)
    return torch.stack([m.real, m.imag], -2)


def ground_truth(decoder: Network) -> tuple[Parameters, dict[str, float]]:
    """θ_GT: a network fitted to m(z) under z ~ N(0, I), once for all replicates, by full-batch Adam.

    Args:
        decoder: the network.

    Returns:
        named arrays [1, ...], and the fit's record: root-mean-square error of each coordinate over fresh draws, beside
        the standard deviations of m(z) and of the observation noise, all in units of x.
    """
    codes = torch.randn(1, LATENT, FIT_POINTS, generator=stream("mobius", "ground truth", "codes"))
    target = mobius_transform(codes)
    mean, scale = target.mean(2, keepdim=True), target.std(2, keepdim=True)
    flat = decoder.layout.draw(stream("mobius", "ground truth", "initialisation"))[None].requires_grad_()
    optimiser = torch.optim.Adam([flat], lr=FIT_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, FIT_STEPS)
    for _ in range(FIT_STEPS):
        optimiser.zero_grad()
        error = decoder(decoder.layout.unpack(flat), codes)[0] - (target - mean) / scale
        (error * error).mean().backward()
        optimiser.step()
        schedule.step()
    parameters = decoder.layout.unpack(flat.detach())
    parameters["mean.weight"] = parameters["mean.weight"] * scale
    parameters["mean.bias"] = parameters["mean.bias"] * scale[:, :, 0] + mean[:, :, 0]
    return parameters, _fit_record(decoder, parameters)


def _fit_record(decoder: Network, parameters: Parameters) -> dict[str, float]:
    codes = torch.randn(1, LATENT, 100_000, generator=stream("mobius", "ground truth", "check"))
    target = mobius_transform(codes)
    error = (decoder(parameters, codes)[0] - target).square().mean(2).sqrt()[0]
    record = {"noise_sd": NOISE_VARIANCE**0.5}
    for feature in range(2):
        record[f"rms_error_{feature + 1}"] = error[feature].item()
        record[f"transform_sd_{feature + 1}"] = target[0, feature].std().item()
    return record


def dataset(units: int, activation: str) -> Dataset:
    """The data set whose f_θ has so many hidden units of an activation (relu or tanh)."""
    decoder = Network(LATENT, (Hidden(units, ACTIVATIONS[activation]),), {"mean": 2})
    return Dataset(
        name="mobius",
        noise_variance=(NOISE_VARIANCE,) * 2,
        decoder=decoder,
        hidden=(Hidden(50, torch.relu),),
        ground_truth=partial(ground_truth, decoder),
        variant="" if (units, activation) == (UNITS, ACTIVATION) else f"-{units}-{activation}",
    )


DATASET = dataset(UNITS, ACTIVATION)
