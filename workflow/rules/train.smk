"""Training: one job holds every configuration and restart of a method on a replicate, or on several."""


rule train:
    input:
        train=points("train"),
        validation=points("validation"),
        truth=rules.define_truth.output.truth,
        code=code("train_models.py"),
    output:
        models=f"{RESULTS}/training/{{dataset}}/{{method}}/{{replicates}}.safetensors",
        records=f"{RESULTS}/training/{{dataset}}/{{method}}/{{replicates}}.csv",
    log:
        f"{LOGS}/train/{{dataset}}/{{method}}/{{replicates}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{dataset}}/{{method}}/{{replicates}}.tsv"
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **GPU,
        mem_mb=growing(2000),
        runtime=training_minutes,
    params:
        job=lambda wildcards: study.training_job(wildcards.dataset, wildcards.method),
        replicates=lambda wildcards: study.replicates_of(wildcards.replicates),
        scratch=lambda wildcards: "scratch/{}/{dataset}/{method}/{replicates}".format(study.name, **wildcards),
    message:
        "Training {wildcards.method} on {wildcards.dataset}, replicate {wildcards.replicates}"
    script:
        "../../scripts/train_models.py"


# LiBI's jobs are the longest by far: they start first, so that no core waits for the last of them.
use rule train as train_libi with:
    output:
        models=f"{RESULTS}/training/{{dataset}}/{{method,libi}}/{{replicates}}.safetensors",
        records=f"{RESULTS}/training/{{dataset}}/{{method,libi}}/{{replicates}}.csv",
    priority: 20


ruleorder: train_libi > train
