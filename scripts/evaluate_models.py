"""Compute the metrics of the models that stand for a method on each replicate of a data set."""

import torch

from libi.base.simulation import load_truth
from libi.evaluation.choices import chosen_models
from libi.evaluation.measuring import curves_of, evaluate_choices
from libi.models.trained import check_settings
from libi.runtime.allocator import keep_freed_memory
from libi.runtime.job import job_of
from libi.runtime.storage import load_table, load_tensors, save_table
from libi.study.jobs import EvaluationJob

with job_of(snakemake):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    given = snakemake.input
    check_settings(given.models, snakemake.params.training)
    tests = (load_tensors(path)[0]["x"] for path in given.test)
    choices = list(chosen_models(given.models, load_table(given.selection), load_table(given.scores)))
    metrics, points = evaluate_choices(
        choices,
        load_truth(given.truth),
        dict(zip(snakemake.params.replicates, tests, strict=True)),
        EvaluationJob.model_validate(snakemake.params.job),
    )
    save_table(snakemake.output.metrics, metrics)
    save_table(snakemake.output.points, points)
    save_table(snakemake.output.curves, curves_of(choices))
