# Tables and figures, from scores alone.

# What a table consists of.
TABLE = [".csv", ".md", ".tex", ".provenance.json"]


rule score_tables:
    input:
        scores=study.score_files("<results>"),
        reports=study.training_reports("<results>"),
    output:
        expand(
            "<results>/tables/{table}{suffix}",
            table=[
                "randominit",
                "randominit_by_target",
                "zeroshot",
                "zeroshot_by_target",
            ],
            suffix=TABLE,
        ),
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


# Figures: their tables, and the category of the report they belong to.
FIGURES = {
    "randominit": (["randominit_by_target"], "RANDOM-INIT"),
    "zeroshot": (["zeroshot"], "zero-shot transfer"),
    "overlap": (["overlap", "overlap_correlation"], "explanations"),
    "word_order": (["word_order", "word_order_correlation"], "explanations"),
    "retrieval": (["retrieval"], "representations"),
    "cka": (["cka"], "representations"),
    "cka_heatmap": (["cka"], "representations"),
    "correlation": (["correlation"], "representations"),
    "tokenizer_stats": (["tokenizer_stats"], "unseen languages"),
    "unseen": (["unseen", "typology"], "unseen languages"),
    "transliteration": (["unseen"], "unseen languages"),
}

for figure, (tables, category) in FIGURES.items():

    rule:
        name:
            f"{figure}_figure"
        input:
            expand("<results>/tables/{table}.csv", table=tables),
        output:
            report(
                multiext(f"<results>/figures/{figure}", ".pdf", ".png"),
                caption=f"../report/{figure}.rst",
                category=category,
            ),
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
