"""How many rounds LiBI needs: R = 6 against R = 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float64

from libi.judging.claims import NOT_DECIDABLE, NOT_TESTABLE, Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.intervals import of_mean
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import PAPERS_DATASETS

PLACE = 10
READS = ("scores", "restarts")
SAYS = {
    "rounds_improve": {
        "title": "more rounds improve LiBI",
        "family": "Rounds of LiBI",
        "where": "Section 2, Step 3; Appendix D",
        "statement": '"we find that Step 3 improves the quality of the generative model" (R = 6 against R = 1)',
    },
    "few_rounds": {
        "title": "LiBI needs few rounds",
        "family": "Few rounds of LiBI",
        "where": "Section 2, Step 3",
        "statement": '"only a very small number of iterations is actually needed"',
    },
}


def judge_rounds(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """LiBI's best configuration with R = 6 better than its best with R = 1, and by few of the six rounds."""
    comparisons = []
    for dataset, title in PAPERS_DATASETS.items():
        several, one = (best_of_rounds(evidence.scores, dataset, rounds) for rounds in (6, 1))
        comparisons.append(
            Comparison(
                said["rounds_improve"].about(dataset),
                "log-likelihood (of the points that choose configurations), best with R = 6 less best with R = 1, nats",
                {f"R = 6 and R = 1 on {title}": several - one},
            )
        )
    return [
        *judge_family(comparisons),
        *(judge_few_rounds(said["few_rounds"], evidence, name) for name in PAPERS_DATASETS),
    ]


def judge_few_rounds(stated: PublishedClaim, evidence: Evidence, dataset: str) -> Claim:
    """In which of its six rounds LiBI finds the θ that it keeps, averaged over the chosen restarts of R = 6."""
    rows = evidence.restarts[evidence.restarts["dataset"] == dataset] if len(evidence.restarts) else evidence.restarts
    rounds = rows[rows["rounds"] == 6] if len(rows) else pd.DataFrame(columns=["replicate", "best_round"])
    interval = of_mean(rounds.groupby("replicate")["best_round"].mean().to_numpy(dtype=float))
    lacking = (
        f"lacking: two replicates of LiBI with R = 6 on {PAPERS_DATASETS[dataset]}" if np.isnan(interval.low) else ""
    )
    return stated.about(dataset).judged(
        NOT_DECIDABLE if lacking else NOT_TESTABLE,
        interval,
        measure="round of six that found the θ that is kept, mean over the chosen restarts of all configurations; "
        "± half of the interval",
        uncertainty=interval.high - interval.centre,
        test="none: “very small” does not name a number, and the paper's grid has only R = 1 and R = 6, with the same "
        "epochs in all",
        note=lacking
        or "a value near 6 means that training has not converged; it does not mean that more rounds are needed",
    )


def best_of_rounds(scores: pd.DataFrame, dataset: str, rounds: int) -> Float64[np.ndarray, " replicates"]:
    """Log-likelihoods [replicates] of the LiBI configuration with R rounds whose mean over replicates is highest.

    NaN if none with R rounds has a finite value on every replicate.
    """
    rows = scores[(scores["dataset"] == dataset) & (scores["method"] == "libi")]
    table = rows.pivot(index="replicate", columns="configuration", values="log_likelihood").sort_index()
    of_rounds = [name for name in table if f"rounds={rounds}" in name.split(",") and np.isfinite(table[name]).all()]
    return table[table[of_rounds].mean().idxmax()].to_numpy() if of_rounds else np.full(len(table), np.nan)


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """By the configurations of the grid."""
    return judge_rounds(said, evidence)


CLAIMS = judge
