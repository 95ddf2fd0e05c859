"""Typeset the replication paper."""

from libi.logs import log_to
from libi.rendering.typesetting import typeset

with log_to(snakemake.log[0]):
    typeset(snakemake.input.text, snakemake.input.parts, snakemake.output[0])
