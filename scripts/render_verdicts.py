"""Render what the paper's claims have come to: Table 1 beside the published one, and every verdict, as LaTeX."""

from libi.logs import log_to
from libi.rendering import comparison, verdicts
from libi.storage import load_table, save_text

with log_to(snakemake.log[0]):
    claims, study = load_table(snakemake.input.claims), snakemake.params.study
    compared = comparison.compare(load_table(snakemake.input.table1), claims)
    save_text(snakemake.output.comparison, comparison.to_latex(compared, study=study))
    save_text(snakemake.output.counts, verdicts.counts_to_latex(claims, study=study))
    save_text(snakemake.output.claims, verdicts.claims_to_latex(claims, study=study))
