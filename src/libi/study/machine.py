"""What this machine has, found out without PyTorch, which takes seconds to import."""

import os
from pathlib import Path

# What the drivers make: NVIDIA's, that of its Jetson boards, that of Linux within Windows, and AMD's, which PyTorch
# calls cuda as well.
GPU_FILES = ("/dev/nvidiactl", "/dev/nvhost-ctrl", "/dev/dxg", "/dev/kfd")


def has_gpu() -> bool:
    """Whether a GPU's driver is here and not all of its GPUs are hidden. False is sure, True only likely."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(Path(file).exists() for file in GPU_FILES)
