# Tables and figures: a rule for each analysis, and one for the figures that are drawn together. See
# study/analyses.py.

# Stages without a rule in studies that lack what they are about.
ON_REQUEST = (
    *("dictionary_text_table", "adaptation_tables", "structure_tables", "scaling_table"),
    *("word_translation_tables", "adversarial_tables"),
)

for analysis in ANALYSES:
    # Without unseen languages there are no corpora that the rules about them could name.
    if analysis.of_unseen and not study.unseen.varieties:
        continue
    if analysis.stage in ON_REQUEST and not analysis.wanted(study):
        continue

    rule:
        name:
            analysis.stage
        input:
            **analysis.inputs(study, "<results>"),
        output:
            table_files(*analysis.tables),
        log:
            f"<logs>/{analysis.stage}.log",
        resources:
            mem_mb=growing(analysis.mem_mb),
            runtime=growing(analysis.runtime),
        params:
            stage=analysis.stage,
            cfg=analysis.config(study),
            code=stage_digest(analysis.stage),
            # Not passed to the command, used to detect changes: see study/identities.py.
            identity=lambda wildcards, table=analysis.tables[0]: study.identities.table(table),
            inputs=lambda wildcards, input, analysis=analysis: analysis.arguments(
                dict(input.items()), study.results
            ),
            directory=subpath(output[0], parent=True),
        shell:
            "python -m xltransfer {params.stage:q} --config {params.cfg:q} {params.inputs:q}"
            " --directory {params.directory:q} > {log:q} 2>&1"


for job in FIGURE_JOBS:
    drawn = {
        drawing.figure: drawing.tables
        for of_unseen in (False, True)
        for drawing in drawings_of(study, of_unseen)
        if drawing.job == job
    }
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
