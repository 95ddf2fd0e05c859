"""Draw a figure from the tables that it reads, and write the numbers that it shows."""

from libi.paper.figures import FIGURES
from libi.rendering.style import save_drawing
from libi.runtime.job import job_of
from libi.runtime.storage import load_table, load_tables

with job_of(snakemake):
    replicate, tables = snakemake.params.replicate, {}
    for name in snakemake.params.reads:
        paths = snakemake.input[name]
        table = load_table(paths) if isinstance(paths, str) else load_tables(paths)
        of_several = replicate is not None and "replicate" in table
        tables[name] = table[table["replicate"] == replicate] if of_several else table
    save_drawing(FIGURES[snakemake.wildcards.figure](**tables), **dict(snakemake.output.items()))
