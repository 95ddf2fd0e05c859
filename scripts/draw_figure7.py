"""Draw Figure 7, and write the numbers that it shows."""

from libi.paper import figure7
from libi.paper.sensitivity import split
from libi.rendering.style import save_drawing
from libi.runtime.job import job_of
from libi.runtime.storage import load_table

with job_of(snakemake):
    cells, _ = split(load_table(snakemake.input.sensitivity))
    save_drawing(figure7.draw(cells), **dict(snakemake.output.items()))
