"""Summarise how often LiBI's restarts fail, by configuration."""

from libi.evaluation.restarts import summarise_restarts
from libi.runtime.logs import log_to
from libi.runtime.storage import load_tables, save_table

with log_to(snakemake.log[0]):
    save_table(snakemake.output[0], summarise_restarts(load_tables(snakemake.input.records)))
