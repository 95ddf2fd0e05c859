"""The data sets, a file each. A further one is a further file; docs/extend.md shows it.

A file defines `DATASET`, its name as printed (TITLE), and where it comes in tables (PLACE; left out: behind the
others). Its own name is what a study's file calls it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from libi.runtime.rooms import Room

if TYPE_CHECKING:  # a study is read without PyTorch
    from libi.base.dataset import Dataset

DATASETS: "Room[Dataset]" = Room("datasets", "DATASET")


def dataset_of(name: str, architecture: Mapping[str, Any]) -> "Dataset":
    """A data set with the networks of a study.

    Args:
        name: of the data set.
        architecture: of `Study.architecture_of`; what is left out is the paper's, or our own default.
    """
    dataset = DATASETS[name]
    if dataset.with_architecture is not None:
        dataset = dataset.with_architecture(architecture)
    return replace(dataset, encoder_bias=architecture.get("encoder_bias", True))
