"""The table of a study's keys in config/README.md: what each means, what it may be, and what the paper's study has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from libi.base.values import Allowed, format_number
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.study.jobs import training_settings_of
from libi.study.study import Study

HEADS = ("key", "meaning", "allowed", "paper's study")
ANY = "*"  # any data set


class Key(NamedTuple):
    """A key of a study.

    Attributes:
        name: with dots.
        meaning: what it says.
        allowed: what its value may be.
        value: that of a study.
    """

    name: str
    meaning: str
    allowed: str
    value: str


def keys_of(study: Study) -> Iterator[Key]:
    """The keys of a study, in the order of its file; those of a method once, for all data sets."""
    methods = {name for dataset in study.dataset_names() for name in study.methods(dataset)}
    read = {key for name in methods for key in training_settings_of(name).model_fields}
    others = [f"training.{key}" for key in type(study.training).model_fields if key not in read]
    yield from _of_section("", study, ("evaluation", "datasets", *others))
    for name in study.metric_names():
        settings = study.metric(name)
        if not type(settings).model_fields:
            yield Key(f"evaluation.metrics.{name}", _first_line(METRICS[name].measure), "`{}`", "`{}`")
        yield from _of_section(f"evaluation.metrics.{name}.", settings)
    yield from _of_section("evaluation.posterior.", study.evaluation.posterior)
    yield Key("datasets", "The data sets, each with its methods.", "one or more", "all of the paper's")
    yield Key(f"datasets.{ANY}", "The methods of a data set, each with its grid.", "one or more", "all of the paper's")
    for method in dict.fromkeys(name for dataset in study.dataset_names() for name in study.methods(dataset)):
        yield from _of_method(study, method)


def _of_section(prefix: str, section: BaseModel, others: Collection[str] = ()) -> Iterator[Key]:
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), f"{prefix}{name}"
        if key in others:
            continue
        if isinstance(value, BaseModel):
            yield from _of_section(f"{key}.", value, others)
        else:
            yield _key(key, field, "its default" if value is None else _words(value))


def _of_method(study: Study, method: str) -> Iterator[Key]:
    grid = METHODS[method].grid
    if grid is None:
        return
    if not grid.model_fields:
        yield Key(f"datasets.{ANY}.{method}", _first_line(grid), "`{}`", "`{}`")
    for name, field in grid.model_fields.items():
        values: dict[str, list[str]] = {}
        for dataset in study.dataset_names():
            tried = getattr(getattr(getattr(study.datasets, dataset), method), name)
            values.setdefault(_words(tried), []).append(dataset)
        yield _key(f"datasets.{ANY}.{method}.{name}", field, _by_data_set(values))


def _by_data_set(values: Mapping[str, list[str]]) -> str:
    if len(values) == 1:
        return next(iter(values))
    return "; ".join(f"{words} ({', '.join(datasets)})" for words, datasets in values.items())


def _key(name: str, field: FieldInfo, value: str) -> Key:
    allowed = [one.text for one in _metadata(field) if isinstance(one, Allowed)]
    return Key(name, field.description or "", allowed[0] if allowed else "", value)


def _metadata(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    for one in get_args(field.annotation):
        yield from getattr(one, "__metadata__", ())


def _first_line(thing: object) -> str:
    """What a thing says of itself."""
    return (thing.__doc__ or "").strip().splitlines()[0]


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_words, value))
    if isinstance(value, bool):
        return str(value).lower()
    mantissa, e, exponent = (format_number(value) if isinstance(value, float) else str(value)).partition("e-")
    return (
        f"{float(mantissa)}e-{int(exponent)}" if e and exponent.isdigit() else f"{mantissa}{e}{exponent}"
    )  # as in YAML


def keys_to_markdown(study: Study) -> str:
    """The table of a study's keys in Markdown."""
    lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    for key in keys_of(study):
        cells = (f"`{key.name}`", key.meaning, key.allowed, key.value)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |")
    return "\n".join(lines)
