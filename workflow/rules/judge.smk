"""The verdict: every claim of the paper beside what the study has found. libi.paper.claims says what a claim's file holds."""


rule judge:
    input:
        unpack(tables_of_claims),
        code=code("judge_claims.py", "claims"),
    output:
        report(
            "results{study}/claims.csv",
            caption="../report/claims.rst",
            category="2 Verdicts",
            labels={"shows": "every claim of the paper (CSV file, to download)"},
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
