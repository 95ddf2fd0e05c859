"""What linear models say in closed form: the examples of Section 1, and joint MAP without constraints (Appendix D)."""


rule derive:
    input:
        code=code("derive_closed_forms.py"),
    output:
        **{name: f"results{{study}}/closed_form/{name}.csv" for name in CLOSED_FORMS},
    log:
        "logs{study}/derive.log",
    benchmark:
        "results{study}/benchmarks/derive.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    message:
        "Deriving the examples of Section 1"
    script:
        "../../scripts/derive_closed_forms.py"


rule measure_shrinkage:
    input:
        models=demonstrated("safetensors"),
        records=demonstrated("csv"),
        truth=truth,
        code=code("measure_shrinkage.py", "dataset"),
    output:
        "results{study}/closed_form/joint_map_{dataset}.csv",
    log:
        "logs{study}/measure_shrinkage/{dataset}.log",
    benchmark:
        "results{study}/benchmarks/measure_shrinkage/{dataset}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        training=lambda wildcards: FAMILY[wildcards.study].training_job(wildcards.dataset, "joint_map"),
    message:
        "Measuring how joint MAP shrinks the codes on {wildcards.dataset}"
    script:
        "../../scripts/measure_shrinkage.py"
