"""Says in plain words which file of --configfile cannot be read, before Snakemake opens it.

Snakemake opens these files before it reads the Snakefile. If one of them is missing or is not YAML, it ends with a
stack. Before that, it imports every package whose name begins like this one's, as a logger plugin. So this package is a
logger plugin too, but nobody needs to choose it by --logger: workflow/terminal.py decides what a run shows.

It must not import libi: that comes from the environment here, and the Snakefile may be another work tree's.
"""

import contextlib
import difflib
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from snakemake_interface_logger_plugins.base import LogHandlerBase

SUFFIXES = (".yaml", ".yml", ".json")
NO_KEYS = "is not a study's file: it has no keys"
FOLDERS = ("results", "figures", "paper", "logs")  # of what a study makes


class LogHandler(LogHandlerBase):
    """A handler that drops every record."""

    writes_to_stream = writes_to_file = has_filter = has_formatter = needs_rulegraph = False

    def emit(self, record: logging.LogRecord) -> None:
        """Drop a record."""


def configuration_files(arguments: Sequence[str]) -> list[str]:
    """What Snakemake takes for configuration files: all that comes after --configfile, up to the next option."""
    found: list[str] = []
    taking = False
    for argument in arguments:
        option, _, value = argument.partition("=")
        if argument.startswith("-"):
            taking = option in ("--configfile", "--configfiles") and not value  # with = it takes one
            found += [value] if option in ("--configfile", "--configfiles") and value else []
        elif taking:
            found.append(argument)
    return found


def describe_unreadable(files: Sequence[str]) -> str:
    """Say why what comes after --configfile cannot be a study's file; empty if all of it can be read.

    Args:
        files: as they stand on the command line.
    """
    likely = [file for file in files if file.lower().endswith(SUFFIXES)]
    for file in files:
        of_study = Path(file).parts[:1] in {(folder,) for folder in FOLDERS}
        if file not in likely and (of_study or not Path(file).exists()):
            command = f"snakemake --cores 8 {file} --configfile {likely[0] if likely else 'config/quick.yaml'}"
            words = f"{file} comes after --configfile, so Snakemake takes it for a study's file."
            return f"{words} Write what you want to make before it: {command}"
        if words := _describe(Path(file)):
            return f"{file}: {words}"
    return ""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which says where a tag does not fit its text."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """What a node means."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError):
            problem = f"{str(node.value)[:80]!r} is no {node.tag.rsplit(':')[-1]}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


def _describe(path: Path) -> str:
    if path.is_dir():
        return "is a folder; name a study's file in it"
    if path.exists() and not path.is_file():
        return "is not a regular file, and Snakemake reads it more than once; save it to a file"
    try:
        text = path.read_text(encoding="utf-8")
        with contextlib.suppress(ValueError):
            return "" if isinstance(json.loads(text), dict) else NO_KEYS
        mapping = yaml.load(text, Loader=_Loader)
    except FileNotFoundError:
        others = difflib.get_close_matches(str(path), [str(other) for other in path.parent.glob("*.yaml")], n=1)
        return "no such file" + (f"; did you mean {others[0]!r}?" if others else "")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return "is not in UTF-8; save it as UTF-8"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return f"{f'line {mark.line + 1}: ' if mark else ''}{error.problem or error.context}"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return f"not readable as YAML: {' '.join(str(error).split())}"
    return "" if isinstance(mapping, dict) else NO_KEYS


if Path(sys.argv[0]).stem in ("snakemake", "__main__"):
    said = describe_unreadable(configuration_files(sys.argv[1:]))
    if said:
        print(said, file=sys.stderr)
        raise SystemExit(1)
