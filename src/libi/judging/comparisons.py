"""Claims that something is better than something else: one-sided paired t-tests over replicates, Holm-adjusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from scipy.stats import ttest_1samp

from libi.judging.claims import NOT_DECIDABLE, NOT_REPRODUCED, REPRODUCED, Claim, Saying

LEVEL = 0.05
TEST = f"one-sided paired t-test over replicates, Holm-adjusted p < {LEVEL} within the family"


@dataclass(frozen=True)
class Comparison:
    """A claim that every one of some gains is positive, or at least not below a margin.

    Attributes:
        saying: what the paper says.
        measure: what a gain is, and its unit.
        gains: of each pair that is compared, named: a gain on every replicate [replicates], NaN where it could not be
            measured. A positive gain is what the claim says.
        published: the gain in the paper's own means, for the pairs that have one.
        margin: a gain above −margin is enough.
        margin_source: where the margin comes from.
        note: what a reader should know whatever the verdict is.
    """

    saying: Saying
    measure: str
    gains: Mapping[str, np.ndarray]
    published: Mapping[str, float] = field(default_factory=dict)
    margin: float = 0.0
    margin_source: str = ""
    note: str = ""

    def lacking(self) -> str:
        """What the study lacks to test the claim; empty if nothing."""
        short = [name for name, gain in self.gains.items() if gain.size < 2 or np.isnan(gain).any()]
        return f"lacking: two replicates or more, all with finite values, of {'; '.join(short)}" if short else ""


def t_test(gain: np.ndarray, margin: float) -> tuple[float, float]:
    """One-sided paired t-tests of gains over replicates [replicates].

    Returns:
        p-values for a mean gain above −margin and for one below it. A gain that is the same on all replicates is the
        limit t = ±∞, or no evidence at all at −margin itself.
    """
    if np.ptp(gain) <= 1e-12 * np.abs(gain).max():
        excess = gain.mean() + margin
        return float(excess <= 0), float(excess >= 0)
    above, below = (ttest_1samp(gain, -margin, alternative=way).pvalue for way in ("greater", "less"))
    return float(above), float(below)


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's step-down adjustment (1979) of the p-values of a family, in their order."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def judge_family(comparisons: Sequence[Comparison]) -> list[Claim]:
    """The verdicts on all comparisons of a family, in the order given.

    Every gain of a claim must be positive, so its p-value is the largest of theirs; a single loss contradicts it, so
    the p-value of that is the least of theirs times their number. Both are Holm-adjusted over the claims that could
    be tested.
    """
    pairs = {
        number: [t_test(gain, item.margin) for gain in item.gains.values()]
        for number, item in enumerate(comparisons)
        if not item.lacking()
    }
    supported = holm([max(p for p, _ in tests) for tests in pairs.values()])
    contradicted = holm([min(1, len(tests) * min(p for _, p in tests)) for tests in pairs.values()])
    p_values = dict(zip(pairs, zip(supported, contradicted, strict=True), strict=True))
    return [_judge(item, p_values.get(number)) for number, item in enumerate(comparisons)]


def _judge(comparison: Comparison, p_values: tuple[float, float] | None) -> Claim:
    """The verdict on a comparison, by the p-values for it and against it, or None if it could not be tested."""
    if p_values is None:
        lines = [comparison.lacking(), comparison.note]
        return _claim(comparison, verdict=NOT_DECIDABLE, note="; ".join(filter(None, lines)))
    supported, contradicted = map(float, p_values)
    # Shown is the pair that speaks most clearly against the claim, or least clearly for it.
    name = max(comparison.gains, key=lambda pair: t_test(comparison.gains[pair], comparison.margin)[0])
    gain = comparison.gains[name]
    if supported < LEVEL:
        verdict, reading = REPRODUCED, ""
    elif contradicted < LEVEL:
        verdict, reading = NOT_REPRODUCED, f"the opposite is significant (p = {contradicted:.2g})"
    else:
        verdict, reading = NOT_DECIDABLE, f"the difference is within the noise of {gain.size} replicates"
    shown = f"the least clear of {len(comparison.gains)}: {name}" if len(comparison.gains) > 1 else ""
    return _claim(
        comparison,
        value=float(gain.mean()),
        uncertainty=float(gain.std(ddof=1) / sqrt(gain.size)),
        published=comparison.published.get(name, float("nan")),
        p_value=supported,
        verdict=verdict,
        note="; ".join(filter(None, [reading, shown, comparison.note])),
    )


def _claim(comparison: Comparison, **measured: object) -> Claim:
    source = f"{comparison.margin_source}; " if comparison.margin_source else ""
    return comparison.saying.claimed(
        measure=f"{comparison.measure}; mean over replicates ± standard error",
        tolerance=comparison.margin,
        tolerance_source=f"{source}{TEST}",
        **measured,
    )
