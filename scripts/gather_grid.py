"""Gather the scores of every configuration of every method and data set in one table."""

import pandas as pd

from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_table, save_table

with job_of(snakemake) as log:
    grid = pd.concat(map(load_table, snakemake.input.selections), ignore_index=True)
    log.info("%d configurations", len(grid))
    save_table(snakemake.output[0], grid, READABLE)
