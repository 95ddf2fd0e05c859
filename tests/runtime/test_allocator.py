"""What is freed is kept: an array that is made again and again costs no new pages."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from libi.runtime.allocator import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    return [np.ones(200_000) for _ in range(6)]

for _ in range(3):
    step()
before = faults()
for _ in range(100):
    step()
print(faults() - before)
"""


def page_faults(choice):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, choice],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_is_kept_costs_no_page_faults():
    """A hundred steps that make six arrays of 1.6 MB: 234,000 pages of 4 KiB, of which glibc would give most back."""
    kept, left = page_faults("keep"), page_faults("leave")
    assert kept < 0.05 * left, (kept, left)
