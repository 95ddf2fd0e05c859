"""Draw Figure 6, and write the numbers that it shows."""

from libi.rendering import figure6
from libi.rendering.style import save_drawing
from libi.runtime.logs import log_to
from libi.runtime.storage import load_table

with log_to(snakemake.log[0]):
    save_drawing(figure6.draw(load_table(snakemake.input.gaps)), **dict(snakemake.output.items()))
