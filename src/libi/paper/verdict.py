"""The verdict on every claim, in the paper's order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim, assemble, published_by_name
from libi.paper.claims import CLAIMS
from libi.paper.evidence import FILES, Evidence
from libi.runtime.rooms import RoomError

if TYPE_CHECKING:
    from libi.paper.claims import Judge


class Watched:
    """Evidence that notes which of its tables are looked at."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, self.read = evidence, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._evidence, name)


def judge(evidence: Evidence, published_claims: pd.DataFrame) -> pd.DataFrame:
    """Judge every claim of the paper by a study's files.

    Args:
        evidence: what the study has found. A claim that it lacks something for is not decidable.
        published_claims: config/published_claims.csv: claim, family, where, statement, published, precision.

    Returns:
        one row a claim, with the columns of `libi.judging.claims.Claim`.

    Raises:
        RoomError: if a file judges a claim that has no row, naming both.
    """
    said = Published(published_by_name(published_claims))
    found: list[Claim] = []
    for name, judge_some in CLAIMS.items():
        try:
            found += with_files(judge_some, said, evidence)
        except Unpublished as error:
            words = f"it judges {error}, of which config/published_claims.csv has no row"
            raise RoomError(f"{CLAIMS.path(name)}: {words}") from None
    return assemble(found)


class Unpublished(KeyError):
    """A claim that has no row."""


class Published(dict[str, PublishedClaim]):
    """What the paper says, by the names of claims."""

    def __missing__(self, name: str) -> PublishedClaim:
        raise Unpublished(name)


def with_files(judge_some: Judge, said: Mapping[str, PublishedClaim], evidence: Evidence) -> Iterator[Claim]:
    """The claims of one file, with the tables that it looked at to judge them."""
    watched = Watched(evidence)
    for claim in judge_some(said, cast(Evidence, watched)):
        yield replace(claim, files=", ".join(file for name, file in FILES.items() if name in watched.read))
