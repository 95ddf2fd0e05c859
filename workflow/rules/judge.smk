"""The verdict: every claim of the paper beside what the study has found."""


rule judge:
    input:
        table1=rules.render_table1.output.csv,
        metrics=rules.render_table1.input.metrics,
        scores=expand(rules.score.output, dataset=study.dataset_names(), replicate=study.replicate_names()),
        posterior=expand(rules.infer.output.summary, dataset=study.dataset_names(), replicate=study.replicate_names()),
        gaps=rules.gather_gaps.output[0],
        restarts=RESTARTS,
        information=rules.derive.output.information,
        edge=rules.derive.output.edge,
        optima=rules.derive.output.optima,
        collapse=rules.derive.output.collapse,
        scaling=rules.derive.output.scaling,
        joint_map=expand(
            rules.measure_shrinkage.output,
            dataset=[name for name in study.dataset_names() if "joint_map" in study.demonstrations(name)],
        ),
        published="config/published_table1.csv",
        claims="config/published_claims.csv",
        code=code("judge_claims.py"),
    output:
        report(
            f"{RESULTS}/claims.csv",
            caption="../report/claims.rst",
            category="Verdict",
            labels={"shows": "every claim of the paper", "kind": "table"},
        ),
    log:
        f"{LOGS}/judge.log",
    benchmark:
        f"{RESULTS}/benchmarks/judge.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        study=lambda wildcards: study.name,
        training_points=study.points.train,
    message:
        "Judging the paper's claims"
    script:
        "../../scripts/judge_claims.py"
