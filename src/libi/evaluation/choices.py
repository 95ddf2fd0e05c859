"""Which trained model stands for a method on each replicate."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from libi.models.selection import chosen_configurations
from libi.models.trained import TrainedModel, TrainedModels, replicates_in

log = logging.getLogger(__name__)
KEYS = ("dataset", "method", "replicate")


class Choice(NamedTuple):
    """The model that stands for a method on a replicate.

    Attributes:
        dataset: name of the data set.
        method: name of the method.
        replicate: number of the replicate.
        model: the model; None where no configuration could be chosen.
    """

    dataset: str
    method: str
    replicate: int
    model: TrainedModel | None

    @property
    def keys(self) -> dict[str, object]:
        """Data set, method and replicate, by these names."""
        return {"dataset": self.dataset, "method": self.method, "replicate": self.replicate}

    @property
    def names(self) -> dict[str, object]:
        """The keys, with the configuration and restart of the model if there is one."""
        if self.model is None:
            return self.keys
        return {**self.keys, "configuration": self.model.configuration, "restart": self.model.restart}


def join(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The rows of a method's tables under one another; if there are none, an empty table of the keys and `columns`."""
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*KEYS, *columns])


def trained_replicates(paths: Sequence[str | Path]) -> Iterator[TrainedModels]:
    """Open the training files of a method on a data set, replicate by replicate."""
    for path in paths:
        for replicate in replicates_in(path):
            yield TrainedModels(path, replicate)


def chosen_models(paths: Sequence[str | Path], selection: pd.DataFrame, scores: pd.DataFrame) -> Iterator[Choice]:
    """Open the models that Table 1 shows of a method.

    Args:
        paths: its training files on a data set.
        selection: `libi.models.selection.choose_configurations` of the method.
        scores: `libi.evaluation.scores.score_replicates` of the method.

    Yields:
        a choice for each replicate; without a model, with a warning, where no configuration could be chosen.
    """
    chosen = chosen_configurations(selection)
    restarts = scores.set_index(["method", "replicate", "configuration"])["restart"]
    for models in trained_replicates(paths):
        dataset, method, replicate = models.dataset.name, models.method, models.replicate
        if method not in chosen:
            log.warning("%s: no configuration has a finite restart on every replicate", method)
            yield Choice(dataset, method, replicate, None)
            continue
        restart = int(restarts[method, replicate, chosen[method]])
        yield Choice(dataset, method, replicate, models.model(chosen[method], restart))
