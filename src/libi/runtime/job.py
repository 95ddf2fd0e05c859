"""What surrounds the work of a script: its log, and what its results say of their origin."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from libi.runtime.logs import log_to
from libi.runtime.seals import made_by


@contextlib.contextmanager
def job_of(snakemake: Any) -> Iterator[logging.Logger]:
    """Do the work of a script within the block.

    Args:
        snakemake: what Snakemake gives a script: the files that the job reads and writes, and its parameters.

    Raises:
        SystemExit: in the place of an error, whose traceback is in the log alone.
    """
    with log_to(snakemake.log[0]) as log, made_by(dict(snakemake.params.items()), list(snakemake.input)):
        yield log
