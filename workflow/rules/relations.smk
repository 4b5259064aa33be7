# Corpora of relations and of roles: downloaded and validated.


def relation_downloads(annotation):
    """A function of wildcards: the downloaded files of a part of a corpus."""

    def of(wildcards):
        part = annotation, wildcards.corpus, wildcards.split
        checksums = relation_parts.part_checksums(study, *part)
        return [
            settled(
                f"<resources>/downloads/{file}",
                checksum != UNCHECKED and study.downloads.config(file),
            )
            for file, checksum in zip(study.downloads.paths(*part), checksums)
        ]

    return of


def treebank_of_relations(annotation):
    """A function of wildcards: the part of a treebank with the words of a part; none or one."""

    def of(wildcards):
        part = annotation, wildcards.corpus, wildcards.split
        treebank = relation_parts.corpus_of(study, *part[:2]).treebank
        return [
            settled(
                f"<results>/{file}",
                study.contents.corpus("treebanks", treebank, wildcards.split),
            )
            for file in relation_parts.treebank_file(study, *part)
        ]

    return of


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
        conda:
            "../../envs/xltransfer.yaml"
        resources:
            mem_mb=growing(4000),
            runtime=growing(60),
        params:
            checksums=lambda wildcards, annotation=annotation: (
                relation_parts.part_checksums(study, annotation, wildcards.corpus, wildcards.split)
            ),
            cfg=lambda wildcards, annotation=annotation: (
                relation_parts.part_config_json(
                    study, annotation, wildcards.corpus, wildcards.split
                )
            ),
            code=stage_digest("check_relations"),
            # Not passed to the command; it identifies the content for later rules.
            content=content(annotation),
            treebank=lambda wildcards, input: (
                ["--treebank", *input.treebank] if input.treebank else []
            ),
        shell:
            "python -m xltransfer check_relations --downloads {input.downloads:q}"
            " --checksums {params.checksums:q} --config {params.cfg:q} {params.treebank:q}"
            " --output {output:q} > {log:q} 2>&1"
