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

# Figures that share a job, for drawing one takes less than starting Python: those about scores, which
# are there before those about representations, and those about unseen languages.
DRAWN_TOGETHER = {
    "transfer_figures": ["RANDOM-INIT", "zero-shot transfer", "explanations"],
    "representation_figures": ["representations"],
    "unseen_figures": ["unseen languages"],
}

for job, categories in DRAWN_TOGETHER.items():
    drawn = {
        figure: FIGURES[figure][0]
        for figure in study.figures + study.unseen.figures
        if FIGURES[figure][1] in categories
    }
    if not drawn:
        continue

    rule:
        name:
            job
        input:
            [f"<results>/tables/{table}.csv" for tables in drawn.values() for table in tables],
        output:
            *[
                report(
                    multiext(f"<results>/figures/{figure}", ".pdf", ".png"),
                    caption=f"../report/{figure}.rst",
                    category=FIGURES[figure][1],
                )
                for figure in drawn
            ],
        log:
            f"<logs>/{job}.log",
        conda:
            "../../envs/xltransfer.yaml"
        params:
            cfg=study.table_config(),
            code=stage_digest("draw"),
            tables=canonical_json(drawn),
            directory=subpath(input[0], parent=True),
        shell:
            "python -m xltransfer.draw --config {params.cfg:q} --tables {params.tables:q}"
            " --directory {params.directory:q} --figures {output:q} > {log:q} 2>&1"
