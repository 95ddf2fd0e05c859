"""One core for everything, and a description of the machine that names no host and no user."""

from __future__ import annotations

import importlib.util
import os
import platform
from datetime import date

from libi.runtime.processor import describe_processor

XLA_ON_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def pin_to_one_core() -> None:
    """Bind this process to one core. Call it before torch or JAX start their threads."""
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {XLA_ON_ONE_THREAD}".strip()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def has_jax() -> bool:
    """Whether JAX is installed here."""
    return importlib.util.find_spec("jax") is not None


def describe_machine() -> dict[str, str | int | bool | None]:
    """What the figures were measured on and with."""
    import torch  # noqa: PLC0415  (only after the process is bound to its core)

    jax_version = None
    if has_jax():
        import jax  # noqa: PLC0415

        jax_version = jax.__version__
    return {
        "date": date.today().isoformat(),
        **describe_processor(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "jax": jax_version,
        "torch threads": torch.get_num_threads(),
    }
