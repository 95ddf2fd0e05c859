"""What a job tells its log file."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Write log messages, Python warnings and the traceback of an error to a file while the block runs.

    Raises:
        SystemExit: in the place of an error, whose traceback is for the file alone: Snakemake shows the file's end.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log = logging.getLogger("libi")
    log.setLevel(logging.INFO)
    logging.captureWarnings(True)
    owners = (log, logging.getLogger("py.warnings"))
    for owner in owners:
        owner.addHandler(handler)
    try:
        yield log
    except Exception:
        log.exception("the job failed")
        raise SystemExit(1) from None
    except BaseException:
        log.exception("the job was stopped")
        raise
    finally:
        for owner in owners:
            owner.removeHandler(handler)
        logging.captureWarnings(False)
        handler.close()
