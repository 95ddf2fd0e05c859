"""Draw Figure 1, and write the numbers that it shows."""

from libi.rendering import figure1
from libi.rendering.style import save_drawing
from libi.runtime.logs import log_to
from libi.runtime.storage import load_table, load_tables

with log_to(snakemake.log[0]):
    tables = {name: load_table(snakemake.input[name]) for name in ("information", "optima")}
    for name in ("samples", "gaps"):
        table = load_tables(snakemake.input[name])
        tables[name] = table[table["replicate"] == snakemake.params.replicate]
    save_drawing(figure1.draw(**tables), **dict(snakemake.output.items()))
