"""Typeset the replication paper."""

from libi.rendering.typesetting import typeset
from libi.runtime.logs import log_to

with log_to(snakemake.log[0]):
    typeset(snakemake.input.text, snakemake.input.parts, snakemake.output[0])
