"""The replication paper: its text is written by hand, every number and verdict in it is made here."""

import shutil

CAN_TYPESET = shutil.which("latexmk") is not None


rule render_verdicts:
    input:
        table1=rules.render_table1.output.csv,
        claims=rules.judge.output[0],
        code=code("render_verdicts.py"),
    output:
        comparison=f"{PAPER}/table1_comparison.tex",
        counts=f"{PAPER}/verdicts.tex",
        claims=f"{PAPER}/claims.tex",
        conclusions_tex=f"{PAPER}/conclusions.tex",
        conclusions=report(
            f"{RESULTS}/conclusions.csv",
            caption="../report/claims.rst",
            category="Verdict",
            labels={"shows": "the main conclusions", "kind": "table"},
        ),
    log:
        f"{LOGS}/render_verdicts.log",
    benchmark:
        f"{RESULTS}/benchmarks/render_verdicts.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        study=lambda wildcards: study.name,
    message:
        "Rendering the verdicts"
    script:
        "../../scripts/render_verdicts.py"


rule write_numbers:
    input:
        table1=rules.render_table1.output.csv,
        claims=rules.judge.output[0],
        optima=rules.derive.output.optima,
        published="config/published_claims.csv",
        code=code("write_numbers.py"),
    output:
        f"{PAPER}/numbers.tex",
    log:
        f"{LOGS}/write_numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_numbers.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        study=study.model_dump(exclude_none=True),
    message:
        "Writing the numbers of the paper's text"
    script:
        "../../scripts/write_numbers.py"


rule write:
    input:
        text="paper/replication.tex",
        parts=[
            "paper/references.bib",
            *rules.write_numbers.output,
            rules.render_table1.output.tex,
            rules.render_table1.output.exact,
            *(path for path in rules.render_verdicts.output if path.endswith(".tex")),
            *rules.render_gaps.output,
            *figures(),
        ],
        code=code("write_paper.py"),
    output:
        report(
            f"{PAPER}/replication.pdf",
            caption="../report/replication.rst",
            category="Paper",
            labels={"shows": "the replication paper", "kind": "PDF"},
        ),
    log:
        f"{LOGS}/write.log",
    benchmark:
        f"{RESULTS}/benchmarks/write.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    message:
        "Typesetting the replication paper"
    script:
        "../../scripts/write_paper.py"
