"""The metrics of the models that stand for a method on a data set. From here on the test points are read."""


rule evaluate:
    input:
        models=trained("safetensors"),
        scores=chosen("scores"),
        selection=chosen("selection"),
        truth=truth,
        test=points(lambda wildcards: "test", of_all),
        code=code("evaluate_models.py", "dataset", "metrics"),
    output:
        metrics="results{study}/metrics/{dataset}/{method}.csv",
        points="results{study}/metrics/{dataset}/{method}_points.csv",
        curves="results{study}/metrics/{dataset}/{method}_curves.csv",
    log:
        "logs{study}/evaluate/{dataset}/{method}.log",
    benchmark:
        "results{study}/benchmarks/evaluate/{dataset}/{method}.tsv"
    priority: costs.PRIORITIES["evaluate"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        training=training_job,
        job=of_study(Study.evaluation_job),
        replicates=of_all,
    message:
        "Evaluating the chosen models of {wildcards.method} on {wildcards.dataset}"
    script:
        "../../scripts/evaluate_models.py"
