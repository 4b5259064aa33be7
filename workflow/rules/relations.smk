# Corpora of relations and of roles: downloaded and validated.

for annotation in ANNOTATIONS:

    rule:
        name:
            f"check_{annotation}"
        input:
            downloads=relation_downloads(annotation),
            treebank=treebank_of_relations(annotation),
        output:
            f"<results>/{annotation}/{{corpus}}/{{split}}.jsonl",
        log:
            f"<logs>/check_{annotation}/{{corpus}}-{{split}}.log",
        wildcard_constraints:
            corpus=FETCHED,
        resources:
            mem_mb=growing(4000),
            runtime=growing(60),
        params:
            checksums=lambda wildcards, annotation=annotation: (
                relation_parts.part_checksums(study, annotation, wildcards.corpus, wildcards.split)
            ),
            cfg=lambda wildcards, annotation=annotation: canonical_json(
                relation_parts.part_config(study, annotation, wildcards.corpus, wildcards.split)
            ),
            code=stage_digest("check_relations"),
            # Not passed to the command; it identifies the content for later rules.
            content=content(annotation),
            treebank=option("treebank"),
        shell:
            "python -m xltransfer check_relations --downloads {input.downloads:q}"
            " --checksums {params.checksums:q} --config {params.cfg:q} {params.treebank:q}"
            " --output {output:q} > {log:q} 2>&1"
