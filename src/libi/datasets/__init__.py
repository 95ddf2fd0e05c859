"""The four generative processes of Appendix E, one file each. A fifth data set is one new file and one line here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from libi.datasets import cubic_jtex, gaussian, linear_jtex, mobius
from libi.datasets.base import LATENT, Dataset
from libi.datasets.simulation import simulate

DATASETS: dict[str, Dataset] = {
    module.DATASET.name: module.DATASET for module in (linear_jtex, cubic_jtex, gaussian, mobius)
}


def dataset_of(name: str, architecture: Mapping[str, Any]) -> Dataset:
    """A data set with the networks of a study.

    Args:
        name: of the data set.
        architecture: of `Study.architecture_of`; what is left out is the paper's, or our own default.
    """
    dataset = DATASETS[name]
    if name == mobius.DATASET.name:
        units, activation = architecture.get("mobius_units"), architecture.get("mobius_activation")
        dataset = mobius.dataset(units or mobius.UNITS, activation or mobius.ACTIVATION)
    return replace(dataset, encoder_bias=architecture.get("encoder_bias", True))


__all__ = ["DATASETS", "LATENT", "Dataset", "dataset_of", "simulate"]
