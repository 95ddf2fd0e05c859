"""After a kill or a power loss the same command goes on where the run stopped."""

import fcntl
import shutil
from pathlib import Path


def forget_dead_runs():
    """Remove the locks and half-written files that killed runs have left, and mark this run as alive.

    Every run shares a lock on one file, and the kernel takes it away when the run's process ends, however it ends. So
    whoever gets that lock alone knows that all others are dead. Without such locks (on some network drives) nothing
    is removed: Snakemake then says when `snakemake --unlock` is needed.
    """
    try:
        Path(".snakemake").mkdir(exist_ok=True)
        alive = open(".snakemake/alive", "w")
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(".snakemake/locks", ignore_errors=True)
            for folder, place in product(("results", "figures", "paper", "scratch"), FAMILY):
                for path in Path(f"{folder}{place}").rglob(".*.part"):
                    path.unlink(missing_ok=True)
        except BlockingIOError:
            pass  # another run is alive
        fcntl.flock(alive, fcntl.LOCK_SH)
        return alive  # the lock ends when the file is closed
    except OSError:
        return None


if workflow.is_main_process:
    ALIVE = forget_dead_runs()
