"""A file of trained models tells with which networks it is read."""

import pytest
import torch

from libi.datasets import DATASETS, dataset_of
from libi.models.trained import TrainedModels, metadata_of
from libi.runtime.storage import save_tensors

OTHER = {"mobius_units": 7, "mobius_activation": "tanh", "encoder_bias": False}


def saved(path, dataset, about):
    tensors = {group: layout.draw(torch.Generator())[None] for group, layout in dataset.layouts.items()}
    save_tensors(path, tensors, about)
    return TrainedModels(path)


def test_models_are_read_with_the_networks_that_they_were_trained_with(tmp_path):
    dataset = dataset_of("mobius", OTHER)
    models = saved(tmp_path / "models", dataset, metadata_of("mobius", "libi", [0], ["default"], [0], OTHER))
    assert (models.dataset.decoder, models.dataset.encoder) == (dataset.decoder, dataset.encoder)
    mean, deviation = models.model("default", 0).encode(torch.zeros(2, 3).numpy())
    assert (mean == 0).all() and (deviation == 1).all()  # nothing comes of nothing without biases


@pytest.mark.parametrize("name", DATASETS)
def test_a_file_that_tells_nothing_of_networks_has_the_default_ones(tmp_path, name):
    about = metadata_of(name, "vae", [0], ["default"], [0])
    del about["architecture"]
    assert saved(tmp_path / "models", DATASETS[name], about).dataset.layouts == DATASETS[name].layouts
