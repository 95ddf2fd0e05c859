"""The methods, a file each. A further one is a further file; docs/extend.md shows it.

A file defines `METHOD`, its name as printed (TITLE), and where it comes in tables (PLACE; left out: behind the others).
Its own name is what a study's file calls it. Files here import no PyTorch, so that a study is read at once.
"""

from libi.base.method import Method
from libi.runtime.rooms import Room

METHODS: Room[Method] = Room("methods", "METHOD", Method)
