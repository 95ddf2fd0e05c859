"""Draw Figure 7, and write the numbers that it shows."""

from libi.paper import figure7
from libi.paper.sensitivity import split
from libi.rendering.style import save_drawing
from libi.runtime.logs import log_to
from libi.runtime.storage import load_table

with log_to(snakemake.log[0]):
    cells, _ = split(load_table(snakemake.input.sensitivity))
    save_drawing(figure7.draw(cells), **dict(snakemake.output.items()))
