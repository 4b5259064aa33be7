# Sources that are sets of corpora (`en_ewt+fr_sequoia`): the union of a part of each.


for folder, annotated in ANNOTATED.items():
    if not sets_of(study, folder):
        continue

    rule:
        name:
            f"join_{folder}"
        input:
            members_of(folder),
        output:
            f"<results>/{folder}/{{corpus}}/{{split}}{annotated.suffix}",
        log:
            f"<logs>/join_corpora/{folder}/{{corpus}}-{{split}}.log",
        wildcard_constraints:
            corpus=one_of(map(re.escape, sets_of(study, folder))),
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            code=stage_digest("join_corpora"),
            # Not passed to the command; it identifies the content for later rules.
            content=content(folder),
        shell:
            "python -m xltransfer join_corpora --corpora {input:q} --output {output:q} > {log:q} 2>&1"
