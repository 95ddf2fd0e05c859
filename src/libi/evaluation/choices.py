"""Which trained model stands for a method on a replicate."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import pandas as pd

from libi.selection import chosen_configurations
from libi.trained import TrainedModel, TrainedModels

log = logging.getLogger(__name__)


def chosen_models(
    files: Iterable[TrainedModels], selection: pd.DataFrame, scores: pd.DataFrame
) -> Iterator[tuple[dict[str, object], TrainedModel | None]]:
    """Open the models that Table 1 shows of one replicate.

    Args:
        files: the trained models, one file a method.
        selection: `libi.selection.choose_configurations`.
        scores: `libi.evaluation.scores.score_configurations` of the replicate, all methods.

    Yields:
        data set, method and replicate, by these names, and the model; None, with a warning, where no configuration
        could be chosen.
    """
    chosen = chosen_configurations(selection)
    for models in files:
        of_method = scores[scores["method"] == models.method]
        keys = {key: of_method[key].iloc[0] for key in ("dataset", "method", "replicate")}
        if models.method not in chosen:
            log.warning("%s: no configuration has a finite restart on every replicate", models.method)
            yield keys, None
            continue
        configuration = chosen[models.method]
        yield keys, models.model(configuration, int(of_method.set_index("configuration")["restart"][configuration]))
