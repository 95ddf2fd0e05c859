"""Draw one of Figures 2 to 5, and write the numbers that it shows."""

from libi.logs import log_to
from libi.rendering import figure2, figure3, figure4, figure5
from libi.rendering.style import save_drawing
from libi.storage import load_tables

FIGURES = {"2": figure2, "3": figure3, "4": figure4, "5": figure5}

with log_to(snakemake.log[0]):
    points = load_tables(snakemake.input.points)
    points = points[points["replicate"] == snakemake.params.replicate]
    drawing = FIGURES[snakemake.wildcards.number].draw(points)
    save_drawing(drawing, **dict(snakemake.output.items()))
