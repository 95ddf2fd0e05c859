"""Methods that are alike: the four others on LinearJTEx, and all five on Mobius."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from libi.judging.claims import Claim, PublishedClaim
from libi.judging.comparisons import Comparison, judge_family
from libi.judging.replicates import by_replicate
from libi.paper.evidence import Evidence
from libi.paper.leads import (
    COLUMNS,
    UNITS,
    of_paper,
)
from libi.paper.vocabulary import CHOSEN_BY, NEGLIGIBLE, OTHERS, PAPERS_METHODS, PAPERS_METRICS, TUNED

PLACE = 8
READS = ("metrics", "published")
SAYS = {
    "others_alike": {
        "title": "the others are alike on LinearJTEx",
        "family": "Other methods alike",
        "where": "Table 1, LinearJTEx",
        "statement": (
            "{metric} of the four other methods on LinearJTEx: {least:.2f} to {greatest:.2f}; alike, as we read it"
        ),
    },
    "alike_on_mobius": {
        "title": "all methods are alike on Mobius",
        "family": "Methods alike on Mobius",
        "where": "Table 1, Mobius",
        "statement": "Test-LL of all five methods on Mobius: 1.88 to 1.92; alike as we read it",
    },
}


def judge_others(stated: PublishedClaim, evidence: Evidence) -> list[Claim]:
    """The four other methods alike on LinearJTEx: no two differ by more than the paper's sd (two one-sided tests)."""
    comparisons = []
    for metric in PAPERS_METRICS:
        paper = of_paper(evidence.published, "linear_jtex", metric).loc[list(OTHERS)]
        values = {method: by_replicate(evidence.metrics, "linear_jtex", method, COLUMNS[metric]) for method in OTHERS}
        pairs = {f"{OTHERS[one]} − {OTHERS[two]}": (one, two) for one, two in itertools.combinations(OTHERS, 2)}
        comparisons.append(
            Comparison(
                stated.about(
                    metric, metric=PAPERS_METRICS[metric], least=paper["mean"].min(), greatest=paper["mean"].max()
                ),
                f"difference of two of the four, {UNITS[metric]}",
                {name: values[one] - values[two] for name, (one, two) in pairs.items()},
                dict.fromkeys(pairs, float(paper["sd"].max())),
                "the largest sd that the paper prints for the four",
                alike=True,
                note=CHOSEN_BY if metric == TUNED[1] else "",
            )
        )
    return judge_family(comparisons)


def judge_alike_on_mobius(stated: PublishedClaim, evidence: Evidence) -> list[Claim]:
    """All five methods within 0.04 nats of each other on Mobius, by the published means: a tie, by equivalence."""
    values = {method: by_replicate(evidence.metrics, "mobius", method, COLUMNS["test_ll"]) for method in PAPERS_METHODS}
    pairs = {
        f"{PAPERS_METHODS[one]} − {PAPERS_METHODS[two]}": (one, two)
        for one, two in itertools.combinations(PAPERS_METHODS, 2)
    }
    comparison = Comparison(
        stated,
        f"difference of two methods, {UNITS['test_ll']}",
        {name: values[one] - values[two] for name, (one, two) in pairs.items()},
        dict.fromkeys(pairs, NEGLIGIBLE),
        f"ours, {NEGLIGIBLE} nats, the least sd that the paper prints there",
        alike=True,
    )
    return judge_family([comparison])


def judge(said: Mapping[str, PublishedClaim], evidence: Evidence) -> list[Claim]:
    """By equivalence tests."""
    return [
        *judge_others(said["others_alike"], evidence),
        *judge_alike_on_mobius(said["alike_on_mobius"], evidence),
    ]


CLAIMS = judge
