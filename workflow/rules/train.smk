"""Training: one job holds every configuration and restart of a method on a replicate, or on several."""

FIRST = "|".join(name for name in METHODS if METHODS[name].first) or "(?!)"


rule train:
    input:
        train=points(lambda wildcards: "train", of_pack),
        validation=points(lambda wildcards: "validation", of_pack),
        truth=truth,
        code=code("train_models.py", "dataset", "method"),
    output:
        models="results{study}/training/{dataset}/{method}/{replicates}.safetensors",
        records="results{study}/training/{dataset}/{method}/{replicates}.csv",
    log:
        "logs{study}/train/{dataset}/{method}/{replicates}.log",
    benchmark:
        "results{study}/benchmarks/train/{dataset}/{method}/{replicates}.tsv"
    priority: costs.PRIORITIES["train"]
    conda:
        ENVIRONMENT
    resources:
        **GPU,
        mem_mb=growing(2000),
        runtime=training_minutes,
    params:
        job=training_job,
        replicates=of_pack,
        scratch=lambda wildcards: "scratch{study}/{dataset}/{method}/{replicates}".format(**wildcards),
    message:
        "Training {wildcards.method} on {wildcards.dataset}, replicate {wildcards.replicates}"
    script:
        "../../scripts/train_models.py"


# The longest jobs start first, so that no core waits for the last of them.
use rule train as train_first with:
    output:
        models=f"results{{study}}/training/{{dataset}}/{{method,{FIRST}}}/{{replicates}}.safetensors",
        records=f"results{{study}}/training/{{dataset}}/{{method,{FIRST}}}/{{replicates}}.csv",
    priority: costs.PRIORITIES["train_first"]


ruleorder: train_first > train
