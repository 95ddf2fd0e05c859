"""Gather the scores of every configuration of every method and data set in one table."""

import pandas as pd

from libi.runtime.logs import log_to
from libi.runtime.storage import load_table, save_table

with log_to(snakemake.log[0]) as log:
    grid = pd.concat(map(load_table, snakemake.input.selections), ignore_index=True)
    log.info("%d configurations", len(grid))
    save_table(snakemake.output[0], grid)
