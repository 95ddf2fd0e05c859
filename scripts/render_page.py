"""Render a page that leads from each cell of Table 1 to where its number comes from, and the opening of the report."""

from pathlib import Path

import pandas as pd

from libi.paper.tables.page import content, to_html
from libi.paper.tables.summary import to_rst
from libi.runtime.job import job_of
from libi.runtime.storage import load_bytes, load_table, load_tables, save_text

with job_of(snakemake):
    given = snakemake.input
    metrics = pd.concat(map(load_table, given.metrics), ignore_index=True)
    table1, claims, grid, conclusions = map(load_table, (given.table1, given.claims, given.grid, given.conclusions))
    curves = load_tables(given.curves)
    figures = {Path(path).stem: load_bytes(path) for path in given.figures}
    shown = content(table1, claims, metrics, grid, conclusions, curves, figures, preview=snakemake.params.preview)
    save_text(snakemake.output.page, to_html(shown, study=snakemake.params.study))
    save_text(snakemake.output.summary, to_rst(shown))
