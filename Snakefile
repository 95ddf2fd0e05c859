"""The replication as a graph of small files: from simulated data to Table 1, figures, verdicts and the paper.

snakemake --cores 8                                       the paper's own study
snakemake --cores 8 --configfile config/quick.yaml        the same graph in a few minutes
snakemake --cores 8 gaussian                              one data set
"""

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


# Of seconds, so on a cluster they run where Snakemake does.
localrules:
    all,
    select,
    gather_grid,
    gather_gaps,
    gather_restarts,
    derive,
    measure_shrinkage,
    render_table1,
    render_one_dataset,
    judge,
    draw_figure1,
    draw_posterior_means,
    draw_figure6,
    render_gaps,
    render_verdicts,
    write_numbers,
    write,


include: "workflow/rules/study.smk"
include: "workflow/rules/resume.smk"
include: "workflow/rules/start.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/select.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/infer.smk"
include: "workflow/rules/derive.smk"
include: "workflow/rules/render.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/draw.smk"
include: "workflow/rules/write.smk"


rule all:
    default_target: True
    input:
        f"{RESULTS}/table1.csv",
        f"{RESULTS}/grid.csv",
        f"{RESULTS}/gaps.csv",
        RESTARTS,
        f"{RESULTS}/claims.csv",
        f"{PAPER}/table1.tex",
        f"{PAPER}/table1_exact.tex",
        figures(),
        rules.render_verdicts.output,
        rules.render_gaps.output,
        rules.write_numbers.output,
        rules.write.output if CAN_TYPESET else [],


for name in study.dataset_names():

    rule:
        name:
            name
        input:
            f"{RESULTS}/table1_{name}.csv",
