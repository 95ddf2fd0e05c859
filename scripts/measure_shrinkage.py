"""Measure how joint MAP without constraints has shrunk the codes, and what that did to the likelihood."""

import torch

from libi.models.trained import TrainedModels, check_settings
from libi.paper.examples.shrinkage import measure_shrinkage
from libi.runtime.job import job_of
from libi.runtime.storage import load_table, load_tensors, save_table

with job_of(snakemake) as log:
    torch.set_num_threads(snakemake.threads)
    check_settings([snakemake.input.models, snakemake.input.records], snakemake.params.training)
    truth, _ = load_tensors(snakemake.input.truth)
    models, records = TrainedModels(snakemake.input.models), load_table(snakemake.input.records)
    shrinkage = measure_shrinkage(models, records, truth["generative"])
    log.info("shrinkage:\n%s", shrinkage.to_string(index=False))
    save_table(snakemake.output[0], shrinkage)
