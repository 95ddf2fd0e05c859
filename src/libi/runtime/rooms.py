"""Rooms: folders of the package in which every file is a thing, such as a data set or a method.

A further file is a further thing, and nothing else needs to name it. A file says what it is in two ways. Constants that
a reader of studies needs (TITLE, PLACE) stand in it as literals, and are read without running it, since some files
import PyTorch. The thing itself is an object of the type of its room.
"""

from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from libi.runtime.imports import missing_modules

PACKAGE = Path(__file__).parents[1]
LAST = 100  # the place of a thing that has none
Thing = TypeVar("Thing")


class RoomError(Exception):
    """A file of a room that is not what the room holds. Its text names file, what is wrong and the remedy."""


class Room(Mapping[str, Thing], Generic[Thing]):
    """The things in a folder of the package, by the names of their files; each is imported when it is asked for.

    They come in the order of their files' PLACE, those without one last, and by name.
    """

    def __init__(self, folder: str, holds: str, kind: type[Any] = object) -> None:
        """Open a room.

        Args:
            folder: its folder within the package, e.g. "datasets".
            holds: name of the object that each file defines, e.g. "DATASET".
            kind: its type.
        """
        self.folder, self._holds, self._kind = folder, holds, kind

    @property
    def _wanted(self) -> str:
        return f"it must be a {self._kind.__name__}" if self._kind is not object else "docs/extend.md shows one"

    @functools.cached_property
    def _names(self) -> tuple[str, ...]:
        found = [path.stem for path in (PACKAGE / self.folder).glob("*.py") if path.stem != "__init__"]
        return tuple(sorted(found, key=lambda name: (self._place(name), name)))

    def _place(self, name: str) -> float:
        place = self.literal(name, "PLACE", LAST)
        if type(place) not in (int, float):
            raise RoomError(f"{self.path(name)}: PLACE must be a number, and is {place!r}")
        return float(place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> Thing:
        if name not in self._names:
            raise KeyError(name)
        self.check(name)
        try:
            module = importlib.import_module(".".join([PACKAGE.name, *self.folder.split("/"), name]))
        except Exception as error:
            raise RoomError(f"{self.path(name)}: cannot be imported: {type(error).__name__}: {error}") from error
        thing: Thing = getattr(module, self._holds)
        if not isinstance(thing, self._kind):
            words = f"{self._holds} must be a {self._kind.__name__}, and is {type(thing).__name__}"
            raise RoomError(f"{self.path(name)}: {words}")
        return thing

    def check(self, name: str) -> None:
        """Refuse a file that does not define what the room holds, without running it.

        Raises:
            RoomError: naming the file.
        """
        path = self.path(name)
        if self._holds not in _assigned(path):
            raise RoomError(f"{path}: defines no {self._holds}, as every file of {self.folder}/ must")
        if isinstance(_assigned(path)[self._holds], ast.Constant):
            raise RoomError(f"{path}: {self._holds} is {self.literal(name, self._holds, None)!r}; {self._wanted}")
        for line, module in missing_modules(path):
            raise RoomError(f"{path}: line {line}: there is no module {module}")

    def path(self, name: str) -> Path:
        """The file of a thing."""
        return PACKAGE / self.folder / f"{name}.py"

    def title(self, name: str) -> str:
        """A thing's name as printed: its file's TITLE.

        Raises:
            RoomError: if the file has none.
        """
        title = self.literal(name, "TITLE", None)
        if not isinstance(title, str) or not title:
            raise RoomError(f'{self.path(name)}: lacks its name as printed, a line such as TITLE = "My name"')
        return title

    def titles(self, names: Iterable[str]) -> dict[str, str]:
        """Names as printed of some of the things, by name, in the order of the room."""
        wanted = set(names)
        return {name: self.title(name) for name in self if name in wanted}

    def literal(self, name: str, constant: str, default: Any) -> Any:
        """A constant of a file that is written as a literal, read without running the file.

        Args:
            name: of the thing.
            constant: name of the constant.
            default: what it is where the file has none.

        Raises:
            RoomError: if the file is no Python, or the constant is no literal.
        """
        value = _assigned(self.path(name)).get(constant)
        if value is None:
            return default
        try:
            return ast.literal_eval(value)
        except ValueError:
            place = f"{self.path(name)}: line {value.lineno}"
            raise RoomError(
                f"{place}: {constant} must be a literal, since it is read without running the file"
            ) from None


@functools.cache
def _assigned(path: Path) -> dict[str, ast.expr]:
    """What a file assigns to single names, by these."""
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except SyntaxError as error:
        raise RoomError(f"{path}: line {error.lineno}: {error.msg}") from None
    except ValueError as error:  # of bytes that are no text, or that no program has
        raise RoomError(f"{path}: not a Python file in UTF-8 ({error})") from None
    found: dict[str, ast.expr] = {}
    for line in body:
        if isinstance(line, ast.Assign) and len(line.targets) == 1:
            target, value = line.targets[0], line.value
        elif isinstance(line, ast.AnnAssign) and line.value is not None:
            target, value = line.target, line.value
        else:
            continue
        if isinstance(target, ast.Name):
            found[target.id] = value
    return found
