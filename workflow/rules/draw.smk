"""The figures, each as PDF and PNG with the numbers it plots beside it. libi.paper.figures says what a figure's file holds."""


rule draw:
    input:
        unpack(tables_of_figure),
        code=code("draw_figure.py", "figure"),
    output:
        png=report(
            "figures{study}/{figure}.png",
            caption="../report/figure.rst",
            category="3 Figures",
            labels=lambda wildcards: {"figure": wildcards.figure.replace("figure", "Figure ")},
        ),
        pdf="figures{study}/{figure}.pdf",
        csv="figures{study}/{figure}.csv",
    log:
        "logs{study}/draw/{figure}.log",
    benchmark:
        "results{study}/benchmarks/draw/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURES),
        study=folders_of_figures(),
    conda:
        ENVIRONMENT
    resources:
        **OF_SECONDS,
    params:
        reads=said_of_figure("READS"),
        replicate=lambda wildcards: (
            FAMILY[wildcards.study].first_replicate if said_of_figure("DATASET")(wildcards) else None
        ),
        caption=said_of_figure("CAPTION", ""),
        names=names_of,
    message:
        "Drawing {wildcards.figure}"
    script:
        "../../scripts/draw_figure.py"
