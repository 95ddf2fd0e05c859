"""Compare the variants of a study with the paper and with each other."""

from pathlib import Path

from libi.paper.sensitivity import gather_cells, gather_claims, sensitivity_table
from libi.runtime.logs import log_to
from libi.runtime.storage import load_table, save_table

with log_to(snakemake.log[0]):
    given = snakemake.input
    tables, claims = (
        {Path(path).parent.name: load_table(path) for path in paths} for paths in (given.tables, given.claims)
    )
    cells = gather_cells(tables, load_table(given.published))
    save_table(snakemake.output[0], sensitivity_table(cells, gather_claims(claims)))
