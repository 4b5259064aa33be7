# Tables and figures, from scores alone.


rule randominit_tables:
    input:
        scores=study.score_files("<results>"),
        reports=study.training_reports("<results>"),
    output:
        "<results>/tables/randominit.csv",
        "<results>/tables/randominit.md",
        "<results>/tables/randominit.tex",
        "<results>/tables/randominit.provenance.json",
        "<results>/tables/randominit_by_target.csv",
        "<results>/tables/randominit_by_target.md",
        "<results>/tables/randominit_by_target.tex",
        "<results>/tables/randominit_by_target.provenance.json",
    log:
        "<logs>/randominit_tables.log",
    conda:
        "../../envs/xltransfer.yaml"
    params:
        cfg=study.table_config(),
        code=stage_digest("tabulate"),
        results=lambda wildcards, output: study.results,
        directory=subpath(output[0], parent=True),
    shell:
        "python -m xltransfer.tabulate --config {params.cfg:q} --results {params.results:q}"
        " --directory {params.directory:q} > {log:q} 2>&1"


rule randominit_figure:
    input:
        "<results>/tables/randominit_by_target.csv",
    output:
        report(
            multiext("<results>/figures/randominit", ".pdf", ".png"),
            caption="../report/randominit.rst",
            category="RANDOM-INIT",
        ),
    log:
        "<logs>/randominit_figure.log",
    conda:
        "../../envs/xltransfer.yaml"
    params:
        cfg=study.table_config(),
        code=stage_digest("draw"),
    shell:
        "python -m xltransfer.draw --config {params.cfg:q} --table {input:q}"
        " --figures {output:q} > {log:q} 2>&1"
