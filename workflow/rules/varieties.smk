# Data of languages that the encoder has not seen: transliteration, and splitting of corpora that
# lack a part.


# Transliterated files: folder, codes and suffix by kind.
for kind, suffix in ((folder, form.suffix) for folder, form in WITH_VARIETIES.items()):

    rule:
        name:
            f"transliterate_{kind}"
        input:
            file=lambda wildcards, kind=kind, suffix=suffix: (
                f"<results>/{kind}/{unseen.made[kind][wildcards.corpus].original}/{wildcards.part}{suffix}"
            ),
            tables=lambda wildcards, kind=kind: unseen.scheme_files(kind, wildcards.corpus),
            evaluation=evaluation_files if kind == "raw_text" else [],
        output:
            file=f"<results>/{kind}/{{corpus}}/{{part}}{suffix}",
            report=f"<results>/transliteration/{kind}/{{corpus}}-{{part}}.json",
        log:
            f"<logs>/transliterate/{kind}/{{corpus}}-{{part}}.log",
        wildcard_constraints:
            corpus=one_of(unseen.transliterated(kind)),
            part="train|dev|test|training|held_out",
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            scheme=lambda wildcards, kind=kind: unseen.made[kind][wildcards.corpus].scheme,
            # Not passed to the command: the stage reads the scheme's row itself.
            cfg=lambda wildcards, kind=kind: unseen.scheme_config(kind, wildcards.corpus),
            content=content(kind) if kind != "raw_text" else text_identity,
            evaluation=option("evaluation"),
            keep=KEEP,
            code=stage_digest("transliterate"),
        shell:
            "python -m xltransfer transliterate --source {input.file:q} --output {output.file:q}"
            " --scheme {params.scheme:q} --schemes resources/transliteration"
            " {params.evaluation:q} {params.keep:q} --report {output.report:q} > {log:q} 2>&1"


# Corpora that lack a part are pooled and split: once by hash, or into folds for cross-validation.
DIVISIONS = {
    HASHED: "<results>/{kind}/{{corpus}}_hashed/{split}{suffix}",
    FOLDS: "<results>/{kind}/{{corpus}}_fold_{fold}/{split}{suffix}",
}
DIVIDED = {kind: form for kind, form in WITH_VARIETIES.items() if kind in ANNOTATED}
for (kind, form), (division, pattern) in product(DIVIDED.items(), DIVISIONS.items()):

    rule:
        name:
            f"{'split' if division == HASHED else 'fold'}_{kind}"
        input:
            lambda wildcards, kind=kind, suffix=form.suffix: [
                f"<results>/{kind}/{wildcards.corpus}/{split}{suffix}"
                for split in getattr(study.catalogue, kind)[wildcards.corpus].splits
            ],
        output:
            expand(
                pattern,
                kind=kind,
                suffix=form.suffix,
                fold=range(1, unseen.folds + 1),
                split=["train", "dev", "test"],
            ),
        log:
            f"<logs>/{division}_{kind}/{{corpus}}.log",
        wildcard_constraints:
            corpus=one_of(unseen.divided(kind, division)),
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            cfg=unseen.split_config(division),
            content=content(
                kind, code="{corpus}" + (f"_{HASHED}" if division == HASHED else "_fold_1")
            ),
            code=stage_digest("split"),
            division=division,
        shell:
            "python -m xltransfer split {params.division:q} --corpora {input:q}"
            " --config {params.cfg:q} --outputs {output:q} > {log:q} 2>&1"
