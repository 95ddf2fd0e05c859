"""The variants of a study side by side."""


rule gather_sensitivity:
    input:
        tables=expand(rules.render_table1.output.csv, study=FAMILY),
        claims=expand(rules.judge.output, study=FAMILY),
        published="config/published_table1.csv",
        code=code("gather_sensitivity.py"),
    output:
        report(
            f"results/{FAMILY.name}.csv",
            caption="../report/sensitivity.rst",
            category="Sensitivity",
            labels={"shows": "every cell and claim in every variant", "kind": "table"},
        ),
    log:
        f"logs/{FAMILY.name}/gather_sensitivity.log",
    benchmark:
        f"results/{FAMILY.name}/benchmarks/gather_sensitivity.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    message:
        "Comparing the variants"
    script:
        "../../scripts/gather_sensitivity.py"
