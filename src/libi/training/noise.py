"""Batches and noise of a phase, in chunks of epochs.

Chunk c of a phase has its own streams, named by model, phase and c, and always the same length. So a model sees the
same numbers in whatever stack it trains, and a resumed run those of an undisturbed one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from libi.seeding import stream

CHUNK = 25  # epochs; part of what a seed means, so not a setting

Labels = tuple[object, ...]


def chunk_batches(x: Tensor, batch_size: int, labels: Labels, phase: int, chunk: int) -> tuple[Tensor, ...]:
    """One permutation an epoch, shared by the stack, cut into batches.

    Args:
        x: training points [1, observed, points].
        batch_size: divides the number of points.
        labels: what names the stack's shared streams.
        phase: number of the phase.
        chunk: number of the chunk in its phase.

    Returns:
        CHUNK · points / batch_size batches, each [1, observed, batch_size].
    """
    points = x.shape[2]
    generator = stream(*labels, "batches", phase, chunk)
    order = torch.cat([torch.randperm(points, generator=generator) for _ in range(CHUNK)]).to(x.device)
    return x[:, :, order].reshape(1, x.shape[1], -1, batch_size).permute(2, 0, 1, 3).contiguous().unbind(0)


def chunk_noise(members: Sequence[Labels], shape: tuple[int, int, int], phase: int, chunk: int) -> Tensor:
    """Every model's own standard normal draws for a chunk.

    Args:
        members: what names each model's streams.
        shape: (steps of the chunk, latent dimensions, points of a batch).
        phase: number of the phase.
        chunk: number of the chunk in its phase.

    Returns:
        [models, steps, latent, points], float32, on the host.
    """
    noise = torch.empty(len(members), *shape)
    for row, labels in zip(noise, members, strict=True):
        row.normal_(generator=stream(*labels, "noise", phase, chunk))
    return noise
