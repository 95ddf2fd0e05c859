"""Likelihood before inference: a replication of Yacoby, Pan & Doshi-Velez on the global optima of VAEs.

`libi.load(path)` opens a trained model. docs/architecture.md is the map of the folders.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["load"]


def __getattr__(name: str) -> Any:
    # Imported when first used: stages that only read tables should not wait for PyTorch.
    if name == "load":
        from libi.models.load import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
