"""Draw fresh points of p(x) for every replicate, with log p(x), and find the true posterior means of its points."""

import torch

from libi.datasets import dataset_of
from libi.evaluation.gaps import Reference
from libi.evaluation.inference import true_means
from libi.runtime.allocator import keep_freed_memory
from libi.runtime.logs import log_to
from libi.runtime.seeding import stream
from libi.runtime.storage import load_tensors, save_tensors
from libi.study.jobs import PosteriorJob

with log_to(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    keep_freed_memory()
    name, given, made = snakemake.wildcards.dataset, snakemake.params, {}
    dataset, job = dataset_of(name, given.architecture), PosteriorJob.model_validate(given.job)
    truth = load_tensors(snakemake.input.truth)[0]["generative"]
    for replicate, path in zip(given.replicates, snakemake.input.train, strict=True):
        source = stream(job.seed, "gaps", "points", name, replicate)
        drawn = Reference.draw(dataset, truth, job.gap_points, source)
        means, trusted = true_means(dataset, truth, load_tensors(path)[0]["x"], job, replicate)
        parts = {"x": drawn.x, "log_p": drawn.log_p, "true_means": means, "trusted": trusted}
        made |= {f"{replicate}/{part}": tensor for part, tensor in parts.items()}
    save_tensors(snakemake.output[0], made, {"dataset": name})
