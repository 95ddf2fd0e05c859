"""Train every configuration and restart of one method on one replicate of a data set, or on several."""

import torch

from libi.base.simulation import load_truth
from libi.models.trained import metadata_of
from libi.runtime.allocator import keep_freed_memory
from libi.runtime.job import job_of
from libi.runtime.provenance import fingerprint
from libi.runtime.storage import load_tensors, save_table, save_tensors
from libi.study.jobs import TrainingJob
from libi.training.checkpoint import Checkpoints
from libi.training.job import train_job

with job_of(snakemake):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    settings, replicates = snakemake.params.job, snakemake.params.replicates
    job, points = TrainingJob.model_validate(settings), (snakemake.input.train, snakemake.input.validation)
    train, validation = ([load_tensors(path)[0]["x"] for path in paths] for paths in points)
    truth = load_truth(snakemake.input.truth)
    origin = fingerprint(list(snakemake.input), [settings, replicates])
    checkpoints = Checkpoints(snakemake.params.scratch, origin)
    trained = train_job(job, replicates, truth, train, validation, checkpoints)
    checkpoints.check_ownership()
    names = (trained.records[column].tolist() for column in ("replicate", "configuration", "restart"))
    about = metadata_of(job.dataset, job.method, *names, settings["architecture"], settings, trained.objectives)
    save_tensors(snakemake.output.models, trained.tensors, about)
    save_table(snakemake.output.records, trained.records)
    checkpoints.clear()
