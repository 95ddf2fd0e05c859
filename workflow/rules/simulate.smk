"""Ground truths and generated data: before all else, so that the longest training jobs can start first."""

SPLITS = ("train", "validation", "test")


rule define_truth:
    input:
        code=code("define_truth.py"),
    output:
        truth=f"{RESULTS}/data/{{dataset}}/truth.safetensors",
        record=f"{RESULTS}/data/{{dataset}}/truth.csv",
    log:
        f"{LOGS}/define_truth/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/define_truth/{{dataset}}.tsv"
    priority: 30
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    message:
        "Defining the ground truth of {wildcards.dataset}"
    script:
        "../../scripts/define_truth.py"


rule simulate:
    input:
        truth=rules.define_truth.output.truth,
        code=code("simulate_data.py"),
    output:
        **{split: f"{RESULTS}/data/{{dataset}}/{{replicate}}/{split}.safetensors" for split in SPLITS},
    log:
        f"{LOGS}/simulate/{{dataset}}/{{replicate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate/{{dataset}}/{{replicate}}.tsv"
    priority: 30
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        seed=study.seed,
        points=study.points.model_dump(),
    message:
        "Simulating {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/simulate_data.py"
