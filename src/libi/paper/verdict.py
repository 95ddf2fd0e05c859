"""The verdict on every claim, in the paper's order."""

from __future__ import annotations

import pandas as pd

from libi.judging.claims import assemble, published_by_name
from libi.paper.claims import CLAIMS
from libi.paper.evidence import Evidence


def judge(evidence: Evidence, published_claims: pd.DataFrame) -> pd.DataFrame:
    """Judge every claim of the paper by a study's files.

    Args:
        evidence: what the study has found. A claim that it lacks something for is not decidable.
        published_claims: config/published_claims.csv: claim, family, where, statement, published, precision.

    Returns:
        one row a claim, with the columns of `libi.judging.claims.Claim`.
    """
    said = published_by_name(published_claims)
    return assemble(claim for judge_some in CLAIMS.values() for claim in judge_some(said, evidence))
