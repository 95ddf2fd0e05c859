"""Judge every claim of the paper by the study's files."""

from libi.judging.verifying import describe
from libi.paper.claims import tables_read
from libi.paper.evidence import Evidence
from libi.paper.verdict import judge
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_table, load_tables, save_table

with job_of(snakemake) as log:
    given = {name: snakemake.input[name] for name in tables_read()}
    tables = {
        name: load_table(paths) if isinstance(paths, str) else load_tables(paths) for name, paths in given.items()
    }
    claims = judge(Evidence(tables, snakemake.params.training_points))
    log.info("verdicts of the study %s:\n%s", snakemake.params.study, describe(claims))
    save_table(snakemake.output[0], claims, READABLE)
