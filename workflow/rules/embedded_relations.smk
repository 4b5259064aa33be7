# Relations and semantic roles of the embedded world.


rule embedded_relations:
    output:
        "<results>/{annotation}/{language}_embedded/{split}.jsonl",
    log:
        "<logs>/embedded_relations/{annotation}-{language}-{split}.log",
    wildcard_constraints:
        annotation="relations|roles",
        language="[a-z]+",
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: study.embedded_world.part(wildcards.language, wildcards.split),
        code=stage_digest("embedded_relations"),
        # Not passed to the command; it identifies the content for later rules.
        content=lambda wildcards: study.identities.corpus(
            wildcards.annotation, f"{wildcards.language}_embedded", wildcards.split
        ),
    shell:
        "python -m xltransfer embedded_relations {wildcards.annotation:q} --config {params.cfg:q}"
        " --output {output:q} > {log:q} 2>&1"
