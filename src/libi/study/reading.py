"""Reading a study's file, and saying what is wrong with it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from libi.study.models import Study
from libi.study.sections import DATASETS, METHODS, Allowed, Section, nearest

# Each unit of these is two phases of training: lagging's segments (inference alone, joint), LiBI's rounds.
UNITS_OF_TWO_PHASES = {"lagging": "segments", "libi": "rounds"}
TWO_SAMPLE_POINTS = ("evaluation", "two_sample", "points")
LONGEST_SHOWN = 80


class StudyError(ValueError):
    """A study that cannot be used. Its text is complete: one line a problem, each naming file and key."""


def read_study(path: str | Path) -> Study:
    """Read and check a study's YAML file.

    Raises:
        StudyError: if the file is missing, is not YAML, gives a key twice or is not a study.
    """
    return load_study(read_mapping(path), str(path))


def read_mapping(path: str | Path) -> Any:
    """What a YAML file says.

    Raises:
        StudyError: if the file is missing, is not YAML or gives a key twice.
    """
    path = Path(path)
    try:
        return yaml.load(path.read_bytes(), Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        siblings = [str(sibling) for sibling in sorted(path.parent.glob("*.yaml"))]
        raise StudyError(f"{path}: no such file{nearest(str(path), siblings)}") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise StudyError(f"{path}: line {mark.line + 1}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StudyError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None


def load_study(mapping: dict[str, Any], file: str) -> Study:
    """Check a study that YAML has parsed, and type it.

    Args:
        mapping: the study as nested dictionaries.
        file: where it comes from, for the messages.

    Raises:
        StudyError: naming, for every problem, file, key, what was given, what is allowed and the nearest name.
    """
    study, errors = None, []
    try:
        study = Study.model_validate(mapping)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    problems = [_describe(error) for error in errors]
    problems += _disagreements(_Sound(mapping, {error["loc"] for error in errors}))
    if problems:
        raise StudyError("\n".join(f"{file}: {problem}" for problem in problems))
    return study


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, but a key given twice is an error instead of the first being forgotten."""

    def construct_mapping(self, node, deep=False):
        first_lines = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = key.tag, str(key.value)
            if name in first_lines:
                problem = f"key {key.value!r} is given twice, first on line {first_lines[name]}"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            first_lines[name] = key.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)


@dataclass(frozen=True)
class _Sound:
    """Looks values up in a study of which some parts are wrong or missing."""

    mapping: Any
    wrong: set[tuple]

    def __call__(self, *path):
        """Return the value at a path, or None if it, or anything on the way to it, is wrong or missing."""
        value = self.mapping
        for depth, part in enumerate(path):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
            if path[: depth + 1] in self.wrong:
                return None
        return value


def _disagreements(value: _Sound) -> Iterator[str]:
    """Describe the values that are sound alone but do not go together."""
    epochs, share = value("training", "epochs"), value("training", "annealing_share")
    batch, train = value("training", "batch_size"), value("points", "train")
    if None not in (batch, train) and train % batch:
        yield refuse(("training", "batch_size"), batch, f"a divisor of points.train, which is {train}")
    constrained = value("training", "constrained_batch_size")
    if None not in (constrained, train) and train % constrained:
        yield refuse(
            ("training", "constrained_batch_size"), constrained, f"a divisor of points.train, which is {train}"
        )
    sample, test, drawn = (
        value("evaluation", "two_sample", "sample"),
        value("points", "test"),
        value(*TWO_SAMPLE_POINTS),
    )
    if sample == "test" and None not in (test, drawn) and drawn > test:
        yield refuse(TWO_SAMPLE_POINTS, drawn, f"at most points.test, which is {test}, since sample is test")
    points, neighbours = (value("evaluation", "two_sample", key) for key in ("points", "neighbours"))
    if None not in (points, neighbours) and points <= neighbours:
        words = f"at least {neighbours + 1}, one more than evaluation.two_sample.neighbours"
        yield refuse(("evaluation", "two_sample", "points"), points, words)
    annealed = any(value("datasets", dataset, "beta_vae_anneal") is not None for dataset in DATASETS)
    if annealed and None not in (epochs, share) and epochs <= 0.5 / min(share, 1 - share):
        words = f"a share that leaves at least one epoch before and after it of training.epochs, which is {epochs}"
        yield refuse(("training", "annealing_share"), share, words)
    for dataset, (method, unit) in itertools.product(DATASETS, UNITS_OF_TWO_PHASES.items()):
        path = ("datasets", dataset, method, unit)
        for index, units in enumerate(value(*path) or () if epochs is not None else ()):
            if value(*path, index) is not None and 2 * units > epochs:
                words = f"at most {epochs // 2}, since each has two phases and training.epochs is {epochs}"
                yield refuse((*path, index), units, words)


def _describe(error) -> str:
    """Put one of pydantic's errors in the words of a study's author."""
    path, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return f"{_dotted(path)}: {_unknown(path)}"
    if kind == "invalid_key":
        names = ", ".join(_section(path[:-1]).model_fields)
        return refuse(path[:-1], error["input"], f"as a key, one of {names}")
    if kind == "missing":
        field = _section(path[:-1]).model_fields[path[-1]]
        words = next((item.text for item in field.metadata if isinstance(item, Allowed)), None)
        return f"{_dotted(path)}: missing; allowed: {words or _a_mapping(field.annotation)}"
    if kind == "not_allowed":
        meant = nearest(error["input"], error["ctx"]["choices"])
        return refuse(path, error["input"], error["ctx"]["text"]) + meant
    if kind == "model_type":
        return refuse(path, error["input"], _a_mapping(_section(path)))
    return f"{_dotted(path)}: {error['msg']}"


def _unknown(path) -> str:
    names = tuple(_section(path[:-1]).model_fields)
    noun = {DATASETS: "data set", METHODS[1:]: "method"}.get(names, "key")
    if noun == "method" and path[-1] == "truth":
        return f"always part of a study and never listed (allowed: {', '.join(names)})"
    return f"unknown {noun}{nearest(path[-1], names)} (allowed: {', '.join(names) or 'nothing, write {}'})"


def _section(path) -> type[Section]:
    section = Study
    for key in path:
        section = section.model_fields[key].annotation
    return section


def _a_mapping(section) -> str:
    names = ", ".join(section.model_fields)
    return f"a mapping with the keys {names}" if names else "an empty mapping, {}"


def refuse(path, given, allowed) -> str:
    key = f"{_dotted(path)}: " if path else ""
    return f"{key}given {_show(given)}; allowed: {allowed}"


def _dotted(path) -> str:
    dotted = ""
    for part in path:
        plain = isinstance(part, str) and part.isidentifier()
        dotted += f".{part}" if plain else f".{part!r}" if isinstance(part, str) else f"[{part}]"
    return dotted.removeprefix(".")


def _show(given) -> str:
    """Write a value as its author did, or nearly; text that looks like a number says that it is text."""
    if given is None or isinstance(given, bool):
        return {None: "nothing", True: "true", False: "false"}[given]
    try:
        text = repr(given)
    except ValueError:
        return "a number of thousands of digits"
    if len(text) > LONGEST_SHOWN:
        text = f"{text[:LONGEST_SHOWN]}..."
    try:
        float(given if isinstance(given, str) else "text")
    except ValueError:
        return text
    return f"{text} (text; numbers have no quotes, powers of ten are written like 1.0e-8)"
