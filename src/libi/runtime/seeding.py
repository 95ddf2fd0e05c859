"""Named random streams: a stream's seed is a hash of what it is for, never of when it is drawn."""

from __future__ import annotations

import hashlib

import torch


def seed_of(*labels: object) -> int:
    """A 63-bit seed that depends on the labels and their order, and on nothing else."""
    text = "\x1f".join(str(label) for label in labels)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(*labels: object) -> torch.Generator:
    """A random stream on the host for the purpose that the labels name.

    Streams live on the host whatever the device that trains, so that a study draws the same numbers everywhere.
    """
    return torch.Generator().manual_seed(seed_of(*labels))
