"""What a value of a study's file may be, and how it is refused in words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class StudyError(ValueError):
    """A study that cannot be used. Its text is complete: one line a problem, each naming file and key."""


@dataclass(frozen=True)
class Allowed:
    """What a value may be, in words: part of its type, and the message if it is something else."""

    text: str
    choices: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._check, handler(source))

    def _check(self, value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            if any(problem["loc"] for problem in error.errors()):
                raise  # an item of a list speaks for itself
            raise PydanticCustomError("not_allowed", "{text}", {"text": self.text, "choices": self.choices}) from None


def one_of(*names: str) -> Allowed:
    """The words for one of some names: `Annotated[Literal["a", "b"], one_of("a", "b")]`."""
    return Allowed(f"{', '.join(names[:-1])} or {names[-1]}", names)


def as_tuple(value: Any) -> Any:
    """A list as a tuple; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def format_number(value: float) -> str:
    """A hyper-parameter's value as it stands in the name of a configuration: six digits."""
    return f"{value:g}"


def _one_or_more_and_different(values: tuple[float, ...]) -> tuple[float, ...]:
    if not 1 <= len(values) == len(set(map(format_number, values))):
        raise ValueError("no values, or two of the same name")
    return values


Count = Annotated[int, Field(ge=1, le=10**9), Allowed("a whole number from 1 to 10^9")]
Seed = Annotated[int, Field(ge=0, le=10**9), Allowed("a whole number from 0 to 10^9")]
Epochs = Annotated[
    int, Field(ge=1, le=10**7), Allowed("a whole number from 1 to 10^7, since every model goes through all of them")
]
Several = Annotated[
    int, Field(ge=2, le=10**7), Allowed("a whole number from 2 to 10^7, since the spread of all of them is measured")
]
Repeats = Annotated[
    int, Field(ge=1, le=10**4), Allowed("a whole number from 1 to 10^4, since each is computed for all points")
]
Draws = Annotated[
    int,
    Field(ge=1, le=10**6),
    Allowed("a whole number from 1 to 10^6, since all draws of a point are held in memory"),
]
Compared = Annotated[
    int, Field(ge=1, le=10**4), Allowed("a whole number from 1 to 10^4, since each is compared with all others")
]
Replicates = Annotated[
    int, Field(ge=1, le=10**3), Allowed("a whole number from 1 to 10^3, since each adds dozens of jobs to a run")
]
Restarts = Annotated[
    int,
    Field(ge=1, le=10**4),
    Allowed("a whole number from 1 to 10^4, since all restarts of a method train in one job"),
]
Units = Annotated[
    int, Field(ge=1, le=10**4), Allowed("a whole number from 1 to 10^4, since each is computed for every point")
]
Points = Annotated[
    int, Field(ge=10, le=10**6), Allowed("a whole number from 10 to 10^6, since all of them are held in memory")
]
Switch = Annotated[bool, Allowed("true or false")]
Positive = Annotated[float, Field(gt=0), Allowed("a finite number above 0")]
Share = Annotated[float, Field(gt=0, lt=1), Allowed("a number above 0 and below 1")]
Decay = Annotated[float, Field(ge=0, lt=1), Allowed("a number of at least 0 and below 1")]
Remainder = Annotated[float, Field(gt=0, le=1), Allowed("a number above 0 and at most 1")]
Factor = Annotated[float, Field(ge=1), Allowed("a finite number of at least 1")]
Cap = Annotated[float, Field(gt=0, le=80), Allowed("a number above 0 and at most 80 (float32 overflows at e^88)")]
# The axis of a grid: values that differ in their names, that is in six digits. Not Field(min_length=1): pydantic counts
# only the items without errors, and would blame the list for theirs.
_AXIS = Field(json_schema_extra={"minItems": 1, "uniqueItems": True})
_CHECKS = BeforeValidator(as_tuple), AfterValidator(_one_or_more_and_different)
Positives = Annotated[
    tuple[Positive, ...], _AXIS, *_CHECKS, Allowed("a list of one or more finite numbers above 0, each once")
]
Counts = Annotated[
    tuple[Count, ...], _AXIS, *_CHECKS, Allowed("a list of one or more whole numbers from 1 to 10^9, each once")
]


class Section(BaseModel):
    """Part of a study: unknown keys are refused, numbers are numbers, nothing changes afterwards."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Grid(Section):
    """A method's hyper-parameters, each with the values to try; a configuration is one value of each."""


def nearest(name: object, names: Iterable[str]) -> str:
    """Words that suggest the name nearest to a wrong one; nothing if none is near."""
    close = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.4) if isinstance(name, str) else ()
    return f"; did you mean {close[0]!r}?" if close else ""


def leaves(settings: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested dictionaries, each with its dotted key."""
    if not isinstance(settings, dict):
        yield name, settings
        return
    for key, value in settings.items():
        yield from leaves(value, f"{name}.{key}" if name else key)


def differences(before: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """The dotted keys in which nested dictionaries differ, each with both values; None for one that has not the key."""
    had, has = dict(leaves(before)), dict(leaves(now))
    for key in dict.fromkeys([*had, *has]):
        if had.get(key) != has.get(key):
            yield key, had.get(key), has.get(key)
