"""Model selection: restart by its own objective on the validation set, configuration by its score over replicates."""


rule select:
    input:
        models=trained("safetensors"),
        records=trained("csv"),
        points=points(lambda w: FAMILY[w.study].selection.configuration_split, of_all),
        code=code("select_configuration.py", "dataset"),
    output:
        scores="results{study}/scores/{dataset}/{method}.csv",
        selection="results{study}/selection/{dataset}/{method}.csv",
    log:
        "logs{study}/select/{dataset}/{method}.log",
    benchmark:
        "results{study}/benchmarks/select/{dataset}/{method}.tsv"
    priority: costs.PRIORITIES["select"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        training=training_job,
        job=of_study(Study.scoring_job),
        replicates=of_all,
    message:
        "Selecting the configuration of {wildcards.method} on {wildcards.dataset}"
    script:
        "../../scripts/select_configuration.py"


rule gather_grid:
    input:
        selections=every_method("results{study}/selection/{dataset}/{method}.csv", "scores"),
        code=code("gather_grid.py"),
    output:
        "results{study}/grid.csv",
    log:
        "logs{study}/gather_grid.log",
    benchmark:
        "results{study}/benchmarks/gather_grid.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    message:
        "Gathering the scores of all configurations"
    script:
        "../../scripts/gather_grid.py"


rule gather_restarts:
    input:
        records=records_of_libi,
        code=code("gather_restarts.py"),
    output:
        "results{study}/restarts.csv",
    log:
        "logs{study}/gather_restarts.log",
    benchmark:
        "results{study}/benchmarks/gather_restarts.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    message:
        "Gathering how often LiBI's restarts fail"
    script:
        "../../scripts/gather_restarts.py"
