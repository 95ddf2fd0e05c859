"""Ground truths and data, generated or one's own: before all else, so that the longest training jobs start first."""

SPLITS = ("train", "validation", "test")
GENERATED = "|".join(name for name in FAMILY.dataset_names() if name not in OWN) or "(?!)"  # of none


rule define_truth:
    input:
        code=code("define_truth.py", "dataset"),
    output:
        truth="results{study}/data/{dataset}/truth.safetensors",
        record="results{study}/data/{dataset}/truth.csv",
    log:
        "logs{study}/define_truth/{dataset}.log",
    benchmark:
        "results{study}/benchmarks/define_truth/{dataset}.tsv"
    wildcard_constraints:
        dataset=GENERATED,
    priority: costs.PRIORITIES["define_truth"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        architecture=lambda wildcards: FAMILY[wildcards.study].architecture_of(wildcards.dataset, "data"),
    message:
        "Defining the ground truth of {wildcards.dataset}"
    script:
        "../../scripts/define_truth.py"


rule simulate:
    input:
        truth=rules.define_truth.output.truth,
        code=code("simulate_data.py", "dataset"),
    output:
        **{split: f"results{{study}}/data/{{dataset}}/{{replicate}}/{split}.safetensors" for split in SPLITS},
    log:
        "logs{study}/simulate/{dataset}/{replicate}.log",
    benchmark:
        "results{study}/benchmarks/simulate/{dataset}/{replicate}.tsv"
    wildcard_constraints:
        dataset=GENERATED,
    priority: costs.PRIORITIES["simulate"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        architecture=rules.define_truth.params.architecture,
        seed=of_study(lambda study: study.seed),
        points=of_study(lambda study: study.points.model_dump()),
    message:
        "Simulating {wildcards.dataset}, replicate {wildcards.replicate}"
    script:
        "../../scripts/simulate_data.py"


rule split_points:
    input:
        points=lambda wildcards: own_points(wildcards.dataset),
        code=code("split_points.py", "dataset"),
    output:
        **rules.simulate.output,
    log:
        "logs{study}/split_points/{dataset}/{replicate}.log",
    benchmark:
        "results{study}/benchmarks/split_points/{dataset}/{replicate}.tsv"
    wildcard_constraints:
        dataset="|".join(OWN) or "(?!)",  # of none
    priority: costs.PRIORITIES["split_points"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        architecture=rules.define_truth.params.architecture,
        seed=of_study(lambda study: study.seed),
        points=of_study(lambda study: study.points.model_dump()),
    message:
        "Splitting the points of {wildcards.dataset} for replicate {wildcards.replicate}"
    script:
        "../../scripts/split_points.py"
