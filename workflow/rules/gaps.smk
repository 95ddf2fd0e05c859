"""The two gaps of Eq. 2: what a model misses of the data, and what its inference misses of its posteriors."""


rule measure_gaps:
    input:
        models=trained("models"),
        scores=rules.score.output[0],
        selection=rules.select.output[0],
        truth=rules.define_truth.output.truth,
        code=code("measure_gaps.py"),
    output:
        f"{RESULTS}/gaps/{{dataset}}/{{replicate}}.csv",
    log:
        f"{LOGS}/measure_gaps/{{dataset}}/{{replicate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_gaps/{{dataset}}/{{replicate}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=study.gaps_job(),
    message:
        "Measuring the two gaps of the chosen models on {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/measure_gaps.py"


rule gather_gaps:
    input:
        gaps=expand(rules.measure_gaps.output, dataset=study.dataset_names(), replicate=study.replicate_names()),
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
