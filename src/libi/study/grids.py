"""The data sets, methods and metrics that a study may name: all that have a file in their room."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from libi.base.method import ElboSettings, MethodSettings
from libi.base.values import Grid, Section, nearest
from libi.datasets import DATASETS, architecture_keys, check_name
from libi.methods import METHODS
from libi.metrics import METRICS
from libi.models.metric import HIGHER, LOWER
from libi.objectives import OBJECTIVES
from libi.runtime.rooms import RoomError
from libi.study.jobs import JobArchitecture
from libi.study.settings import PosteriorSettings, TrainingSettings


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def _may_be_left_out(description: str | None = None) -> Any:
    # The default is never validated, so a key can be absent but not null: `vae:` with nothing behind it
    # would otherwise drop the method in silence.
    return Field(default=None, description=description, json_schema_extra=_without_default)


class Choice(Section):
    """A section whose keys may be left out, but not all of them."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if not self.model_fields_set:
            text = f"a mapping with one or more of the keys {', '.join(type(self).model_fields)}"
            raise PydanticCustomError("not_allowed", "{text}", {"text": text, "choices": ()})
        return self


def _choice_of(name: str, words: str, keys: Mapping[str, Any], required: Collection[str] = ()) -> Any:
    """The type of a section that has some of these keys, each with its type; those that are required it must have."""
    fields: dict[str, Any] = {key: (kind, ... if key in required else _may_be_left_out()) for key, kind in keys.items()}
    return create_model(name, __base__=Choice, __doc__=words, **fields)


def check_keys(place: str, names: Collection[str], section: type[Section]) -> None:
    """Refuse a file that says it reads a key which no study has, or which all of its kind read.

    Args:
        place: where it says so.
        names: of the keys.
        section: of a job, in which keys that some read are not required.

    Raises:
        RoomError: naming the file, the key and the nearest that there is.
    """
    keys = [name for name, field in section.model_fields.items() if not field.is_required()]
    for name in names:
        if name not in keys:
            raise RoomError(f"{place}: {name!r} cannot be named here{nearest(name, keys)} (allowed: {', '.join(keys)})")


def check_section(path: Path, what: str, given: object, kind: type[Section]) -> None:
    """Refuse settings that are no class of the kind that a study's reader knows; None means that there are none."""
    if given is not None and not (isinstance(given, type) and issubclass(given, kind)):
        raise RoomError(f"{path}: its {what} must be a class made from {kind.__name__}")


KEYS = ("dataset", "method", "replicate", "configuration", "restart")  # columns of results/metrics/ before the metrics

for room in (DATASETS, METHODS, METRICS):
    titles: dict[str, str] = {}
    for thing in room:  # what is wrong with a file is said before anything runs
        room.check(thing)
        if titles.setdefault(room.title(thing), thing) != thing:
            raise RoomError(f"{room.path(thing)}: TITLE is that of {titles[room.title(thing)]}.py; give it another one")
for thing in OBJECTIVES:
    OBJECTIVES.check(thing)
for thing in DATASETS:
    check_name(thing)
    check_keys(f"{DATASETS.path(thing)}: ARCHITECTURE", architecture_keys(thing), JobArchitecture)
for thing, method in METHODS.items():
    check_section(METHODS.path(thing), "settings", method.settings, MethodSettings)
    if "elbo" in method.objectives and not ElboSettings.model_fields.keys() <= method.settings.model_fields.keys():
        words = f"trains under the ELBO, so its {method.settings.__name__} must be made from ElboSettings"
        raise RoomError(f"{METHODS.path(thing)}: {words}")
    check_section(METHODS.path(thing), "grid", method.grid, Grid)
    for key in filter(None, [method.halves]):
        if method.grid is None or key not in method.grid.model_fields:
            raise RoomError(f"{METHODS.path(thing)}: halves is {key!r}, which is not a key of its grid")
    for dataset in method.shown_on:
        if dataset not in list(DATASETS):
            words = f"shown_on has {dataset!r}, which is not a data set{nearest(dataset, DATASETS)}"
            raise RoomError(f"{METHODS.path(thing)}: {words} (allowed: {', '.join(DATASETS)})")
    for objective in method.objectives:
        if objective not in list(OBJECTIVES):  # whose files are not run by this
            raise RoomError(
                f"{METHODS.path(thing)}: there is no objective {objective!r}{nearest(objective, OBJECTIVES)}"
            )
