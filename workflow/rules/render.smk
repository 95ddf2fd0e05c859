"""Table 1, for all data sets and for one."""


rule render_table1:
    input:
        metrics=expand(rules.evaluate.output.metrics, dataset=study.dataset_names(), replicate=study.replicate_names()),
        published="config/published_table1.csv",
        code=code("render_table1.py"),
    output:
        csv=report(
            f"{RESULTS}/table1.csv",
            caption="../report/table1.rst",
            category="Table 1",
            labels={"shows": "every method on every data set", "kind": "table"},
        ),
        tex=report(
            f"{PAPER}/table1.tex",
            caption="../report/table1.rst",
            category="Table 1",
            labels={"shows": "every method on every data set", "kind": "LaTeX"},
        ),
        exact=report(
            f"{PAPER}/table1_exact.tex",
            caption="../report/table1.rst",
            category="Table 1",
            labels={"shows": "exact log-likelihoods, and what Eq. 48 misses", "kind": "LaTeX"},
        ),
    log:
        f"{LOGS}/render_table1.log",
    benchmark:
        f"{RESULTS}/benchmarks/render_table1.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        study=lambda wildcards: study.name,
    message:
        "Rendering Table 1"
    script:
        "../../scripts/render_table1.py"


use rule render_table1 as render_one_dataset with:
    input:
        metrics=expand(rules.evaluate.output.metrics, replicate=study.replicate_names(), allow_missing=True),
        published="config/published_table1.csv",
        code=code("render_table1.py"),
    output:
        csv=f"{RESULTS}/table1_{{dataset}}.csv",
        tex=f"{PAPER}/table1_{{dataset}}.tex",
        exact=f"{PAPER}/table1_exact_{{dataset}}.tex",
    log:
        f"{LOGS}/render_table1/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/render_table1/{{dataset}}.tsv"
    message:
        "Rendering Table 1 of {wildcards.dataset}"


rule render_gaps:
    input:
        gaps=rules.gather_gaps.output[0],
        restarts=RESTARTS,
        code=code("render_gaps.py"),
    output:
        gaps=f"{PAPER}/gaps.tex",
        restarts=f"{PAPER}/restarts.tex",
    log:
        f"{LOGS}/render_gaps.log",
    benchmark:
        f"{RESULTS}/benchmarks/render_gaps.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        study=lambda wildcards: study.name,
    message:
        "Rendering the two gaps, and how often restarts fail"
    script:
        "../../scripts/render_gaps.py"
