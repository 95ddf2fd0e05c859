"""Keeps Snakemake's scheduler from working while nothing changes."""

from __future__ import annotations

from typing import Any


def stop_polling(scheduler: Any) -> None:
    """Let Snakemake look for jobs to start when one has ended, and not every second as well.

    It limits the jobs that start in a second (to 100, unless told otherwise), and so every look sets a timer for
    another a second later. Each job that ends adds such a chain of looks, which lasts as long as the run: after a
    hundred jobs they took half a core (Snakemake 9.27). Without the limit there are none, and no option takes it away.

    Args:
        scheduler: Snakemake's, of the run that is about to start.
    """
    scheduler.job_rate_limiter = None
