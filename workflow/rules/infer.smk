"""The posteriors of the training points, by q_ϕ(z|x) and by p_θ(z|x) itself, and the two gaps of Eq. 2."""


rule define_reference:
    input:
        truth=truth,
        train=points(lambda wildcards: "train", of_all),
        test=held_out,
        code=code("define_reference.py", "dataset"),
    output:
        "results{study}/posterior/{dataset}/reference.safetensors",
    log:
        "logs{study}/define_reference/{dataset}.log",
    benchmark:
        "results{study}/benchmarks/define_reference/{dataset}.tsv"
    priority: costs.PRIORITIES["define_reference"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        architecture=rules.define_truth.params.architecture,
        job=of_study(Study.posterior_job),
        replicates=of_all,
    message:
        "Defining what is known of the points of {wildcards.dataset}"
    script:
        "../../scripts/define_reference.py"


rule infer:
    input:
        models=trained("safetensors"),
        scores=chosen("scores"),
        selection=chosen("selection"),
        truth=truth,
        train=points(lambda wildcards: "train", of_all),
        reference=lambda wildcards: at_home(
            rules.define_reference.output[0], wildcards, "reference", wildcards.dataset
        )[0],
        code=code("infer_posteriors.py", "dataset"),
    output:
        **{
            kind: f"results{{study}}/posterior/{{dataset}}/{{method}}_{kind}.csv"
            for kind in ("points", "samples", "summary", "gaps")
        },
    log:
        "logs{study}/infer/{dataset}/{method}.log",
    benchmark:
        "results{study}/benchmarks/infer/{dataset}/{method}.tsv"
    priority: costs.PRIORITIES["infer"]
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        training=training_job,
        job=of_study(Study.posterior_job),
        replicates=of_all,
    message:
        "Inferring the codes of the training points of {wildcards.dataset} by {wildcards.method}"
    script:
        "../../scripts/infer_posteriors.py"


SUMMARIES = every_method("results{study}/posterior/{dataset}/{method}_summary.csv", "posterior")


rule gather_gaps:
    input:
        gaps=every_method("results{study}/posterior/{dataset}/{method}_gaps.csv", "posterior"),
        posterior=SUMMARIES,
        code=code("gather_gaps.py"),
    output:
        report(
            "results{study}/gaps.csv",
            caption="../report/gaps.rst",
            category="4 Two gaps",
            labels={"shows": "what each model misses (CSV file, to download)"},
        ),
    log:
        "logs{study}/gather_gaps.log",
    benchmark:
        "results{study}/benchmarks/gather_gaps.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    message:
        "Gathering the two gaps of all models"
    script:
        "../../scripts/gather_gaps.py"
