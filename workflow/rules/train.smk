"""Training: one job holds every configuration and restart of a method on a replicate."""


rule train:
    input:
        train=f"{RESULTS}/data/{{dataset}}/{{replicate}}/train.safetensors",
        validation=f"{RESULTS}/data/{{dataset}}/{{replicate}}/validation.safetensors",
        truth=rules.define_truth.output.truth,
        code=code("train_models.py"),
    output:
        models=f"{RESULTS}/training/{{dataset}}/{{method}}/{{replicate}}.safetensors",
        records=f"{RESULTS}/training/{{dataset}}/{{method}}/{{replicate}}.csv",
    log:
        f"{LOGS}/train/{{dataset}}/{{method}}/{{replicate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{dataset}}/{{method}}/{{replicate}}.tsv"
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **GPU,
        mem_mb=2000,
        runtime=240,
    params:
        job=lambda wildcards: study.training_job(wildcards.dataset, wildcards.method),
        scratch=lambda wildcards: "scratch/{}/{dataset}/{method}/{replicate}".format(study.name, **wildcards),
    message:
        "Training {wildcards.method} on {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/train_models.py"


# LiBI's jobs are the longest by far: they start first, so that no core waits for the last of them.
use rule train as train_libi with:
    output:
        models=f"{RESULTS}/training/{{dataset}}/{{method,libi}}/{{replicate}}.safetensors",
        records=f"{RESULTS}/training/{{dataset}}/{{method,libi}}/{{replicate}}.csv",
    priority: 20


ruleorder: train_libi > train
