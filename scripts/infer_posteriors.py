"""Infer the codes of the training points by one replicate's chosen models, and measure the gaps of these models."""

import torch

from libi.evaluation.gaps import gaps_of_choices
from libi.evaluation.inference import infer_choices
from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.storage import load_table, load_tensors, save_table
from libi.study.models import PosteriorJob
from libi.trained import TrainedModels

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    (train, _), (truth, _) = load_tensors(snakemake.input.train), load_tensors(snakemake.input.truth)
    models = [TrainedModels(path, int(snakemake.wildcards.replicate)) for path in snakemake.input.models]
    selection, scores = load_table(snakemake.input.selection), load_table(snakemake.input.scores)
    job = PosteriorJob.model_validate(snakemake.params.job)
    inferred = infer_choices(models, selection, scores, truth["generative"], train, job)
    for name, table in inferred._asdict().items():
        save_table(snakemake.output[name], table)
    save_table(snakemake.output.gaps, gaps_of_choices(models, selection, scores, truth["generative"], job))
