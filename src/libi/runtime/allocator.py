"""Memory that steps give back is kept for the next step."""

from __future__ import annotations

import ctypes
import logging

log = logging.getLogger(__name__)

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of glibc's <malloc.h>
LARGEST_MMAP_THRESHOLD = 2**25  # that glibc accepts
KEPT = 2**30


def keep_freed_memory() -> bool:
    """Let the allocator keep what is freed, up to 1 GiB, rather than give it back to the kernel.

    A training step frees and allocates the same arrays thousands of times a second. glibc returns large ones to the
    kernel each time, which then clears every page again: that can take several times as long as the step itself.

    Returns:
        whether the allocator took the settings; others than glibc's do not have them.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        log.info("this C library has no mallopt: large arrays may cost page faults")
        return False
    return bool(mallopt(MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD) and mallopt(TRIM_THRESHOLD, KEPT))
