"""Gather the two gaps of all models that stand for their methods, and their distances from the prior, in one table."""

from libi.evaluation.gaps import gather_gaps
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_tables, save_table

with job_of(snakemake):
    gaps, posterior = load_tables(snakemake.input.gaps), load_tables(snakemake.input.posterior)
    save_table(snakemake.output[0], gather_gaps(gaps, posterior), READABLE)
