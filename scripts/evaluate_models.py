"""Compute the metrics of the models that stand for their methods on one replicate."""

import torch

from libi.evaluation.metrics import evaluate_choices
from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.storage import load_table, load_tensors, save_table
from libi.study.models import EvaluationJob
from libi.trained import TrainedModels

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    (test, _), (truth, _) = load_tensors(snakemake.input.test), load_tensors(snakemake.input.truth)
    metrics, points = evaluate_choices(
        (TrainedModels(path, int(snakemake.wildcards.replicate)) for path in snakemake.input.models),
        load_table(snakemake.input.selection),
        load_table(snakemake.input.scores),
        truth["generative"],
        test["x"],
        EvaluationJob.model_validate(snakemake.params.job),
    )
    save_table(snakemake.output.metrics, metrics)
    save_table(snakemake.output.points, points)
