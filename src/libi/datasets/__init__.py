"""The four generative processes of Appendix E, one file each. A fifth data set is one new file and one line here."""

from libi.datasets import cubic_jtex, gaussian, linear_jtex, mobius
from libi.datasets.base import LATENT, Dataset
from libi.datasets.simulation import simulate

DATASETS: dict[str, Dataset] = {
    module.DATASET.name: module.DATASET for module in (linear_jtex, cubic_jtex, gaussian, mobius)
}

__all__ = ["DATASETS", "LATENT", "Dataset", "simulate"]
