"""The verdict on every claim, in the paper's order."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim, assemble
from libi.paper.claims import CLAIMS, TABLES
from libi.paper.evidence import Evidence, NotRead
from libi.paper.files import shown
from libi.paper.titles import claim_title
from libi.runtime.rooms import RoomError

FIRST = (  # of the columns, for people: what is claimed, the verdict, and the numbers
    *("claim", "title", "verdict", "value", "uncertainty", "published", "difference", "low", "high", "margin"),
    "p_value",
)


def judge(evidence: Evidence) -> pd.DataFrame:
    """Judge every claim of the paper by a study's files.

    Args:
        evidence: what the study has found. A claim that it lacks something for is not decidable.

    Returns:
        one row a claim, with the columns of `libi.judging.claims.Claim` and a title: the claim in a few words.

    Raises:
        RoomError: if a file judges a claim that its SAYS lacks, or reads a table that its READS lacks.
    """
    found: list[Claim] = []
    for name, judge_some in CLAIMS.items():
        reads = CLAIMS.literal(name, "READS", ())
        files = ", ".join(shown(table) for table in TABLES if table in reads)
        try:
            found += (replace(claim, files=files) for claim in judge_some(said_in(name), evidence.only(reads)))
        except Unpublished as error:
            raise RoomError(f"{CLAIMS.path(name)}: it judges the claim {error}, which its SAYS lacks") from None
        except NotRead as error:
            raise RoomError(f"{CLAIMS.path(name)}: it reads the table {error}, which its READS lacks") from None
    claims = assemble(found)
    claims.insert(1, "title", claims["claim"].map(claim_title))
    return claims[[*FIRST, *(name for name in claims if name not in FIRST)]]


def said_in(name: str) -> Published:
    """What the paper says of the claims of a file, by their names."""
    says = CLAIMS.literal(name, "SAYS", {})
    return Published({claim: PublishedClaim(claim=claim, **said) for claim, said in says.items()})


class Unpublished(KeyError):
    """A claim that a file's SAYS lacks."""


class Published(dict[str, PublishedClaim]):
    """What the paper says, by the names of claims."""

    def __missing__(self, name: str) -> PublishedClaim:
        raise Unpublished(name)
