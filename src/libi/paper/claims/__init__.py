"""The claims of the paper, in files of those that are judged together. A further one is a further file.

What the paper says stands in config/published_claims.csv, a row a claim. A file here defines `CLAIMS`, a function that
judges some of these rows by what a study has found, and where they come in results/claims.csv (PLACE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from libi.runtime.rooms import Room

if TYPE_CHECKING:  # the rules need the files' names alone
    from libi.judging.claims import Claim, PublishedClaim
    from libi.paper.evidence import Evidence

    Judge = Callable[[Mapping[str, PublishedClaim], Evidence], list[Claim]]

CLAIMS: Room[Judge] = Room("paper/claims", "CLAIMS")
