"""The posteriors of the training points, and the aggregated ones: by q_ϕ(z|x), and by p_θ(z|x) itself."""


rule infer:
    input:
        models=trained("models"),
        scores=rules.score.output[0],
        selection=rules.select.output[0],
        truth=rules.define_truth.output.truth,
        train=f"{RESULTS}/data/{{dataset}}/{{replicate}}/train.safetensors",
        code=code("infer_posteriors.py"),
    output:
        points=f"{RESULTS}/posterior/{{dataset}}/{{replicate}}_points.csv",
        samples=f"{RESULTS}/posterior/{{dataset}}/{{replicate}}_samples.csv",
        summary=f"{RESULTS}/posterior/{{dataset}}/{{replicate}}_summary.csv",
    log:
        f"{LOGS}/infer/{{dataset}}/{{replicate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/infer/{{dataset}}/{{replicate}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(5),
    params:
        job=study.posterior_job(),
    message:
        "Inferring the codes of the training points of {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/infer_posteriors.py"
