"""Gather the two gaps of all models that stand for their methods, and their distances from the prior, in one table."""

from libi.evaluation.gaps import gather_gaps
from libi.judging.evidence import gather
from libi.logs import log_to
from libi.storage import save_table

with log_to(snakemake.log[0]):
    save_table(snakemake.output[0], gather_gaps(gather(snakemake.input.gaps), gather(snakemake.input.posterior)))
