"""Draw one of Figures 2 to 5, and write the numbers that it shows."""

from libi.rendering import posterior_means
from libi.rendering.style import save_drawing
from libi.runtime.logs import log_to
from libi.runtime.storage import load_tables

with log_to(snakemake.log[0]):
    points = load_tables(snakemake.input.points)
    points = points[points["replicate"] == snakemake.params.replicate]
    drawing = posterior_means.draw(int(snakemake.wildcards.number), points)
    save_drawing(drawing, **dict(snakemake.output.items()))
