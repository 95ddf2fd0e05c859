"""The replication paper: its text is written by hand, every number and verdict in it is made here."""

import shutil
from pathlib import Path

# The paper also shows published results of other studies and of benches, which its own run does not make.
PUBLISHED = [
    Path("paper/reference").glob(f"{name}.tex") for name in ("sensitivity_*", "power_*", "selection", "proposals")
]
PUBLISHED = sorted(str(path) for paths in PUBLISHED for path in paths)
PUBLISHED += list(map(str, Path("paper/reference").glob("figure7.pdf")))
CAN_TYPESET = shutil.which("latexmk") is not None


rule render_verdicts:
    input:
        table1=rules.render_table1.output.csv,
        claims=rules.judge.output[0],
        code=code("render_verdicts.py", "claims"),
    output:
        comparison="paper{study}/table1_comparison.tex",
        counts="paper{study}/verdicts.tex",
        claims="paper{study}/claims.tex",
        measures="paper{study}/measures.tex",
        conclusions_tex="paper{study}/conclusions.tex",
        conclusions=report(
            "results{study}/conclusions.csv",
            caption="../report/claims.rst",
            category="2 Verdicts",
            labels={"shows": "the main conclusions (CSV file, to download)"},
        ),
    log:
        "logs{study}/render_verdicts.log",
    benchmark:
        "results{study}/benchmarks/render_verdicts.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        names=names_of,
        study=of_study(lambda study: study.name),
    message:
        "Rendering the verdicts"
    script:
        "../../scripts/render_verdicts.py"


rule render_page:
    input:
        table1=rules.render_table1.output.csv,
        claims=rules.judge.output[0],
        metrics=MEASURED,
        curves=every_method("results{study}/metrics/{dataset}/{method}_curves.csv", "metrics"),
        grid=rules.gather_grid.output[0],
        conclusions=rules.render_verdicts.output.conclusions,
        figures=lambda wildcards: [path.replace(".pdf", ".png") for path in figures(wildcards.study)],
        template="src/libi/paper/tables/page.html",
        code=code("render_page.py", "all", "claims"),
    output:
        page=report(
            "results{study}/index.html",
            caption="../report/page.rst",
            category="1 Table 1",
            labels={"shows": "each cell, what it is made of, and every claim (page, to click)"},
        ),
        summary="results{study}/summary.rst",
    log:
        "logs{study}/render_page.log",
    benchmark:
        "results{study}/benchmarks/render_page.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        names=names_of,
        study=of_study(lambda study: study.name),
        preview=of_study(lambda study: study.name != PAPER),
    message:
        "Rendering the page that leads from Table 1 to where its numbers come from"
    script:
        "../../scripts/render_page.py"


rule write_numbers:
    input:
        table1=rules.render_table1.output.csv,
        claims=rules.judge.output[0],
        optima=derived("optima"),
        choices="paper/choices.yaml",
        code=code("write_numbers.py", "all", "claims"),
    output:
        numbers="paper{study}/numbers.tex",
        choices="paper{study}/choices.tex",
    log:
        "logs{study}/write_numbers.log",
    benchmark:
        "results{study}/benchmarks/write_numbers.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        names=names_of,
        study=of_study(lambda study: study.model_dump(exclude_none=True)),
        paper=lambda wildcards: read_study(f"{ROOT}/config/config.yaml").model_dump(exclude_none=True),
    message:
        "Writing the numbers and the choices of the paper's text"
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
            *PUBLISHED,
        ],
        figures=lambda wildcards: figures(wildcards.study),
        code=code("write_paper.py"),
    output:
        report(
            "paper{study}/replication.pdf",
            caption="../report/replication.rst",
            category="5 Paper",
            labels={"shows": "the replication paper (PDF)"},
        ),
    log:
        "logs{study}/write.log",
    benchmark:
        "results{study}/benchmarks/write.tsv"
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    message:
        "Typesetting the replication paper"
    script:
        "../../scripts/write_paper.py"
