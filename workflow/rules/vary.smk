"""The variants of a study side by side."""


rule gather_sensitivity:
    input:
        tables=expand(rules.render_table1.output.csv, study=FAMILY),
        claims=expand(rules.judge.output, study=FAMILY),
        published="paper/published_table1.csv",
        code=code("gather_sensitivity.py"),
    output:
        report(
            f"results/{FAMILY.name}.csv",
            caption="../report/sensitivity.rst",
            category="Sensitivity",
            labels={"shows": "every cell and claim in every variant (CSV file, to download)"},
        ),
    log:
        f"logs/{FAMILY.name}/gather_sensitivity.log",
    benchmark:
        f"results/{FAMILY.name}/benchmarks/gather_sensitivity.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    message:
        "Comparing the variants"
    script:
        "../../scripts/gather_sensitivity.py"


rule render_sensitivity:
    input:
        sensitivity=rules.gather_sensitivity.output[0],
        code=code("render_sensitivity.py"),
    output:
        **{name: f"paper/{FAMILY.name}/{name}.tex" for name in ("ranking", "held_out", "counts", "turning", "stable")},
    log:
        f"logs/{FAMILY.name}/render_sensitivity.log",
    benchmark:
        f"results/{FAMILY.name}/benchmarks/render_sensitivity.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        study=FAMILY.name,
        candidates=list(FAMILY.candidates),
    message:
        "Rendering what stands under every variant, and which is nearest to the paper"
    script:
        "../../scripts/render_sensitivity.py"
