"""Render what stands under every variant of a study, and which variant is nearest to the paper, as LaTeX tables."""

from libi.paper.nearest import held_out, nearest
from libi.paper.sensitivity import split, stable_claims
from libi.paper.tables import variants as tables
from libi.runtime.job import job_of
from libi.runtime.storage import load_table, save_text

with job_of(snakemake) as log:
    made, study, candidates = snakemake.output, snakemake.params.study, snakemake.params.candidates
    cells, claims = split(load_table(snakemake.input.sensitivity))
    ranking, stable = nearest(cells, candidates), stable_claims(claims)
    log.info("nearest to the paper:\n%s", ranking.to_string(index=False))
    save_text(made.ranking, tables.ranking_to_latex(ranking, base=cells["variant"].iloc[0], study=study))
    save_text(made.held_out, tables.held_out_to_latex(held_out(cells, candidates), study=study))
    save_text(made.counts, tables.counts_to_latex(tables.count_by_family(stable), study=study))
    save_text(made.turning, tables.turning_to_latex(stable, study=study))
    save_text(made.stable, tables.conclusions_to_latex(tables.stable_conclusions(claims), study=study))
