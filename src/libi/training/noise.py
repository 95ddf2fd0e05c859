"""Batches and noise of a phase, in chunks of epochs.

Chunk c of a phase has its own streams, named by model, phase and c. So a model sees the same numbers in whatever stack
it trains, and a resumed run those of an undisturbed one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Float32, Int32, Int64
from torch import Tensor

from libi.base.compiling import stored
from libi.runtime.seeding import seeds_of, stream

CHUNK = 25  # epochs; part of what a seed means, so not a setting

PARITY, ROTATIONS = 0x1BD11BDA, (13, 15, 26, 6, 17, 29, 16, 24)  # constants of Threefry-2x32

Labels = tuple[object, ...]


def chunk_orders(
    points: int, labels: Sequence[Labels], phase: int, chunk: int
) -> Int64[Tensor, "replicates CHUNK {points}"]:
    """One permutation of the points for each replicate and epoch, shared by all models of the replicate.

    Args:
        points: how many there are.
        labels: what names each replicate's shared streams.
        phase: number of the phase.
        chunk: number of the chunk in its phase.

    Returns:
        int64 [replicates, CHUNK, points].
    """
    generators = [stream(*names, "batches", phase, chunk) for names in labels]
    orders = [torch.stack([torch.randperm(points, generator=each) for _ in range(CHUNK)]) for each in generators]
    return torch.stack(orders)


def with_draws(
    orders: Int64[Tensor, "replicates CHUNK points"], batch_size: int, draws: int
) -> Int64[Tensor, "replicates CHUNK points*{draws}"]:
    """Repeat every batch, so that each of its points gets several draws of the noise.

    Args:
        orders: of `chunk_orders`.
        batch_size: divides the number of points.
        draws: of each point.

    Returns:
        int64 [replicates, CHUNK, points · draws], of batches of batch_size · draws.
    """
    replicates, epochs, points = orders.shape
    if draws == 1:
        return orders
    return orders.reshape(replicates, epochs, -1, batch_size).repeat(1, 1, 1, draws).reshape(replicates, epochs, -1)


def batches_of(
    x: Float[Tensor, "replicates observed points"], orders: Int64[Tensor, "replicates CHUNK drawn"], batch_size: int
) -> list[tuple[Float[Tensor, "replicates observed {batch_size}"], ...]]:
    """Cut shuffled points into batches.

    Args:
        x: training points [replicates, observed, points].
        orders: of `chunk_orders` or `with_draws`.
        batch_size: divides the number of points in them.

    Returns:
        for each epoch its batches, each [replicates, observed, batch_size].
    """
    replicates, observed, _ = x.shape
    pairs = zip(x, orders.to(x.device), strict=True)
    shuffled = torch.stack([replicate[:, order.flatten()] for replicate, order in pairs])
    batches = shuffled.reshape(replicates, observed, CHUNK, -1, batch_size).permute(2, 3, 0, 1, 4).contiguous()
    return [epoch.unbind(0) for epoch in batches]


def normal_draws(
    counters: Int32[Tensor, "1 steps points"], keys: Int32[Tensor, "models 2"]
) -> Float32[Tensor, "models steps 2 points"]:
    """Standard normal draws by a counter-based generator: Threefry (Salmon et al. 2011), then Box–Muller.

    Every draw is a function of its key and its place alone, so models, steps and devices can be computed in any order.

    Args:
        counters: 0, 1, 2, ... laid out as [1, steps, points], int32.
        keys: one key a model, int32 [models, 2].

    Returns:
        [models, steps, 2, points], float32: cosine and sine of one pair of random words each.
    """
    key = keys[:, 0, None, None], keys[:, 1, None, None]
    first, second = threefry(key, (counters, torch.zeros_like(counters)))
    radius = torch.sqrt(-2 * torch.log(_uniform(first)))
    angle = 2 * math.pi * _uniform(second)
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], 2)


def threefry(
    key: tuple[Int32[Tensor, "*keys"], Int32[Tensor, "*keys"]],
    counter: tuple[Int32[Tensor, "*counters"], Int32[Tensor, "*counters"]],
) -> tuple[Int32[Tensor, "*words"], Int32[Tensor, "*words"]]:
    """Threefry-2x32 with 20 rounds: two random words for each key and counter; all are int32 and broadcast."""
    schedule = *key, key[0] ^ key[1] ^ PARITY
    first, second = counter[0] + key[0], counter[1] + key[1]
    for number in range(20):
        rotation = ROTATIONS[number % 8]
        first = first + second
        second = first ^ ((second << rotation) | ((second >> (32 - rotation)) & ((1 << rotation) - 1)))
        if number % 4 == 3:
            block = number // 4 + 1
            first = first + schedule[block % 3]
            second = second + schedule[(block + 1) % 3] + block
        first, second = stored(first), stored(second)  # else the compiler writes out ever longer expressions
    return first, second


def _uniform(words: Tensor) -> Tensor:
    """The upper 24 bits of random words as numbers strictly between 0 and 1."""
    return (((words >> 8) & 0xFFFFFF).float() + 0.5) * 2.0**-24


def chunk_counters(steps: int, points: int) -> Int32[Tensor, "CHUNK 1 {steps} {points}"]:
    """The places of a chunk's draws: int32 [CHUNK, 1, steps, points], for epochs of `steps` batches."""
    return torch.arange(CHUNK * steps * points, dtype=torch.int32).reshape(CHUNK, 1, steps, points)


def chunk_keys(members: Sequence[str], phase: int, chunk: int) -> Int32[Tensor, "models 2"]:
    """The keys of the models' draws for a chunk: int32 [models, 2].

    Args:
        members: what names each model's streams, by `name_of`.
        phase: number of the phase.
        chunk: number of the chunk in its phase.
    """
    words = [[seed >> 32, seed & 0xFFFFFFFF] for seed in seeds_of(members, "noise", phase, chunk)]
    return torch.tensor(words, dtype=torch.int64).to(torch.int32)
