"""Infer the codes of the training points by the models that stand for a method, and measure these models' gaps."""

import torch

from libi.evaluation.choices import chosen_models
from libi.evaluation.gaps import gaps_of_choices
from libi.evaluation.inference import infer_choices
from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.storage import load_table, load_tensors, save_table
from libi.study.models import PosteriorJob

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    given, made = snakemake.input, snakemake.output
    truth, _ = load_tensors(given.truth)
    points = (load_tensors(path)[0] for path in given.train)
    choices = list(chosen_models(given.models, load_table(given.selection), load_table(given.scores)))
    job = PosteriorJob.model_validate(snakemake.params.job)
    train = dict(zip(snakemake.params.replicates, points, strict=True))
    inferred = infer_choices(choices, truth["generative"], train, job)
    for name, table in inferred._asdict().items():
        save_table(made[name], table)
    save_table(made.gaps, gaps_of_choices(choices, truth["generative"], job))
