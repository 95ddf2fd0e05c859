"""What a job tells its log file."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path


class _LogFile(logging.FileHandler):
    """A log file whose drive may be full: a job goes on without it, and says so once."""

    problem = ""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Take note of an error of writing."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)
        elif not self.problem:
            self.problem = f"{self.baseFilename} cannot be written: {sys.exception()}"
            print(self.problem, file=sys.stderr)


@contextlib.contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Write log messages, Python warnings and the traceback of an error to a file while the block runs.

    Raises:
        SystemExit: in the place of an error, whose traceback is for the file alone: Snakemake shows the file's end.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, mode="w", encoding="utf-8")
    except OSError as error:
        sys.exit(f"{path} cannot be written: {error}")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log = logging.getLogger("libi")
    log.setLevel(logging.INFO)
    logging.captureWarnings(True)
    owners = (log, logging.getLogger("py.warnings"))
    for owner in owners:
        owner.addHandler(handler)
    try:
        yield log
    except Exception as error:
        log.exception("the job failed")
        if handler.problem:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)  # in the place of the log's end
        raise SystemExit(1) from None
    except BaseException:
        log.exception("the job was stopped")
        raise
    finally:
        for owner in owners:
            owner.removeHandler(handler)
        logging.captureWarnings(False)
        with contextlib.suppress(OSError):
            handler.close()
