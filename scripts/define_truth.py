"""Write the ground truth θ_GT of a data set, and how well it was fitted."""

import pandas as pd

from libi.datasets import dataset_of
from libi.runtime.job import job_of
from libi.runtime.storage import save_table, save_tensors

with job_of(snakemake) as log:
    dataset = dataset_of(snakemake.wildcards.dataset, snakemake.params.architecture)
    parameters, record = dataset.ground_truth()
    log.info("%s: %s", dataset.name, record or "given by the paper")
    save_tensors(snakemake.output.truth, {"generative": dataset.pack_truth(parameters)})
    save_table(snakemake.output.record, pd.DataFrame([{"dataset": dataset.name, **record}]))
