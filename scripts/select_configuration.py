"""Choose a restart for every configuration of a method on every replicate, and then the method's configuration."""

import torch

from libi.evaluation.scores import score_replicates
from libi.models.selection import choose_configurations
from libi.models.trained import check_settings
from libi.runtime.allocator import keep_freed_memory
from libi.runtime.job import job_of
from libi.runtime.storage import load_tables, load_tensors, save_table
from libi.study.jobs import ScoringJob

with job_of(snakemake) as log:
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    given, job = snakemake.input, ScoringJob.model_validate(snakemake.params.job)
    check_settings([*given.models, *given.records], snakemake.params.training)
    points = dict(zip(snakemake.params.replicates, map(load_tensors, given.points), strict=True))
    scores = score_replicates(given.models, load_tables(given.records), points, job)
    selection = choose_configurations(scores)
    log.info("configurations:\n%s", selection.to_string(index=False))
    save_table(snakemake.output.scores, scores)
    save_table(snakemake.output.selection, selection)
