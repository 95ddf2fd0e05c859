"""What a program runs on, without the names of host and user."""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def _first() -> dict[str, str]:
    """What Linux says of the first core; nothing on other systems."""
    if not CPUINFO.exists():
        return {}
    first = CPUINFO.read_text().split("\n\n")[0]
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


@functools.cache
def describe_processor() -> dict[str, str | int | bool | None]:
    """The processor's name, family and model, cache and cores, and which wide instructions it has."""
    told = _first()
    flags = told.get("flags", "").split()
    return {
        "processor": told.get("model name", platform.machine()),
        "family and model": f"{told.get('cpu family', '?')}/{told.get('model', '?')}",
        "cache": told.get("cache size", "?"),
        "cores": os.cpu_count(),
        "avx2": "avx2" in flags,
        "avx512f": "avx512f" in flags,
        "amx": "amx_tile" in flags,
    }
