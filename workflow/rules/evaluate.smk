"""The metrics of the models that stand for their methods. From here on the test points are read."""


rule evaluate:
    input:
        models=trained("models"),
        scores=rules.score.output[0],
        selection=rules.select.output[0],
        truth=rules.define_truth.output.truth,
        test=f"{RESULTS}/data/{{dataset}}/{{replicate}}/test.safetensors",
        code=code("evaluate_models.py"),
    output:
        metrics=f"{RESULTS}/metrics/{{dataset}}/{{replicate}}.csv",
        points=f"{RESULTS}/metrics/{{dataset}}/{{replicate}}_points.csv",
    log:
        f"{LOGS}/evaluate/{{dataset}}/{{replicate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{dataset}}/{{replicate}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=study.evaluation_job(),
    message:
        "Evaluating the chosen models on {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/evaluate_models.py"
