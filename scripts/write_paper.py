"""Typeset the replication paper."""

from libi.rendering.typesetting import typeset
from libi.runtime.logs import log_to

with log_to(snakemake.log[0]):
    given = snakemake.input
    typeset(given.text, [*given.parts, *given.figures], snakemake.output[0])
