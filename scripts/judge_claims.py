"""Judge every claim of the paper by the study's files."""

from libi.judging.verifying import describe
from libi.paper.evidence import Evidence
from libi.paper.verdict import judge
from libi.runtime.job import job_of
from libi.runtime.storage import READABLE, load_table, load_tables, save_table

with job_of(snakemake) as log:
    given = snakemake.input
    one = ("table1", "gaps", "information", "edge", "optima", "collapse", "scaling", "published")
    several = ("metrics", "scores", "restarts", "posterior", "joint_map")
    evidence = Evidence(
        **{name: load_table(given[name]) for name in one},
        **{name: load_tables(given[name]) for name in several},
        training_points=snakemake.params.training_points,
    )
    claims = judge(evidence, load_table(given.claims))
    log.info("verdicts of the study %s:\n%s", snakemake.params.study, describe(claims))
    save_table(snakemake.output[0], claims, READABLE)
