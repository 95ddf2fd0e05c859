"""Take points of p(x) for every replicate, with log p(x) if it is known, and find the true posterior means."""

import torch

from libi.base.simulation import load_truth
from libi.datasets import dataset_of
from libi.evaluation.gaps import Reference
from libi.evaluation.inference import true_means
from libi.runtime.allocator import keep_freed_memory
from libi.runtime.job import job_of
from libi.runtime.seeding import stream
from libi.runtime.storage import load_tensors, save_tensors
from libi.study.jobs import PosteriorJob

with job_of(snakemake):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    name, given, made = snakemake.wildcards.dataset, snakemake.params, {}
    dataset, job = dataset_of(name, given.architecture), PosteriorJob.model_validate(given.job)
    truth = load_truth(snakemake.input.truth)
    for number, replicate in enumerate(given.replicates):
        if truth is None:
            known = Reference.without_truth(load_tensors(snakemake.input.test[number])[0]["x"])
        else:
            known = Reference.draw(dataset, truth, job.gap_points, stream(job.seed, "gaps", "points", name, replicate))
        x = load_tensors(snakemake.input.train[number])[0]["x"]
        means, trusted = true_means(dataset, truth, x, job, replicate)
        parts = {"x": known.x, "log_p": known.log_p, "true_means": means, "trusted": trusted}
        made |= {f"{replicate}/{part}": tensor for part, tensor in parts.items()}
    save_tensors(snakemake.output[0], made, {"dataset": name})
