"""Compare the variants of a study with the paper and with each other."""

from pathlib import Path

from libi.paper.sensitivity import gather_cells, gather_claims, sensitivity_table
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_table, save_table

with job_of(snakemake):
    given = snakemake.input
    tables, claims = (
        {Path(path).parent.name: load_table(path) for path in paths} for paths in (given.tables, given.claims)
    )
    cells = gather_cells(tables, load_table(given.published))
    save_table(snakemake.output[0], sensitivity_table(cells, gather_claims(claims)), READABLE)
