"""Write the macros that print every number of the replication paper's text, and its table of choices."""

from pathlib import Path

from libi import __version__
from libi.paper.claims import says
from libi.paper.tables.choices import read_choices, to_latex
from libi.paper.tables.comparison import compare
from libi.paper.tables.numbers import design, results, verdicts
from libi.rendering.latex import macros
from libi.runtime.job import job_of
from libi.runtime.provenance import commit_of
from libi.runtime.storage import load_table, save_text
from libi.study.study import Study

with job_of(snakemake):
    given = snakemake.input
    study, claims = Study.model_validate(snakemake.params.study), load_table(given.claims)
    comparison = compare(load_table(given.table1), claims)
    numbers = {
        **design(study, commit_of(".")),
        **results(claims, comparison, load_table(given.optima)),
        **verdicts(claims, says()),
    }
    origin = f"Numbers of the study {study.name}, made by libi {__version__}."
    comment = f"{origin} Do not edit them: every run of the study writes them."
    save_text(snakemake.output.numbers, macros(numbers, comment=comment))
    choices = read_choices(Path(given.choices), Study.model_validate(snakemake.params.paper))
    save_text(snakemake.output.choices, to_latex(choices, study=study.name))
