"""Networks fitted to a function of the codes, for data sets whose ground truth is such a network."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from libi.base.dataset import LATENT
from libi.base.layers import Network, Parameters
from libi.runtime.seeding import stream

POINTS, STEPS, LEARNING_RATE = 5_000, 5_000, 0.02


def fit_network(
    decoder: Network, function: Callable[[Tensor], Tensor], name: str, *, steps: int = STEPS
) -> tuple[Parameters, dict[str, float]]:
    """Fit a network to a function under z ~ N(0, I), by full-batch Adam with a rate that falls to 0.

    Args:
        decoder: the network, with one head, "mean".
        function: codes [..., 2, points] to values [..., observed, points].
        name: of the data set, which names the random streams.
        steps: of the optimiser.

    Returns:
        named arrays [1, ...], and a record of the fit: the root-mean-square error of each feature over fresh draws,
        beside the standard deviation of the function, in units of x.
    """
    codes = torch.randn(1, LATENT, POINTS, generator=stream(name, "ground truth", "codes"))
    target = function(codes)
    mean, scale = target.mean(2, keepdim=True), target.std(2, keepdim=True)
    flat = decoder.layout.draw(stream(name, "ground truth", "initialisation"))[None].requires_grad_()
    optimiser = torch.optim.Adam([flat], lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        error = decoder(decoder.layout.unpack(flat), codes)[0] - (target - mean) / scale
        (error * error).mean().backward()
        optimiser.step()
        schedule.step()
    parameters = decoder.layout.unpack(flat.detach())
    parameters["mean.weight"] = parameters["mean.weight"] * scale
    parameters["mean.bias"] = parameters["mean.bias"] * scale[:, :, 0] + mean[:, :, 0]
    return parameters, _record(decoder, parameters, function, name)


def _record(
    decoder: Network, parameters: Parameters, function: Callable[[Tensor], Tensor], name: str
) -> dict[str, float]:
    codes = torch.randn(1, LATENT, 100_000, generator=stream(name, "ground truth", "check"))
    target = function(codes)
    error = (decoder(parameters, codes)[0] - target).square().mean(2).sqrt()[0]
    record = {}
    for feature in range(target.shape[1]):
        record[f"rms_error_{feature + 1}"] = error[feature].item()
        record[f"transform_sd_{feature + 1}"] = target[0, feature].std().item()
    return record
