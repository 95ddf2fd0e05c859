"""Typeset the replication paper."""

from libi.rendering.typesetting import typeset
from libi.runtime.job import job_of

with job_of(snakemake):
    given = snakemake.input
    typeset(given.text, [*given.parts, *given.figures], snakemake.output[0])
