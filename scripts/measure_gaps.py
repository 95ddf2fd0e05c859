"""Measure the two gaps of Eq. 2 for the models that stand for their methods on one replicate."""

import torch

from libi.evaluation.gaps import gaps_of_choices
from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.storage import load_table, load_tensors, save_table
from libi.study.models import GapsJob
from libi.trained import TrainedModels

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    truth, _ = load_tensors(snakemake.input.truth)
    gaps = gaps_of_choices(
        (TrainedModels(path, int(snakemake.wildcards.replicate)) for path in snakemake.input.models),
        load_table(snakemake.input.selection),
        load_table(snakemake.input.scores),
        truth["generative"],
        GapsJob.model_validate(snakemake.params.job),
    )
    save_table(snakemake.output[0], gaps)
