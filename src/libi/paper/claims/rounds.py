"""LiBI's rounds and restarts: R = 6 against R = 1, which round is kept, how many restarts fail."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float64

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.intervals import above, of_mean
from libi.judging.replicates import mean_and_sd
from libi.paper.evidence import Evidence
from libi.paper.restarts import FAILED
from libi.paper.vocabulary import NEGLIGIBLE, PAPERS_DATASETS

PLACE = 10
READS = ("scores", "restarts")
RESTARTS = ["dataset", "rounds", "replicate", "restarts", "failed", "best_round"]
RARE = 0.05  # of restarts: ours, one in twenty
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
    "best_round_helps": {
        "title": "the best round is not always the last",
        "family": "Best round of LiBI",
        "where": "Appendix D",
        "statement": '"it is helpful to return the best θ_t [...] across all repetitions": on {dataset}',
    },
    "step_one_is_hard": {
        "title": "LiBI's first step is hard to optimise",
        "family": "Optimisation of Eq. 44",
        "where": "Appendix D",
        "statement": '"we find that the optimization in Equation 44 is challenging": on {dataset}',
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
                "log-likelihood (of the points that choose configurations): best with R = 6 minus best with R = 1",
                {f"R = 6 and R = 1 on {title}": several - one},
                noticed=NEGLIGIBLE,
            )
        )
    return [
        *judge_family(comparisons),
        *(judge_few_rounds(said["few_rounds"], evidence, name) for name in PAPERS_DATASETS),
        *(judge_best_round(said["best_round_helps"], evidence.restarts, *pair) for pair in PAPERS_DATASETS.items()),
        *(judge_optimisation(said["step_one_is_hard"], evidence.restarts, *pair) for pair in PAPERS_DATASETS.items()),
    ]


def judge_few_rounds(stated: PublishedClaim, evidence: Evidence, dataset: str) -> Claim:
    """In which of its six rounds LiBI finds the θ that it keeps, averaged over the chosen restarts of R = 6."""
    rows = _of(evidence.restarts, dataset)
    rounds = rows[rows["rounds"] == 6]
    interval = of_mean(rounds.groupby("replicate")["best_round"].mean().to_numpy(dtype=float))
    lacking = (
        f"lacking: two replicates of LiBI with R = 6 on {PAPERS_DATASETS[dataset]}" if np.isnan(interval.low) else ""
    )
    return stated.about(dataset).judged(
        NOT_TESTABLE,
        interval,
        measure="round of six that found the θ that is kept, mean over the chosen restarts of all configurations; "
        "± half of the interval",
        uncertainty=interval.high - interval.centre,
        test="none: “very small” does not name a number, and the paper's grid has only R = 1 and R = 6, with the same "
        "epochs in all",
        note=lacking
        or "a value near 6 means that training has not converged; it does not mean that more rounds are needed",
    )


def judge_best_round(stated: PublishedClaim, restarts: pd.DataFrame, dataset: str, title: str) -> Claim:
    """How often the θ that is kept is not that of the last round, of the chosen restarts with R = 6."""
    rows = _of(restarts, dataset)
    several = rows[rows["rounds"] == 6]
    early = (several["best_round"] < 6).groupby(several["replicate"]).mean()
    return _judge_often(
        stated.about(dataset, dataset=title),
        early,
        "share of the chosen restarts with R = 6 that keep θ of a round before the last",
        f"LiBI with R = 6 on {title}",
    )


def judge_optimisation(stated: PublishedClaim, restarts: pd.DataFrame, dataset: str, title: str) -> Claim:
    """How many restarts end far above the best that was found for their configuration."""
    rows = _of(restarts, dataset)
    failed = (rows["failed"] / rows["restarts"]).groupby(rows["replicate"]).mean()
    return _judge_often(
        stated.about(dataset, dataset=title),
        failed,
        f"share of LiBI's restarts that end more than {FAILED:g} nats of Eq. 44 (on the validation points) above the "
        "best of their configuration on any replicate",
        f"LiBI on {title}",
    )


def _of(restarts: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The restarts on a data set; none if the study has no LiBI."""
    return restarts.reindex(columns=RESTARTS)[lambda table: table["dataset"] == dataset]


def _judge_often(stated: PublishedClaim, shares: pd.Series, measure: str, what: str) -> Claim:
    """A claim that something is not rare: its share by replicate, above one in twenty."""
    values = shares.to_numpy(dtype=float)
    interval = of_mean(values)
    lacking = f"lacking: two replicates or more of {what}" if np.isnan(interval.low) else ""
    verdict = NOT_DECIDABLE if lacking else above(interval, RARE)
    rare = "it is less than one in twenty here" if verdict == NOT_REPRODUCED else ""
    return stated.judged(
        verdict,
        interval,
        measure=f"{measure}; mean ± sd over replicates",
        uncertainty=mean_and_sd(values)[1],
        margin=RARE,
        test="95 % t-interval over replicates; reproduced if it is above the margin, not reproduced if below. Margin: "
        "ours, one in twenty",
        note=lacking or rare or ("" if verdict == REPRODUCED else "the interval contains the margin"),
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
