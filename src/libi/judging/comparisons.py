"""Claims that something is better than something else, or alike: paired over replicates, Holm-adjusted in a family."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import ttest_1samp

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, Claim, Interval, PublishedClaim
from libi.judging.intervals import of_mean

LEVEL = 0.025  # of a one-sided test: that of an interval of 95 % to either side
BETTER = (
    "95 % paired t-interval over replicates, for each pair. Reproduced: all intervals are above 0, also after Holm's "
    "correction within the family (one-sided p below 0.025). Not reproduced: an interval is below its margin, also "
    "after this correction (p times the number of pairs). Otherwise not decidable"
)
ALIKE = (
    "95 % paired t-interval over replicates, for each pair. Reproduced: all intervals are within the margin, also "
    "after Holm's correction within the family (two one-sided tests, p below 0.025). Not reproduced: an interval is "
    "beyond the margin, also after this correction (p times the number of pairs). Otherwise not decidable"
)
SHOWN = "the {} of {} pairs: {}"  # in a note: whose interval is shown


@dataclass(frozen=True)
class Comparison:
    """A claim about some gains, all of which must be as it says.

    Attributes:
        stated: what the paper says.
        measure: what a gain is, and its unit.
        gains: of each pair that is compared, named: a gain on every replicate [replicates], NaN where it could not be
            measured. A positive gain is what a claim of "better" says.
        margins: of each pair, the gain that would matter: a "better" is contradicted where the gain is surely smaller,
            an "alike" holds where it is surely smaller either way round. 0 for pairs without one.
        margin_source: where the margins come from.
        alike: whether the claim is that the gains are negligible, not that they are positive.
        published: the gain in the paper's own means, for the pairs that have one.
        untestable: why no result could decide the claim; empty if one can.
        note: what a reader should know whatever the verdict is.
        noticed: a gain below which a "better" is noted to be small, though it counts.
    """

    stated: PublishedClaim
    measure: str
    gains: Mapping[str, np.ndarray]
    margins: Mapping[str, float] = field(default_factory=dict)
    margin_source: str = ""
    alike: bool = False
    published: Mapping[str, float] = field(default_factory=dict)
    untestable: str = ""
    note: str = ""
    noticed: float = 0.0

    def lacking(self) -> str:
        """What the study lacks to test the claim; empty if nothing."""
        short = [name for name, gain in self.gains.items() if gain.size < 2 or np.isnan(gain).any()]
        return f"lacking: two replicates or more, all with finite values, of {'; '.join(short)}" if short else ""

    def p_values(self, name: str) -> tuple[float, float]:
        """One-sided p-values of a pair: for what the claim says of it, and for the opposite."""
        gain, margin = self.gains[name], self.margins.get(name, 0.0)
        if not self.alike:
            return above(gain, 0.0), above(-gain, -margin)
        inside = max(above(gain, -margin), above(-gain, -margin))
        return inside, min(1.0, 2 * min(above(gain, margin), above(-gain, margin)))


def above(values: Float[np.ndarray, " replicates"], bound: float) -> float:
    """p-value of the one-sided t-test for a mean of [replicates] above a bound.

    Values that are all the same are the limit t = ±∞, or no evidence at all at the bound itself.
    """
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return float(values.mean() <= bound)
    return float(ttest_1samp(values, bound, alternative="greater").pvalue)


def holm(p_values: Sequence[float] | Float[np.ndarray, " p_values"]) -> Float[np.ndarray, " p_values"]:
    """Holm's step-down adjustment (1979) of the p-values of a family, in their order."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def judge_family(comparisons: Sequence[Comparison]) -> list[Claim]:
    """The verdicts on all comparisons of a family, in the order given.

    Every gain must be as the claim says, so its p-value is the largest of theirs; a single one contradicts it, so the
    p-value of that is the least of theirs times their number. Both are Holm-adjusted over the claims that could be
    tested.
    """
    pairs = {
        number: [item.p_values(name) for name in item.gains]
        for number, item in enumerate(comparisons)
        if not item.lacking() and not item.untestable
    }
    supported = holm([max(p for p, _ in tests) for tests in pairs.values()])
    contradicted = holm([min(1, len(tests) * min(p for _, p in tests)) for tests in pairs.values()])
    p_values = dict(zip(pairs, zip(supported, contradicted, strict=True), strict=True))
    return [_judge(item, p_values.get(number)) for number, item in enumerate(comparisons)]


def _judge(comparison: Comparison, p_values: tuple[float, float] | None) -> Claim:
    """The verdict on a comparison, by the p-values for it and against it, or None if it could not be tested."""
    if p_values is None:
        reason = comparison.untestable or comparison.lacking()
        verdict = NOT_TESTABLE if comparison.untestable else NOT_DECIDABLE
        return _claim(comparison, verdict, note="; ".join(filter(None, [reason, comparison.note])))
    supported, contradicted = map(float, p_values)
    verdict = REPRODUCED if supported < LEVEL else NOT_REPRODUCED if contradicted < LEVEL else NOT_DECIDABLE
    # Shown is the pair that contradicts the claim most surely, or else the one that supports it least surely.
    if verdict == NOT_REPRODUCED:
        which, name = "most certain", min(comparison.gains, key=lambda pair: comparison.p_values(pair)[1])
    else:
        which, name = "least certain", max(comparison.gains, key=lambda pair: comparison.p_values(pair)[0])
    gain, margin = comparison.gains[name], comparison.margins.get(name, 0.0)
    reading = _reading(comparison, verdict, gain, margin)
    shown = SHOWN.format(which, len(comparison.gains), name) if len(comparison.gains) > 1 else ""
    return _claim(
        comparison,
        verdict,
        of_mean(gain),
        uncertainty=float(gain.std(ddof=1) / sqrt(gain.size)),
        published=comparison.published.get(name, float("nan")),
        margin=margin,
        p_value=supported,
        note="; ".join(filter(None, [reading, shown, comparison.note])),
    )


def pairs_in(note: str) -> int:
    """How many pairs the claim with this note compares."""
    found = re.search(SHOWN.format("(?:most|least) certain", r"(\d+)", ""), note)
    return int(found[1]) if found else 1


def _reading(comparison: Comparison, verdict: str, gain: np.ndarray, margin: float) -> str:
    """What a verdict other than reproduced rests on."""
    interval = of_mean(gain)
    if verdict == REPRODUCED:
        small = interval.high < comparison.noticed
        return f"the gain is surely there, and surely smaller than {comparison.noticed:g}" if small else ""
    if verdict == NOT_REPRODUCED:
        if comparison.alike:
            return "the difference is larger than the margin"
        return "the opposite is the case" if interval.high < 0 else f"a lead, if any, is smaller than {margin:.2g}"
    if comparison.alike:
        inside = -margin < interval.low and interval.high < margin
        alone = inside or interval.low > margin or interval.high < -margin
    else:
        alone = interval.low > 0 or interval.high < margin
    if alone:
        return "alone, this interval would decide; after correction for the other claims it does not"
    return f"the difference is within the noise of {gain.size} replicates"


def _claim(comparison: Comparison, verdict: str, interval: Interval | None = None, **measured: Any) -> Claim:
    test = ALIKE if comparison.alike else BETTER
    source = f". Margin: {comparison.margin_source}" if comparison.margin_source else ". Margin: 0"
    measure = f"{comparison.measure}; mean over replicates ± standard error"
    return comparison.stated.judged(verdict, interval, measure=measure, test=f"{test}{source}", **measured)
