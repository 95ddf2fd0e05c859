"""The verdict: every claim of the paper beside what the study has found. libi.paper.claims says what a claim's file holds."""

EVIDENCE = {
    "table1": rules.render_table1.output.csv,
    "metrics": MEASURED,
    "scores": every_method("results{study}/scores/{dataset}/{method}.csv", "scores"),
    "points": every_method("results{study}/posterior/{dataset}/{method}_points.csv", "posterior"),
    "samples": every_method("results{study}/posterior/{dataset}/{method}_samples.csv", "posterior"),
    "posterior": SUMMARIES,
    "grid": rules.gather_grid.output[0],
    "gaps": rules.gather_gaps.output[0],
    "restarts": restarts,
    **{name: derived(name) for name in CLOSED_FORMS},
    "joint_map": shrinkage,
    "published": "paper/published_table1.csv",
}


rule judge:
    input:
        unpack(tables_of_claims),
        code=code("judge_claims.py", "claims"),
    output:
        report(
            "results{study}/claims.csv",
            caption="../report/claims.rst",
            category="2 Verdicts",
            labels={"shows": "every claim of the paper", "opens as": "CSV file, to download"},
        ),
    log:
        "logs{study}/judge.log",
    benchmark:
        "results{study}/benchmarks/judge.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        names=names_of,
        study=of_study(lambda study: study.name),
        training_points=of_study(lambda study: study.points.train),
    message:
        "Judging the paper's claims"
    script:
        "../../scripts/judge_claims.py"
