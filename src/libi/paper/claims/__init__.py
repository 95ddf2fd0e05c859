"""The claims of the paper, in files of those that are judged together. A further one is a further file.

A file here defines `CLAIMS`, a function that judges the file's claims by tables of a study, and in literals

* SAYS: what the paper says, by the names of claims;
* READS: the names of the tables, which are those of `libi.paper.files.FILES`, and `published`;
* PLACE: where its claims come in results/claims.csv.

Each claim in SAYS has its "family" (claims of one kind, within which p-values are corrected), "where" the paper says
it, and the "statement". It may have a short "title" for tables, and the "published" number with its "precision", one
unit of the number's last digit.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from libi.base.values import nearest
from libi.paper.files import FILES, PUBLISHED_TABLE
from libi.runtime.rooms import Room, RoomError

if TYPE_CHECKING:  # the rules need the literals alone
    from libi.judging.claims import Claim, PublishedClaim
    from libi.paper.evidence import Evidence

    Judge = Callable[[Mapping[str, PublishedClaim], Evidence], list[Claim]]

CLAIMS: Room[Judge] = Room("paper/claims", "CLAIMS")

TABLES = (*FILES, PUBLISHED_TABLE)

# What a claim in SAYS has, and what it may have besides.
NEEDED = ("family", "where", "statement")
ALLOWED = (*NEEDED, "title", "published", "precision")
EXAMPLE = 'a line such as SAYS = {"my_claim": {"family": "ours", "where": "Section 5", "statement": "It is so."}}'


@functools.cache
def says() -> dict[str, dict[str, Any]]:
    """What the paper says, by the names of claims, in the order of the files: the keys of SAYS."""
    return {claim: said for name in CLAIMS for claim, said in CLAIMS.literal(name, "SAYS", {}).items()}


def tables_read() -> list[str]:
    """The tables that the claims are judged by."""
    return list(dict.fromkeys(table for name in CLAIMS for table in CLAIMS.literal(name, "READS", ())))


def check_claims() -> None:
    """Refuse a file that is no claim, without running it.

    Raises:
        RoomError: naming the file.
    """
    files: dict[str, str] = {}
    for name in CLAIMS:
        CLAIMS.check(name)
        path, reads = CLAIMS.path(name), CLAIMS.literal(name, "READS", ())
        for claim in _check_says(path, CLAIMS.literal(name, "SAYS", {})):
            if claim in files:
                raise RoomError(f"{path}: the claim {claim!r} is in {files[claim]}.py already; give it another name")
            files[claim] = name
        if not reads or not isinstance(reads, tuple) or not all(isinstance(table, str) for table in reads):
            raise RoomError(f'{path}: lacks the tables that it reads, a line such as READS = ("gaps",)')
        looked_at = _looked_at(path) - {"training_points"}
        for table in (*reads, *sorted(looked_at)):
            if table not in TABLES:
                where = "READS has" if table in reads else "it reads"
                words = f"{where} {table!r}, which is not a table of a study{nearest(table, TABLES)}"
                raise RoomError(f"{path}: {words} (allowed: {', '.join(TABLES)})")
        for table in sorted(looked_at - set(reads)):
            raise RoomError(f"{path}: it reads evidence.{table}; add {table!r} to its READS")


def _check_says(path: Path, says: object) -> dict[str, dict[str, Any]]:
    """What a file's SAYS has; refuse what is missing or wrong in it, and a claim that is judged without being in it."""
    if not says or not isinstance(says, dict):
        raise RoomError(f"{path}: lacks what the paper says, {EXAMPLE}")
    for claim, said in says.items():
        place = f"{path}: SAYS[{claim!r}]"
        if not isinstance(said, dict):
            raise RoomError(f"{place} must be a dict with {', '.join(NEEDED)}")
        for key in said:
            if key not in ALLOWED:
                raise RoomError(f"{place} has {key!r}{nearest(str(key), ALLOWED)} (allowed: {', '.join(ALLOWED)})")
        for key in NEEDED:
            if not isinstance(said.get(key), str) or not said[key]:
                raise RoomError(f"{place} lacks {key!r}, in words")
        if "title" in said and not isinstance(said["title"], str):
            raise RoomError(f"{place}: 'title' must be words")
        numbers = [type(said[key]) in (int, float) for key in ("published", "precision") if key in said]
        if numbers not in ([], [True, True]):
            raise RoomError(f"{place}: 'published' and 'precision' must be two numbers, or both be absent")
    for claim in sorted(_judged(path) - set(says)):
        raise RoomError(f"{path}: it judges said[{claim!r}], which its SAYS lacks{nearest(claim, says)}")
    return says


def _judged(path: Path) -> set[str]:
    """The names that stand in a file as said["name"]."""
    found = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Subscript))
    named = [node.slice for node in found if isinstance(node.value, ast.Name) and node.value.id == "said"]
    return {name.value for name in named if isinstance(name, ast.Constant) and isinstance(name.value, str)}


def _looked_at(path: Path) -> set[str]:
    """The attributes of `evidence` that stand in a file."""
    found = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute))
    return {node.attr for node in found if isinstance(node.value, ast.Name) and node.value.id == "evidence"}
