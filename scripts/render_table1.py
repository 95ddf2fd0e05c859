"""Render Table 1: our means and standard deviations beside the published ones, as CSV and LaTeX."""

import pandas as pd

from libi.paper.tables.table1 import exact_to_latex, summarise, to_latex
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_table, save_table, save_text

with job_of(snakemake):
    metrics = pd.concat(map(load_table, snakemake.input.metrics), ignore_index=True)
    table = summarise(metrics, load_table(snakemake.input.published))
    save_table(snakemake.output.csv, table, READABLE)
    save_text(snakemake.output.tex, to_latex(table, study=snakemake.params.study))
    save_text(snakemake.output.exact, exact_to_latex(table, study=snakemake.params.study))
