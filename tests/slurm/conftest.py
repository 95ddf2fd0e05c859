"""What is shared by the tests that need a SLURM, or something like it."""

from ..workflow.conftest import once, smoke_run  # noqa: F401
