"""What learning the likelihood before inference gains, and what better inference alone does not."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.replicates import by_replicate, less
from libi.paper.evidence import Evidence
from libi.paper.vocabulary import NEGLIGIBLE, PAPERS_DATASETS

PLACE = 13
READS = ("gaps",)
SAYS = {
    "likelihood_approximated": {
        "title": "LiBI's likelihood is close to the true one",
        "family": "LiBI's likelihood",
        "where": "Section 1, Discussion; Appendix D",
        "statement": (
            'joint training "introduces unintended and undesirable optima, which would not appear when these models '
            'are learned separately"; LiBI\'s "approximation of the likelihood will come close to the true one": on '
            "{dataset}"
        ),
    },
    "better_inference_no_cure": {
        "title": "better inference does not mend the VAE",
        "family": "Better inference",
        "where": "Section 1, Case 2, Discussion",
        "statement": (
            'problems at global optima "cannot always be mitigated by improving the inference model (as in He et al. '
            '(2019))": on LinearJTEx, the example of Case 1'
        ),
    },
}


def judge_likelihood(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """LiBI's generative models next to p(x), which a global optimum of the VAE objective need not be."""
    comparisons = [
        Comparison(
            stated.about(dataset, dataset=title),
            f"{NEGLIGIBLE} nats (ours) minus LiBI's KL[p(x) ‖ p_θ(x)], nats",
            {f"LiBI on {title}": NEGLIGIBLE - by_replicate(gaps, dataset, "libi", "mle_objective")},
        )
        for dataset, title in PAPERS_DATASETS.items()
    ]
    return judge_family(comparisons)


def judge_better_inference(stated: PublishedClaim, gaps: pd.DataFrame) -> list[Claim]:
    """Lagging inference networks train the inference model further, and miss as much of the data as the VAE."""
    pair = "VAE − Lagging on LinearJTEx"
    comparison = Comparison(
        stated,
        "KL[p(x) ‖ p_θ(x)], the VAE's minus that of lagging inference networks, nats",
        {pair: less(gaps, "linear_jtex", "vae", "lagging", "mle_objective")},
        {pair: NEGLIGIBLE},
        f"ours, {NEGLIGIBLE} nats",
        alike=True,
    )
    return judge_family([comparison])


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """By the divergence itself."""
    return [
        *judge_likelihood(said["likelihood_approximated"], evidence.gaps),
        *judge_better_inference(said["better_inference_no_cure"], evidence.gaps),
    ]


CLAIMS = judge
