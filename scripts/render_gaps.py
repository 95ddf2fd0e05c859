"""Render the two gaps of Eq. 2, and how often LiBI's restarts fail, as LaTeX tables."""

from libi.paper.tables.gaps import configurations_to_latex, restarts_to_latex, summarise, to_latex
from libi.runtime.job import job_of
from libi.runtime.storage import load_table, load_tables, save_text

with job_of(snakemake):
    given, made, study = snakemake.input, snakemake.output, snakemake.params.study
    save_text(made.gaps, to_latex(summarise(load_table(given.gaps)), study=study))
    restarts = load_tables(given.restarts)
    save_text(made.restarts, restarts_to_latex(restarts, study=study))
    save_text(made.configurations, configurations_to_latex(restarts, study=study))
