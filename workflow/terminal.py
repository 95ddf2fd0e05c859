"""What a run shows: how far it is, and what fails. All else is in Snakemake's log file.

Where there is a terminal, a few lines at its bottom are drawn again every second: a bar for the whole, and what is
being done. Elsewhere a line a minute says how far the run is.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from progress import Progress, share_trained
from snakemake_interface_logger_plugins.common import LogEvent

HIDDEN_EVENTS = {
    *(LogEvent.JOB_INFO, LogEvent.SHELLCMD, LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED, LogEvent.PROGRESS),
    *(LogEvent.GROUP_INFO, LogEvent.RESOURCES_INFO),
}
HIDDEN_WORDS = (
    "Select jobs to execute",
    *("Assuming unrestricted shared filesystem", "Building DAG of jobs", "Using shell", "Provided cores"),
    *("Rules claiming more threads", "Conda environments: ignored"),
)
SHOWN_JOBS = 4
LAST_LINES = 3
FRAME = '  File "'  # how a line of a stack begins
CLEAR_LINE, UP = "\r\033[K", "\033[A"


class Screen:
    """The end of the terminal, or lines where there is none."""

    def __init__(self, progress: Progress, scratch: Mapping[int, Path], stream: TextIO, every: float = 60.0) -> None:
        """Show a run's progress.

        Args:
            progress: of the run.
            scratch: folders of training jobs, by job: there they note how far they have come.
            stream: to write to.
            every: seconds between two lines where there is no terminal.
        """
        self._progress, self._scratch, self._stream = progress, scratch, stream
        self._live, self._every = stream.isatty(), every
        self._lock, self._drawn, self._ended = threading.RLock(), 0, threading.Event()
        self.titles: dict[int, str] = {}

    def start(self) -> None:
        """Show it until `end`, from a thread that ends with the process."""
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self) -> None:
        while not self._ended.is_set():
            self.show()
            self._ended.wait(1.0 if self._live else self._every)

    def show(self) -> None:
        """Show how far the run is now."""
        with self._lock:
            if not self._live:
                print(f"[{time.strftime('%H:%M:%S')}] {self._progress.words()}", file=self._stream, flush=True)
                return
            self.clear()
            width = shutil.get_terminal_size().columns
            lines = [line[: width - 1] for line in self._block(width)]
            self._stream.write("\n".join(lines))
            self._stream.flush()
            self._drawn = len(lines)

    def clear(self) -> None:
        """Take away what is drawn, so that other text can be written."""
        with self._lock:
            if self._drawn:
                self._stream.write(CLEAR_LINE + (UP + CLEAR_LINE) * (self._drawn - 1))
                self._stream.flush()
                self._drawn = 0

    def end(self) -> None:
        """Stop showing."""
        self._ended.set()
        self.clear()

    def _block(self, width: int) -> list[str]:
        share, bar = self._progress.estimate().share, max(10, min(30, width - 70))
        filled = round(bar * share)
        jobs = self._progress.running()
        titles = [self._title(job) for job in jobs[:SHOWN_JOBS]]
        titles += [f"and {len(jobs) - SHOWN_JOBS} more"] if len(jobs) > SHOWN_JOBS else []
        return [f"[{'=' * filled}{' ' * (bar - filled)}] {self._progress.words()}", *(f"  {title}" for title in titles)]

    def _title(self, job: int) -> str:
        title, share = self.titles.get(job, f"job {job}"), share_trained(self._scratch.get(job))
        return f"{title}: {100 * share:.0f}%" if share else title


class Events(logging.Handler):
    """Tells the progress what Snakemake tells its log: which jobs start, end and fail."""

    def __init__(self, progress: Progress, screen: Screen) -> None:
        super().__init__()
        self._progress, self._screen = progress, screen

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of one event."""
        event, told = getattr(record, "event", None), record.__dict__
        if event == LogEvent.JOB_INFO:
            self._screen.titles[told["jobid"]] = told["rule_msg"] or told["rule_name"]
            self._progress.started(told["jobid"])
        elif event == LogEvent.JOB_FINISHED:
            self._progress.finished(told["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self._progress.failed(told["jobid"])


class Short(logging.Formatter):
    """Words of Snakemake as they are, but a failed job in a few lines."""

    def __init__(self, usual: logging.Formatter | None, screen: Screen) -> None:
        super().__init__()
        self._usual, self._screen = usual or logging.Formatter(), screen

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record; what is drawn gives way to it."""
        self._screen.clear()
        event, told = getattr(record, "event", None), record.__dict__
        if event == LogEvent.JOB_ERROR:
            return failure(self._screen.titles.get(told["jobid"]), told)
        if event == LogEvent.GROUP_ERROR:
            titles = [self._screen.titles.get(one["jobid"], one["rule_name"]) for one in told["job_error_info"]]
            failed = f"Failed: jobs that shared an allocation ({told['groupid']}): {'; '.join(titles)}"
            return "\n".join([failed, *map(str, told["aux_logs"])])
        return self._usual.format(record)


def failure(title: str | None, told: Mapping[str, Any]) -> str:
    """What is said of a failed job: its name, the end of its log, where the whole log is, and what to do.

    Args:
        title: what the job does.
        told: Snakemake's record of the failure.
    """
    lines = [f"Failed: {title or told['rule_name']}"]
    for log, text in logs_of(told):
        lines += [f"    {line}" for line in end_of(text)]
        lines.append(f"    The whole log: {log}")
    return "\n".join([*lines, "    Fix the cause and run the same command again; it goes on from here."])


def logs_of(told: Mapping[str, Any]) -> Iterator[tuple[Path, list[str]]]:
    """The logs of a failed job that can be read, each with its lines."""
    for log in map(Path, told["log"]):
        with contextlib.suppress(OSError):
            yield log, log.read_text(encoding="utf-8", errors="replace").splitlines()


def end_of(log: list[str]) -> list[str]:
    """The first lines of the error that a log ends with, without its stack; the last lines of a log without a stack."""
    text = [line for line in log if line.strip()]
    frames = [number for number, line in enumerate(text) if line.startswith(FRAME)]
    if not frames:
        return text[-LAST_LINES:]
    after = itertools.dropwhile(lambda line: line.startswith("    "), text[frames[-1] + 1 :])  # the frame's own lines
    return list(itertools.islice(after, LAST_LINES))


def shown(record: logging.LogRecord) -> bool:
    """Whether a record goes to the terminal."""
    event, words = getattr(record, "event", None), str(record.msg or "")
    if event == LogEvent.ERROR:
        return "CalledProcessError" not in words  # the job's failure says more
    # Of a group that failed, Snakemake calls each of its jobs failed.
    if event == LogEvent.JOB_ERROR and record.__dict__.get("indent"):
        return any(line.startswith(FRAME) for _, text in logs_of(record.__dict__) for line in text)
    return event not in HIDDEN_EVENTS


def says_something(record: logging.LogRecord) -> bool:
    """Whether a record is more than Snakemake's chatter."""
    return not str(record.msg or "").startswith(HIDDEN_WORDS)


def quieten(logger: logging.Logger) -> None:
    """Keep Snakemake's chatter from the terminal; its log file gets all of it."""
    for handler in to_terminal(logger):
        handler.addFilter(says_something)


def take_over(logger: logging.Logger, screen: Screen, progress: Progress) -> None:
    """Show a run's progress in the place of its jobs, and of a failed job a few lines."""
    for handler in to_terminal(logger):
        handler.addFilter(shown)
        handler.setFormatter(Short(handler.formatter, screen))
    logger.addHandler(Events(progress, screen))


def to_terminal(logger: logging.Logger) -> list[logging.Handler]:
    """Snakemake's own handlers that write to the terminal."""
    return [handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"]
