"""Render the two gaps of Eq. 2 as a LaTeX table."""

from libi.logs import log_to
from libi.rendering.gaps import summarise, to_latex
from libi.storage import load_table, save_text

with log_to(snakemake.log[0]):
    summary = summarise(load_table(snakemake.input.gaps))
    save_text(snakemake.output[0], to_latex(summary, study=snakemake.params.study))
