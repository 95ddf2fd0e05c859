"""Draw the points of one replicate, split by split, from a data set's generative process."""

from libi.base.simulation import simulate
from libi.datasets import dataset_of
from libi.runtime.job import job_of
from libi.runtime.seeding import stream
from libi.runtime.storage import load_tensors, save_tensors

with job_of(snakemake) as log:
    name, replicate = snakemake.wildcards.dataset, snakemake.wildcards.replicate
    dataset = dataset_of(name, snakemake.params.architecture)
    truth, _ = load_tensors(snakemake.input.truth)
    for split, points in snakemake.params.points.items():
        source = stream(snakemake.params.seed, "data", name, int(replicate), split)
        codes, x = simulate(dataset, truth["generative"], points, source)
        about = {"dataset": name, "replicate": replicate, "split": split}
        save_tensors(snakemake.output[split], {"z": codes, "x": x}, about)
        log.info("%s: %d points", split, points)
