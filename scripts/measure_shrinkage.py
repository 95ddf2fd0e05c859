"""Measure how joint MAP without constraints has shrunk the codes, and what that did to the likelihood."""

import torch

from libi.evaluation.shrinkage import measure_shrinkage
from libi.models.trained import TrainedModels
from libi.runtime.logs import log_to
from libi.runtime.storage import load_table, load_tensors, save_table

with log_to(snakemake.log[0]) as log:
    torch.set_num_threads(snakemake.threads)
    truth, _ = load_tensors(snakemake.input.truth)
    models, records = TrainedModels(snakemake.input.models), load_table(snakemake.input.records)
    shrinkage = measure_shrinkage(models, records, truth["generative"])
    log.info("shrinkage:\n%s", shrinkage.to_string(index=False))
    save_table(snakemake.output[0], shrinkage)
