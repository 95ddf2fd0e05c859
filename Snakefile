"""The replication as a graph of small files: from simulated data to Table 1, figures, verdicts and the paper.

snakemake --cores 8                                       the paper's own study
snakemake --cores 8 --configfile config/quick.yaml        the same graph in a few minutes
snakemake --cores 8 gaussian                              one data set
"""

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


# They take seconds, so on a cluster they run where Snakemake does.
localrules:
    all,
    gather_grid,
    gather_gaps,
    gather_restarts,
    derive,
    measure_shrinkage,
    render_table1,
    render_one_dataset,
    judge,
    draw,
    render_gaps,
    render_verdicts,
    render_page,
    write_numbers,
    write,


include: "workflow/rules/study.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/results.smk"
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


if FAMILY.varied:

    include: "workflow/rules/vary.smk"


rule all:
    default_target: True
    input:
        [*figures_of_variants(), *rules.render_sensitivity.output] if FAMILY.varied else results_of(*FAMILY),


for name in FAMILY.dataset_names():
    if name in [rule.name for rule in workflow.rules]:
        raise SystemExit(f"{DATASETS.path(name)}: a rule of the workflow has this name; give the file another one")

    rule:
        name:
            name
        input:
            [f"results{folder}/table1_{name}.csv" for folder in FAMILY if name in FAMILY[folder].dataset_names()],
