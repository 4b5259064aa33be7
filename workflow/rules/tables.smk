# Tables and figures, from scores alone.


rule score_tables:
    input:
        scores=study.score_files("<results>"),
        reports=study.training_reports("<results>"),
    output:
        table_files("randominit", "randominit_by_target", "zeroshot", "zeroshot_by_target"),
    log:
        "<logs>/score_tables.log",
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
    params:
        cfg=study.table_config(),
        code=stage_digest("tabulate"),
        results=lambda wildcards, output: study.results,
        directory=subpath(output[0], parent=True),
    shell:
        "python -m xltransfer.tabulate --config {params.cfg:q} --results {params.results:q}"
        " --directory {params.directory:q} > {log:q} 2>&1"


# The tables that each figure is drawn from.
DRAWN_FROM = {
    "randominit": ["randominit_by_target"],
    "zeroshot": ["zeroshot"],
    "overlap": ["overlap", "overlap_correlation"],
    "word_order": ["word_order", "word_order_correlation"],
    "retrieval": ["retrieval"],
    "cka": ["cka"],
    "cka_heatmap": ["cka"],
    "correlation": ["correlation"],
    "tokenizer_stats": ["tokenizer_stats"],
    "unseen": ["unseen", "typology"],
    "transliteration": ["unseen"],
}

for figure, tables in DRAWN_FROM.items():

    rule:
        name:
            f"{figure}_figure"
        input:
            expand("<results>/tables/{table}.csv", table=tables),
        output:
            figure_files(figure),
        log:
            f"<logs>/{figure}_figure.log",
        conda:
            "../../envs/xltransfer.yaml"
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            cfg=study.table_config(),
            code=stage_digest("draw"),
            figure=figure,
        shell:
            "python -m xltransfer.draw {params.figure} --config {params.cfg:q} --tables {input:q}"
            " --figures {output:q} > {log:q} 2>&1"
