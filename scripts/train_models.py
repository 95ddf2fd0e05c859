"""Train every configuration and restart of one method on one replicate of a data set."""

import torch

from libi.logs import log_to
from libi.memory import keep_freed_memory
from libi.provenance import fingerprint
from libi.storage import load_tensors, save_table, save_tensors
from libi.study.models import TrainingJob
from libi.trained import metadata_of
from libi.training.checkpoint import Checkpoints
from libi.training.job import train_job

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    job, replicate = TrainingJob.model_validate(snakemake.params.job), int(snakemake.wildcards.replicate)
    files = snakemake.input.train, snakemake.input.validation, snakemake.input.truth
    (train, _), (validation, _), (truth, _) = map(load_tensors, files)
    origin = fingerprint([*files, *snakemake.input.code], [snakemake.params.job, replicate])
    checkpoints = Checkpoints(snakemake.params.scratch, origin)
    trained = train_job(job, replicate, truth["generative"], train["x"], validation["x"], checkpoints)
    checkpoints.check_ownership()
    names = trained.records["configuration"].tolist(), trained.records["restart"].tolist()
    save_tensors(snakemake.output.models, trained.tensors, metadata_of(job.dataset, job.method, *names))
    save_table(snakemake.output.records, trained.records)
    checkpoints.clear()
