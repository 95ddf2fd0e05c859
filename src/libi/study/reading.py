"""Reading a study's file, and saying what is wrong with it."""

import itertools
import math
import re
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from libi.base.method import TRUTH
from libi.base.own_points import PointsError, count_points
from libi.base.values import Allowed, Section, StudyError, nearest
from libi.datasets import DATASETS, own_points
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.runtime.rooms import RoomError
from libi.study.grids import LISTED, DatasetGrids, MethodGrids, MetricsSettings, StudyTrainingSettings
from libi.study.jobs import TrainingJob
from libi.study.study import Study

LONGEST_SHOWN = 80
SHORTENED = reprlib.Repr()  # of what YAML's aliases can make endless
SHORTENED.maxlevel, SHORTENED.maxlist, SHORTENED.maxdict, SHORTENED.maxset = 3, 30, 30, 30
SHORTENED.maxstring = SHORTENED.maxlong = SHORTENED.maxother = 200
Part = str | int
Place = tuple[Part, ...]  # of a key within a study


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
        return yaml.load(path.read_bytes(), Loader=_StrictLoader)
    except FileNotFoundError:
        siblings = [str(sibling) for sibling in sorted(path.parent.glob("*.yaml"))]
        raise StudyError(f"{path}: no such file{nearest(str(path), siblings)}") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise StudyError(f"{path}: {line}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StudyError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None


def load_study(mapping: dict[str, Any], file: str) -> Study:
    """Check a study that YAML has parsed, and type it.

    Args:
        mapping: the study as nested dictionaries.
        file: where it comes from, for the messages.

    Raises:
        StudyError: naming, for every problem, file, key, what was given, what is allowed and the nearest name.
        RoomError: if the file of a method is not what it must be.
    """
    errors: list[ErrorDetails] = []
    try:
        study = Study.model_validate(mapping)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    problems = [_describe(error) for error in errors]
    problems += _disagreements(_Sound(mapping, {error["loc"] for error in errors}))
    if problems:
        raise StudyError("\n".join(f"{file}: {problem}" for problem in problems))
    _check_phases(study)
    return study


def _check_phases(study: Study) -> None:
    """Ask each method for its phases, so that what is wrong with its file is said before anything runs."""
    for dataset in study.dataset_names():
        for method in (*study.methods(dataset), *study.demonstrations(dataset)):
            job = TrainingJob.model_validate(study.training_job(dataset, method))
            for configuration in job.configuration_objects():
                job.phases(configuration)


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader, but what would be read otherwise than it looks is an error, as is what it cannot read."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """What a node means."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError):  # of tags whose text does not fit them
            problem = f"{_show(node.value)} is no {node.tag.rsplit(':')[-1]}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping, in which no key is given twice."""
        first_lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = key.tag, str(key.value)
            if name in first_lines:
                problem = f"key {key.value!r} is given twice, first on line {first_lines[name]}"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            first_lines[name] = key.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """A number that means what it looks like: to YAML 1.1, 010 is 8 and 1:30 is 90."""
        read = self.construct_yaml_int if node.tag.endswith(":int") else self.construct_yaml_float
        number: int | float = read(node)
        if ":" in node.value or re.fullmatch(r"[-+]?0[0-7_]+", node.value):
            problem = f"{node.value} is read as {number} by YAML; write a plain decimal number"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return number


for _kind in ("int", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _StrictLoader.construct_number)


MOST_DRAWS, MOST_CONFIGURATIONS, MOST_MODELS = 10**8, 10**4, 10**6  # of what is held or listed at once


@dataclass(frozen=True)
class _Sound:
    """Looks values up in a study of which some parts are wrong or missing."""

    mapping: Any
    wrong: set[Place]

    def __call__(self, *path: Part) -> Any:
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
    yield from dict.fromkeys(_disagreements_of_methods(value))
    yield from _disagreements_of_sizes(value)
    yield from _disagreements_of_metrics(value)
    yield from _disagreements_of_own_points(value)
    halved, epochs = [name for name in LISTED if METHODS[name].halves], value("training", "epochs")
    for dataset, method in itertools.product(DATASETS, halved):
        path = ("datasets", dataset, method, METHODS[method].halves)
        for index, units in enumerate(value(*path) or () if epochs is not None else ()):
            if value(*path, index) is not None and 2 * units > epochs:
                words = f"at most {epochs // 2}, since each has two phases and training.epochs is {epochs}"
                yield refuse((*path, index), units, words)


def _disagreements_of_methods(value: _Sound) -> Iterator[str]:
    """Describe what is missing of each method's training settings, and what does not go together."""
    training, points = value("training"), value("points", "train")
    if not isinstance(training, dict):
        return
    there = {dataset for dataset in DATASETS if value("datasets", dataset) is not None}
    given = {key: value("training", key) for key in StudyTrainingSettings.model_fields}
    for name, method in METHODS.items():
        listed = any(value("datasets", dataset, name) is not None for dataset in there)
        if not (listed or name == TRUTH or there & set(method.shown_on)):
            continue
        left_out = {key: field for key, field in method.settings.model_fields.items() if key not in training}
        yield from (_missing(("training", key), field) for key, field in left_out.items() if field.is_required())
        defaults = {key: field.get_default(call_default_factory=True) for key, field in left_out.items()}
        whole = given | {key: default for key, default in defaults.items() if not left_out[key].is_required()}
        try:
            refused = [(key, whole[key], words) for key, words in method.settings.disagreements(whole, points)]
        except Exception as error:  # whatever a file of somebody's own does
            problem = f"disagreements() of its {method.settings.__name__} fails: {type(error).__name__}: {error}"
            raise RoomError(f"{METHODS.path(name)}: {problem}") from None
        yield from (refuse(("training", key), what, words) for key, what, words in refused)


def _disagreements_of_sizes(value: _Sound) -> Iterator[str]:
    """Describe what is too much together: of each number alone there is a limit too."""
    points, draws = value("points", "validation"), value("training", "validation_draws")
    if None not in (points, draws) and points * draws > MOST_DRAWS:
        words = f"at most {MOST_DRAWS // points}, since all draws are held in memory and points.validation is {points}"
        yield refuse(("training", "validation_draws"), draws, words)
    restarts, packed = value("restarts") or 1, min(value("replicates_per_job") or 1, value("replicates") or 1)
    for dataset, method in itertools.product(DATASETS, LISTED):
        grid = value("datasets", dataset, method)
        if not isinstance(grid, dict) or not all(isinstance(axis, list) for axis in grid.values()):
            continue
        configurations = math.prod(map(len, grid.values()))
        models = configurations * restarts * packed
        if configurations > MOST_CONFIGURATIONS:
            words = f"{configurations} configurations; at most {MOST_CONFIGURATIONS}, since each is listed before a run"
            yield f"datasets.{dataset}.{method}: its grid has {words}"
        elif models > MOST_MODELS:
            words = f"{models} models in one job; at most {MOST_MODELS}, since all of them are held in memory"
            yield f"datasets.{dataset}.{method}: with restarts and replicates_per_job its grid makes {words}"


def _disagreements_of_metrics(value: _Sound) -> Iterator[str]:
    """Describe what does not go together of each metric's settings."""
    points = {split: value("points", split) for split in ("train", "validation", "test")}
    for name, metric in METRICS.items():
        if value("evaluation", "metrics", name) is not None:
            given = {key: value("evaluation", "metrics", name, key) for key in metric.settings.model_fields}
            for key, words in metric.disagreements(given, points):
                yield refuse(("evaluation", "metrics", name, key), given[key], words)


def _disagreements_of_own_points(value: _Sound) -> Iterator[str]:
    """Describe which files of points are missing, or have too few for the splits of a replicate."""
    asked = [value("points", split) for split in ("train", "validation", "test")]
    for name in DATASETS:
        path = own_points(name)
        if path is None or value("datasets", name) is None or None in asked:
            continue
        try:
            found = count_points(path)
        except PointsError as error:
            yield f"datasets.{name}: {error}"
            continue
        if found < sum(asked):
            words = f"{path} has {found}, and points.train, points.validation and points.test ask for {sum(asked)}"
            yield f"datasets.{name}: too few points: {words}"


def _describe(error: ErrorDetails) -> str:
    """Put one of pydantic's errors in the words of a study's author."""
    path, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return f"{_dotted(path)}: {_unknown(path)}"
    if kind == "invalid_key":
        names = ", ".join(_section(path[:-1]).model_fields)
        return refuse(path[:-1], error["input"], f"as a key, one of {names}")
    if kind == "missing":
        return _missing(path, _section(path[:-1]).model_fields[str(path[-1])])
    if kind == "not_allowed":
        meant = nearest(error["input"], error["ctx"]["choices"])
        return refuse(path, error["input"], error["ctx"]["text"]) + meant
    if kind == "model_type":
        return refuse(path, error["input"], _a_mapping(_section(path)))
    return f"{_dotted(path)}: {error['msg']}"


def _missing(path: Place, field: FieldInfo) -> str:
    words = next((item.text for item in field.metadata if isinstance(item, Allowed)), None)
    return f"{_dotted(path)}: missing; allowed: {words or _a_mapping(field.annotation)}"


def _unknown(path: Place) -> str:
    section: Any = _section(path[:-1])
    names = tuple(section.model_fields)
    noun = {DatasetGrids: "data set", MethodGrids: "method", MetricsSettings: "metric"}.get(section, "key")
    if noun == "method" and path[-1] == TRUTH:
        return f"always part of a study and never listed (allowed: {', '.join(names)})"
    return f"unknown {noun}{nearest(path[-1], names)} (allowed: {', '.join(names) or 'nothing, write {}'})"


def _section(path: Place) -> type[Section]:
    section: Any = Study
    for key in path:
        section = section.model_fields[key].annotation
    return cast(type[Section], section)


def _a_mapping(section: Any) -> str:
    names = ", ".join(section.model_fields)
    return f"a mapping with the keys {names}" if names else "an empty mapping, {}"


def refuse(path: Place, given: object, allowed: str) -> str:
    """The words that refuse a value: its key, what was given, and what is allowed."""
    key = f"{_dotted(path)}: " if path else ""
    return f"{key}given {_show(given)}; allowed: {allowed}"


def _dotted(path: Place) -> str:
    dotted = ""
    for part in path:
        plain = isinstance(part, str) and part.isidentifier()
        dotted += f".{part}" if plain else f".{part!r}" if isinstance(part, str) else f"[{part}]"
    return dotted.removeprefix(".")


def _show(given: object) -> str:
    """Write a value as its author did, or nearly; text that looks like a number says that it is text."""
    if given is None or isinstance(given, bool):
        return "nothing" if given is None else str(given).lower()
    try:
        text = SHORTENED.repr(given)
    except ValueError:
        return "a number of thousands of digits"
    if len(text) > LONGEST_SHOWN:
        text = f"{text[:LONGEST_SHOWN]}..."
    try:
        float(given if isinstance(given, str) else "text")
    except ValueError:
        return text
    return f"{text} (text; numbers have no quotes, powers of ten are written like 1.0e-8)"
