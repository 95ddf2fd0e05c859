"""LiBI's generative models nearer to p(x) than the VAE's."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.replicates import less
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import NEGLIGIBLE, PAPERS_DATASETS

PLACE = 7
READS = ("gaps",)
SAYS = {
    "captures": {
        "title": "LiBI is nearer to p(x)",
        "family": "Data distribution",
        "where": "Abstract; Conclusion",
        "statement": (
            '"LiBI can learn generative models that capture the data distribution" when traditional methods struggle '
            "to do so: on {dataset}"
        ),
    },
}
OPTIMISATION = "here the truth is the global optimum, so any loss is due to optimisation"


def judge_capture(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """LiBI's generative models nearer to p(x) than the VAE's, by the divergence itself."""
    comparisons = [
        Comparison(
            stated.about(dataset, dataset=title),
            "KL[p(x) ‖ p_θ(x)], the VAE's minus LiBI's, nats",
            {f"VAE and LiBI on {title}": less(gaps, dataset, "vae", "libi", "mle_objective")},
            note=OPTIMISATION if dataset == "gaussian" else "",
            noticed=NEGLIGIBLE,
        )
        for dataset, title in PAPERS_DATASETS.items()
    ]
    return judge_family(comparisons)


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """By the divergence itself."""
    return judge_capture(said["captures"], evidence.gaps)


CLAIMS = judge
