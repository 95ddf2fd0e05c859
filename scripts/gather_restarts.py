"""Summarise how often LiBI's restarts fail, by configuration."""

from libi.paper.restarts import summarise_restarts
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_tables, save_table

with job_of(snakemake):
    save_table(snakemake.output[0], summarise_restarts(load_tables(snakemake.input.records)), READABLE)
