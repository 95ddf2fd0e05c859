"""The models of Table 1 as small files that `libi.load` opens, so that nobody must train to look at one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from libi.base.method import GROUPS
from libi.evaluation.choices import Choice, chosen_models
from libi.models.trained import TrainedModel, metadata_of
from libi.runtime.storage import load_table, save_tensors
from libi.study.study import Study


def publish_models(root: Path, folder: str, study: Study, target: Path) -> list[Path]:
    """Write the models of Table 1, a file for each method on each data set.

    Args:
        root: the work tree.
        folder: the study's folder in results/, e.g. "/quick"; empty for the paper's study.
        study: the study.
        target: the folder to write to.

    Returns:
        the files. A method for which no configuration could be chosen has none.
    """
    written = []
    for dataset in study.dataset_names():
        for method in study.methods(dataset):
            choices = [(choice, choice.model) for choice in chosen(root, folder, study, dataset, method)]
            models = [model for _, model in choices if model is not None]
            replicates = [choice.replicate for choice, model in choices if model is not None]
            if models:
                path = target / dataset / f"{method}.safetensors"
                job = study.training_job(dataset, method)
                names = [model.configuration for model in models], [model.restart for model in models]
                about = metadata_of(dataset, method, replicates, *names, job["architecture"], job)
                save_tensors(path, dict(together(models)), about)
                written.append(path)
    return written


def chosen(root: Path, folder: str, study: Study, dataset: str, method: str) -> Iterator[Choice]:
    """The models that stand for a method on a data set, one a replicate."""
    training = root / f"results{folder}/training/{dataset}/{method}"
    selection, scores = (root / f"results{folder}/{kind}/{dataset}/{method}.csv" for kind in ("selection", "scores"))
    paths = [training / f"{pack}.safetensors" for pack in study.packs()]
    return chosen_models(paths, load_table(selection), load_table(scores))


def together(models: list[TrainedModel]) -> Iterator[tuple[str, torch.Tensor]]:
    """The parameters of several models [models, parameters], group by group; without the groups that they lack."""
    for group in GROUPS:
        parts = [part for part in (getattr(model, group) for model in models) if part is not None]
        if parts:
            yield group, torch.cat(parts)
