"""A claim of the paper, what was measured, and the verdict: one row of results/claims.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from math import nan
from typing import Any, NamedTuple

import pandas as pd

REPRODUCED, NOT_DECIDABLE, NOT_TESTABLE, NOT_REPRODUCED = (
    "reproduced",
    "not decidable",
    "not testable",
    "not reproduced",
)
VERDICTS = (REPRODUCED, NOT_DECIDABLE, NOT_TESTABLE, NOT_REPRODUCED)  # best first


class Interval(NamedTuple):
    """A number with the ends of its 95 % interval."""

    centre: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of the verdict.

    Attributes:
        claim: a short name, the same in every study.
        family: claims of one kind, within which p-values are corrected.
        where: section, equation, table or figure of the paper.
        statement: what the paper says.
        verdict: reproduced, not decidable, not testable or not reproduced.
        value: what was measured; missing where the study lacks what it needs.
        uncertainty: as the measure says: sd over replicates, standard error or numerical error.
        published: the paper's value of the measure, where it has one.
        difference: what the verdict is about, by the test: often the value less the published one, or a lead.
        low: lower end of the 95 % interval of the difference.
        high: its upper end.
        margin: the difference that matters, as the test says.
        test: the rule that decides, and where the margin comes from.
        p_value: of the claim, Holm-adjusted within the family; missing where nothing is tested.
        measure: what the value is, in which unit, and what its uncertainty is.
        note: what a reader should know before believing the verdict.
        files: the tables that its file names in READS, in the folder of claims.csv.
    """

    claim: str
    family: str
    where: str
    statement: str
    verdict: str
    value: float = nan
    uncertainty: float = nan
    published: float = nan
    difference: float = nan
    low: float = nan
    high: float = nan
    margin: float = nan
    test: str
    p_value: float = nan
    measure: str
    note: str = ""
    files: str = ""


@dataclass(frozen=True)
class PublishedClaim:
    """What the paper says, and where: an entry of SAYS in a file of claims.

    Attributes:
        claim: its name, which the names of the claims judged by it begin with.
        family: see `Claim`.
        where: may name fields in braces, which `about` fills in.
        statement: likewise.
        published: the number that the paper prints, if any.
        precision: one unit of that number's last digit.
        title: the claim in a few words, for tables.
    """

    claim: str
    family: str
    where: str
    statement: str
    published: float = nan
    precision: float = nan
    title: str = ""

    def about(self, *parts: str, **names: object) -> PublishedClaim:
        """The claim about something in particular.

        Args:
            parts: what to add to the claim's name, e.g. a data set.
            names: values of the fields in braces.
        """
        where, statement = self.where.format(**names), self.statement.format(**names)
        return replace(self, claim="-".join([self.claim, *parts]), where=where, statement=statement)

    def judged(self, verdict: str, interval: Interval | None = None, **measured: Any) -> Claim:
        """The claim with its verdict.

        Args:
            verdict: one of `VERDICTS`.
            interval: of the difference that the verdict is about.
            measured: the other fields of `Claim`; without a value, the difference is the value too.
        """
        given: dict[str, Any] = {"published": self.published} | measured
        if interval is not None:
            given = {"value": interval.centre} | given
            given |= {"difference": interval.centre, "low": interval.low, "high": interval.high}
        return Claim(
            claim=self.claim, family=self.family, where=self.where, statement=self.statement, verdict=verdict, **given
        )


def assemble(claims: Iterable[Claim]) -> pd.DataFrame:
    """One row a claim, in the order given, with the columns of `Claim`.

    Raises:
        ValueError: if two claims have the same name.
    """
    rows = list(map(asdict, claims))
    for name, count in Counter(row["claim"] for row in rows).items():
        if count > 1:
            raise ValueError(f"claim {name!r} is judged {count} times; expected once")
    return pd.DataFrame(rows, columns=[field.name for field in fields(Claim)])
