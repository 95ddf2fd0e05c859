"""The tables that the paper's claims are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd


class NotRead(AttributeError):
    """A table that a claim's file does not name in READS."""


class Evidence:
    """Tables of a study, as attributes by the names of `libi.paper.files.FILES`: `evidence.gaps`.

    Attributes:
        training_points: points of each replicate that the posteriors are of.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], training_points: int) -> None:
        self._tables, self.training_points = tables, training_points

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            raise NotRead(name)
        return self._tables[name]

    def only(self, names: Iterable[str]) -> Evidence:
        """Some of the tables."""
        return Evidence({name: self._tables[name] for name in names}, self.training_points)
