"""Named random streams: a stream's seed is a hash of what it is for, never of when it is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import torch

SEPARATOR = "\x1f"


def name_of(*labels: object) -> str:
    """The labels as one text. With further labels behind it, `seeds_of` gives the seed of all labels together."""
    return SEPARATOR.join(map(str, labels))


def seed_of(*labels: object) -> int:
    """A 63-bit seed that depends on the labels and their order, and on nothing else."""
    return seeds_of([name_of(*labels)])[0]


def seeds_of(names: Iterable[str], *labels: object) -> list[int]:
    """The seeds of several results of `name_of`, each with the same labels behind it."""
    ending = name_of("", *labels) if labels else ""
    digests = (hashlib.sha256((name + ending).encode()).digest() for name in names)
    return [int.from_bytes(digest[:8], "big") >> 1 for digest in digests]


def stream(*labels: object) -> torch.Generator:
    """A random stream on the host for the purpose that the labels name.

    Streams live on the host whatever the device that trains, so that a study draws the same numbers everywhere.
    """
    return torch.Generator().manual_seed(seed_of(*labels))