taken: dict[str, str] = {}
for thing, metric in METRICS.items():
    check_section(METRICS.path(thing), "settings", metric.settings, Section)
    if not isinstance(metric.columns, tuple) or not callable(metric.measure):
        words = "columns must be a tuple of names, and measure a function"
        raise RoomError(f'{METRICS.path(thing)}: {words}, as in Metric(measure, MySettings, ("my_metric",))')
    for column in metric.columns:
        if column in KEYS:
            raise RoomError(f"{METRICS.path(thing)}: a column cannot be called {column!r}, which every table has")
        if taken.setdefault(column, thing) != thing:
            raise RoomError(f"{METRICS.path(thing)}: the metric {taken[column]!r} has a column {column!r} already")
    if thing not in metric.columns:
        raise RoomError(f"{METRICS.path(thing)}: columns lacks {thing!r}: a metric's own number has its file's name")
    if METRICS.literal(thing, "BETTER", HIGHER) not in (HIGHER, LOWER):
        raise RoomError(f"{METRICS.path(thing)}: BETTER must be {HIGHER!r} or {LOWER!r}, or be left out")


def _settings_of_methods() -> dict[str, Any]:
    """The training settings that only some methods read, by name. No study must have them: it may lack the methods.

    Raises:
        RoomError: if two methods give the same name to different settings, or a default is not allowed.
    """
    fields: dict[str, FieldInfo] = dict(TrainingSettings.model_fields)
    owners = dict.fromkeys(fields, "all methods")
    for name, method in METHODS.items():
        for key, field in method.settings.model_fields.items():
            where = f"{METHODS.path(name)}: {method.settings.__name__} has {key!r}"
            owner = owners.setdefault(key, f"{name}.py")
            if repr(fields.setdefault(key, field)) != repr(field):
                raise RoomError(f"{where}, which is another setting of {owner} already; give it another name")
            _check_default(where, field)
    own = {key: field for key, field in fields.items() if key not in TrainingSettings.model_fields}
    return {key: (_type_of(field), _may_be_left_out(field.description)) for key, field in own.items()}


def _type_of(field: FieldInfo) -> Any:
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _check_default(where: str, field: FieldInfo) -> None:
    if field.is_required():
        return
    default = field.get_default(call_default_factory=True)
    try:
        TypeAdapter(_type_of(field), config=ConfigDict(strict=True, allow_inf_nan=False)).validate_python(default)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        raise RoomError(f"{where}, whose default is {default!r}; allowed: {problem}") from None


StudyTrainingSettings = create_model(
    "TrainingSettings", __base__=TrainingSettings, __doc__=TrainingSettings.__doc__, **_settings_of_methods()
)
LISTED = tuple(name for name, method in METHODS.items() if method.grid is not None)
MethodGrids = _choice_of(
    "MethodGrids", "The methods of a data set, each with its grid.", {name: METHODS[name].grid for name in LISTED}
)
DatasetGrids = _choice_of(
    "DatasetGrids", "The data sets of a study, each with its methods.", dict.fromkeys(DATASETS, MethodGrids)
)
MetricsSettings = _choice_of(
    "MetricsSettings",
    "The metrics of the chosen models, each with its settings.",
    {name: METRICS[name].settings for name in METRICS},
    [name for name in METRICS if METRICS.literal(name, "REQUIRED", False)],
)


class EvaluationSettings(Section):
    """How the chosen models are looked at: the metrics, and the posteriors."""

    metrics: MetricsSettings  # type: ignore[valid-type]
    posterior: PosteriorSettings
