"""The objectives that phases minimise, a file each, which defines `OBJECTIVE`. A method may bring its own."""

from libi.base.method import Method
from libi.base.objective import Objective
from libi.runtime.rooms import Room

OBJECTIVES: Room[Objective] = Room("objectives", "OBJECTIVE", Objective)


def objectives_of(method: Method) -> dict[str, Objective]:
    """The objectives that a method's phases are under, by name: those of this room that it names, and its own."""
    return {name: OBJECTIVES[name] for name in method.objectives} | dict(method.own)
