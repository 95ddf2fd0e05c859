"""The verdict on every claim, in the paper's order."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim, assemble, published_by_name
from libi.paper.claims import CLAIMS, FILES
from libi.paper.evidence import Evidence, NotRead
from libi.runtime.rooms import RoomError


def judge(evidence: Evidence, published_claims: pd.DataFrame) -> pd.DataFrame:
    """Judge every claim of the paper by a study's files.

    Args:
        evidence: what the study has found. A claim that it lacks something for is not decidable.
        published_claims: config/published_claims.csv: claim, family, where, statement, published, precision.

    Returns:
        one row a claim, with the columns of `libi.judging.claims.Claim`.

    Raises:
        RoomError: if a file judges a claim that has no row, or reads a table that it does not name.
    """
    said = Published(published_by_name(published_claims))
    found: list[Claim] = []
    for name, judge_some in CLAIMS.items():
        reads = CLAIMS.literal(name, "READS", ())
        files = ", ".join(file for table, file in FILES.items() if table in reads)
        try:
            found += (replace(claim, files=files) for claim in judge_some(said, evidence.only(reads)))
        except Unpublished as error:
            words = f"it judges {error}, of which config/published_claims.csv has no row"
            raise RoomError(f"{CLAIMS.path(name)}: {words}") from None
        except NotRead as error:
            raise RoomError(f"{CLAIMS.path(name)}: it reads the table {error}, which its READS lacks") from None
    return assemble(found)


class Unpublished(KeyError):
    """A claim that has no row."""


class Published(dict[str, PublishedClaim]):
    """What the paper says, by the names of claims."""

    def __missing__(self, name: str) -> PublishedClaim:
        raise Unpublished(name)
