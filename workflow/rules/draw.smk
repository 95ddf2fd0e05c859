"""Figures 1 to 6, each as PDF and PNG with the numbers it plots beside it; 1 to 5 from the first replicate's models."""


rule draw_figure1:
    input:
        information=derived("information"),
        optima=derived("optima"),
        samples=shown(1, "samples"),
        gaps=shown(1, "gaps"),
        code=code("draw_figure1.py"),
    output:
        **figure(1, "figure1"),
    log:
        "logs{study}/draw_figure1.log",
    benchmark:
        "results{study}/benchmarks/draw_figure1.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        replicate=of_study(lambda study: study.first_replicate),
    message:
        "Drawing Figure 1"
    script:
        "../../scripts/draw_figure1.py"


rule draw_posterior_means:
    input:
        points=lambda wildcards: shown(wildcards.number, "points")(wildcards),
        code=code("draw_posterior_means.py"),
    output:
        **figure("{number}", "posterior_means"),
    log:
        "logs{study}/draw_posterior_means/{number}.log",
    benchmark:
        "results{study}/benchmarks/draw_posterior_means/{number}.tsv"
    wildcard_constraints:
        number="[2-5]",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        replicate=of_study(lambda study: study.first_replicate),
    message:
        "Drawing Figure {wildcards.number}"
    script:
        "../../scripts/draw_posterior_means.py"


rule draw_figure6:
    input:
        gaps=rules.gather_gaps.output[0],
        code=code("draw_figure6.py"),
    output:
        **figure(6, "figure6"),
    log:
        "logs{study}/draw_figure6.log",
    benchmark:
        "results{study}/benchmarks/draw_figure6.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        names=names_of,
    message:
        "Drawing Figure 6"
    script:
        "../../scripts/draw_figure6.py"
