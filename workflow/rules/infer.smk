"""The posteriors of the training points, by q_ϕ(z|x) and by p_θ(z|x) itself, and the two gaps of Eq. 2."""


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
        gaps=f"{RESULTS}/posterior/{{dataset}}/{{replicate}}_gaps.csv",
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


rule gather_gaps:
    input:
        gaps=expand(rules.infer.output.gaps, dataset=study.dataset_names(), replicate=study.replicate_names()),
        posterior=expand(rules.infer.output.summary, dataset=study.dataset_names(), replicate=study.replicate_names()),
        code=code("gather_gaps.py"),
    output:
        report(
            f"{RESULTS}/gaps.csv",
            caption="../report/gaps.rst",
            category="Two gaps",
            labels={"shows": "what each model misses", "kind": "table"},
        ),
    log:
        f"{LOGS}/gather_gaps.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather_gaps.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    message:
        "Gathering the two gaps of all models"
    script:
        "../../scripts/gather_gaps.py"
