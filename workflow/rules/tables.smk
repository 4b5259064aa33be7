# Tables and figures made from scores.


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
        code=stage_digest("score_tables"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.table("randominit"),
        results=lambda wildcards, output: study.results,
        directory=subpath(output[0], parent=True),
    shell:
        "python -m xltransfer score_tables --config {params.cfg:q} --results {params.results:q}"
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
    "unseen": ["unseen", "verdicts"],
    "transliteration": ["unseen"],
}

# Figures that share a job, because drawing is faster than starting Python: those about scores
# (available first), about representations, and about unseen languages.
DRAWN_TOGETHER = {
    "transfer_figures": ["randominit", "zeroshot", "overlap", "word_order"],
    "representation_figures": ["retrieval", "cka", "cka_heatmap", "correlation"],
    "unseen_figures": ["tokenizer_stats", "unseen", "transliteration"],
}

for job, figures in DRAWN_TOGETHER.items():
    figures = [f for f in study.figures + study.unseen.figures if f in figures]
    drawn = {figure: DRAWN_FROM[figure] for figure in figures}
    if not drawn:
        continue

    rule:
        name:
            job
        input:
            [f"<results>/tables/{table}.csv" for tables in drawn.values() for table in tables],
        output:
            *[figure_files(figure) for figure in drawn],
        log:
            f"<logs>/{job}.log",
        conda:
            "../../envs/xltransfer.yaml"
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            cfg=study.table_config(),
            code=stage_digest("draw"),
            # Not passed to the command, used to detect changes: see study/identities.py.
            identity=lambda wildcards, drawn=drawn: study.identities.figures(
                {table for tables in drawn.values() for table in tables}
            ),
            tables=canonical_json(drawn),
            directory=subpath(input[0], parent=True),
        shell:
            "python -m xltransfer draw --config {params.cfg:q} --tables {params.tables:q}"
            " --directory {params.directory:q} --figures {output:q} > {log:q} 2>&1"
