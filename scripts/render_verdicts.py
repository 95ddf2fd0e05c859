"""Render what the verdicts come to: our Table 1 beside the published one, counts, every claim, and the conclusions."""

from libi.paper.tables import comparison, conclusions, verdicts
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_table, save_table, save_text

with job_of(snakemake):
    given, made, study = snakemake.input, snakemake.output, snakemake.params.study
    table1, claims = load_table(given.table1), load_table(given.claims)
    concluded = conclusions.conclude(claims)
    save_text(made.comparison, comparison.to_latex(comparison.compare(table1, claims), study=study))
    save_text(made.counts, verdicts.counts_to_latex(claims, study=study))
    save_text(made.claims, verdicts.claims_to_latex(claims, study=study))
    save_text(made.measures, verdicts.measures_to_latex(claims, study=study))
    save_text(made.conclusions_tex, conclusions.to_latex(concluded, study=study))
    save_table(made.conclusions, concluded, READABLE)
