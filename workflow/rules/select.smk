"""Model selection: restart by its own validation objective, configuration by log-likelihood over replicates."""


rule score:
    input:
        models=trained("models"),
        records=trained("records"),
        points=f"{RESULTS}/data/{{dataset}}/{{replicate}}/{study.selection.configuration_split}.safetensors",
        code=code("score_configurations.py"),
    output:
        f"{RESULTS}/scores/{{dataset}}/{{replicate}}.csv",
    log:
        f"{LOGS}/score/{{dataset}}/{{replicate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score/{{dataset}}/{{replicate}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        job=study.scoring_job(),
    message:
        "Scoring all configurations on {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/score_configurations.py"


rule select:
    input:
        scores=expand(rules.score.output, replicate=study.replicate_names(), allow_missing=True),
        code=code("select_configurations.py"),
    output:
        f"{RESULTS}/selection/{{dataset}}.csv",
    log:
        f"{LOGS}/select/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/select/{{dataset}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    message:
        "Selecting each method's configuration on {wildcards.dataset}"
    script:
        "../../scripts/select_configurations.py"


rule gather_grid:
    input:
        selections=expand(rules.select.output, dataset=study.dataset_names()),
        code=code("gather_grid.py"),
    output:
        f"{RESULTS}/grid.csv",
    log:
        f"{LOGS}/gather_grid.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather_grid.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    message:
        "Gathering the scores of all configurations"
    script:
        "../../scripts/gather_grid.py"


# Data sets of the study that LiBI is run on.
WITH_LIBI = [name for name in study.dataset_names() if "libi" in study.methods(name)]


rule gather_restarts:
    input:
        records=expand(
            rules.train.output.records,
            dataset=WITH_LIBI,
            method="libi",
            replicates=sorted({study.pack_of(replicate) for replicate in study.replicate_names()}),
        ),
        code=code("gather_restarts.py"),
    output:
        f"{RESULTS}/restarts.csv",
    log:
        f"{LOGS}/gather_restarts.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather_restarts.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    message:
        "Gathering how often LiBI's restarts fail"
    script:
        "../../scripts/gather_restarts.py"


RESTARTS = rules.gather_restarts.output if WITH_LIBI else []
