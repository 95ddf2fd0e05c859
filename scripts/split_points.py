"""Divide points of one's own at random into the splits of one replicate."""

from libi.base.own_points import read_points
from libi.base.simulation import split_points
from libi.datasets import dataset_of
from libi.runtime.job import job_of
from libi.runtime.seeding import stream
from libi.runtime.storage import save_tensors

with job_of(snakemake) as log:
    name, replicate, sizes = snakemake.wildcards.dataset, snakemake.wildcards.replicate, snakemake.params.points
    dataset = dataset_of(name, snakemake.params.architecture)
    x = read_points(snakemake.input.points, dataset.observed)
    source = stream(snakemake.params.seed, "data", name, int(replicate), "splits")
    for split, part in split_points(x, sizes, source).items():
        save_tensors(snakemake.output[split], {"x": part}, {"dataset": name, "replicate": replicate, "split": split})
    log.info("%s: %d points, of which %s", snakemake.input.points, x.shape[1], sizes)
