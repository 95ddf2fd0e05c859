"""What linear models say in closed form: the examples of Section 1, and joint MAP without constraints (Appendix D)."""


rule derive:
    input:
        code=code("derive_closed_forms.py"),
    output:
        information=f"{RESULTS}/closed_form/information.csv",
        optima=f"{RESULTS}/closed_form/optima.csv",
        collapse=f"{RESULTS}/closed_form/collapse.csv",
        edge=f"{RESULTS}/closed_form/edge.csv",
        scaling=f"{RESULTS}/closed_form/scaling.csv",
    log:
        f"{LOGS}/derive.log",
    benchmark:
        f"{RESULTS}/benchmarks/derive.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    message:
        "Deriving the examples of Section 1"
    script:
        "../../scripts/derive_closed_forms.py"


rule measure_shrinkage:
    input:
        models=f"{RESULTS}/training/{{dataset}}/joint_map/0.safetensors",
        records=f"{RESULTS}/training/{{dataset}}/joint_map/0.csv",
        truth=rules.define_truth.output.truth,
        code=code("measure_shrinkage.py"),
    output:
        f"{RESULTS}/closed_form/joint_map_{{dataset}}.csv",
    log:
        f"{LOGS}/measure_shrinkage/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_shrinkage/{{dataset}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    message:
        "Measuring how joint MAP shrinks the codes on {wildcards.dataset}"
    script:
        "../../scripts/measure_shrinkage.py"
