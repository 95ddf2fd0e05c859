"""Says in plain words which file of --configfile cannot be read, before Snakemake opens it.

Snakemake opens these files before it reads the Snakefile. If one of them is missing or is not YAML, it ends with a
stack. Before that, it imports every package whose name begins like this one's, as a logger plugin. So this package is a
logger plugin too, but nobody needs to choose it by --logger: workflow/terminal.py decides what a run shows.
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase

from libi.study.targets import describe_unreadable

NO_STUDY = 1


class LogHandler(LogHandlerBase):
    """A handler that drops every record."""

    writes_to_stream = writes_to_file = has_filter = has_formatter = needs_rulegraph = False

    def emit(self, record: logging.LogRecord) -> None:
        """Drop a record."""


def configuration_files(arguments: Sequence[str]) -> list[str]:
    """What Snakemake takes for configuration files: all that stands behind --configfile, up to the next option."""
    found: list[str] = []
    taking = False
    for argument in arguments:
        option, _, value = argument.partition("=")
        if argument.startswith("-"):
            taking = option in ("--configfile", "--configfiles")
            found += [value] if taking and value else []
        elif taking:
            found.append(argument)
    return found


if Path(sys.argv[0]).stem in ("snakemake", "__main__"):
    words = describe_unreadable(configuration_files(sys.argv[1:]))
    if words:
        print(words, file=sys.stderr)
        raise SystemExit(NO_STUDY)
