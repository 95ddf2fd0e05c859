"""Table 1, for all data sets and for one."""

MEASURED = every_method("results{study}/metrics/{dataset}/{method}.csv", "metrics")


rule render_table1:
    input:
        metrics=MEASURED,
        published="paper/published_table1.csv",
        code=code("render_table1.py"),
    output:
        csv=report(
            "results{study}/table1.csv",
            caption="../report/table1.rst",
            category="1 Table 1",
            labels={"shows": "every method on every data set (CSV file, to download)"},
        ),
        tex="paper{study}/table1.tex",
        exact="paper{study}/table1_exact.tex",
    log:
        "logs{study}/render_table1.log",
    benchmark:
        "results{study}/benchmarks/render_table1.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        names=names_of,
        study=of_study(lambda study: study.name),
    message:
        "Rendering Table 1"
    script:
        "../../scripts/render_table1.py"


use rule render_table1 as render_one_dataset with:
    input:
        metrics=MEASURED,
        published="paper/published_table1.csv",
        code=code("render_table1.py"),
    output:
        csv="results{study}/table1_{dataset}.csv",
        tex="paper{study}/table1_{dataset}.tex",
        exact="paper{study}/table1_exact_{dataset}.tex",
    log:
        "logs{study}/render_table1/{dataset}.log",
    benchmark:
        "results{study}/benchmarks/render_table1/{dataset}.tsv"
    message:
        "Rendering Table 1 of {wildcards.dataset}"


rule render_gaps:
    input:
        gaps=rules.gather_gaps.output[0],
        restarts=restarts,
        code=code("render_gaps.py"),
    output:
        gaps="paper{study}/gaps.tex",
        restarts="paper{study}/restarts.tex",
        configurations="paper{study}/restarts_by_configuration.tex",
    log:
        "logs{study}/render_gaps.log",
    benchmark:
        "results{study}/benchmarks/render_gaps.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        names=names_of,
        study=of_study(lambda study: study.name),
    message:
        "Rendering the two gaps, and how often restarts fail"
    script:
        "../../scripts/render_gaps.py"
