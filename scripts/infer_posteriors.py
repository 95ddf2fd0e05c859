"""Infer the codes of the training points by the models that stand for a method, and measure these models' gaps."""

import torch

from libi.base.simulation import load_truth
from libi.evaluation.choices import chosen_models
from libi.evaluation.gaps import Reference, gaps_of_choices
from libi.evaluation.inference import infer_choices
from libi.models.trained import check_settings
from libi.runtime.allocator import keep_freed_memory
from libi.runtime.job import job_of
from libi.runtime.storage import load_table, load_tensors, save_table
from libi.study.jobs import PosteriorJob

with job_of(snakemake):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    given, made = snakemake.input, snakemake.output
    check_settings(given.models, snakemake.params.training)
    truth, known = load_truth(given.truth), load_tensors(given.reference)[0]
    train, references = {}, {}
    for replicate, path in zip(snakemake.params.replicates, given.train, strict=True):
        x, log_p, means, trusted = (known[f"{replicate}/{part}"] for part in ("x", "log_p", "true_means", "trusted"))
        train[replicate] = load_tensors(path)[0] | {"true_means": means, "trusted": trusted}
        references[replicate] = Reference(truth, x, log_p)
    choices = list(chosen_models(given.models, load_table(given.selection), load_table(given.scores)))
    job = PosteriorJob.model_validate(snakemake.params.job)
    for name, table in infer_choices(choices, train, job)._asdict().items():
        save_table(made[name], table)
    save_table(made.gaps, gaps_of_choices(choices, references, job))
