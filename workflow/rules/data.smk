# Annotated corpora: fetched and checked, or made by the embedded world. Later stages cannot tell.

MADE = [code for codes in study.unseen.made.values() for code in codes]
FETCHED = rf"(?!(?:{'|'.join(['-', *MADE])})/)[a-z]+_(?!embedded/)[a-z0-9_]+"


rule fetch_corpus:
    output:
        "<resources>/downloads/{collection}/{file}",
    log:
        "<logs>/fetch_corpus/{collection}/{file}.log",
    wildcard_constraints:
        collection=r"ud-\d+\.\d+|entities|typology|raw",
        file=".+",
    retries: 2
    localrule: True
    conda:
        "../../envs/xltransfer.yaml"
    params:
        cfg=lambda wildcards: study.downloads.config(f"{wildcards.collection}/{wildcards.file}"),
        # Depends on the output only in form: where a file came from must not cause reruns.
        mirrors=lambda wildcards, output: study.mirrors,
        largest=lambda wildcards, output: study.downloads.largest(
            f"{wildcards.collection}/{wildcards.file}"
        ),
    shell:
        "HF_HUB_OFFLINE=0 python -m xltransfer fetch_corpus --config {params.cfg:q} --output {output:q}"
        " --largest {params.largest:q} --mirrors {params.mirrors:q} > {log:q} 2>&1"


# The parameter `content` is not passed on: it tells later rules what a file holds.
rule check_treebank:
    input:
        download("treebanks"),
    output:
        "<results>/treebanks/{corpus}/{split}.conllu",
    log:
        "<logs>/check_treebank/{corpus}-{split}.log",
    wildcard_constraints:
        corpus=FETCHED,
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        checksum=lambda wildcards: study.downloads.checksum(
            "treebanks", wildcards.corpus, wildcards.split
        ),
        code=stage_digest("check_treebank"),
        content=content("treebanks"),
    shell:
        "python -m xltransfer check_treebank --download {input:q} --checksum {params.checksum:q}"
        " --output {output:q} > {log:q} 2>&1"


rule check_entities:
    input:
        download("entities"),
    output:
        "<results>/entities/{corpus}/{split}.iob2",
    log:
        "<logs>/check_entities/{corpus}-{split}.log",
    wildcard_constraints:
        corpus=FETCHED,
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        checksum=lambda wildcards: study.downloads.checksum(
            "entities", wildcards.corpus, wildcards.split
        ),
        cfg=lambda wildcards: study.entities_config(wildcards.corpus),
        code=stage_digest("check_entities"),
        content=content("entities"),
    shell:
        "python -m xltransfer check_entities --download {input:q} --checksum {params.checksum:q}"
        " --config {params.cfg:q} --output {output:q} > {log:q} 2>&1"


rule embedded_treebank:
    output:
        "<results>/treebanks/{language}_embedded/{split}.conllu",
    log:
        "<logs>/embedded_treebank/{language}-{split}.log",
    wildcard_constraints:
        language="[a-z]+",
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: study.embedded_world.part(wildcards.language, wildcards.split),
        code=stage_digest("embedded_world"),
        content=content("treebanks", "{language}_embedded"),
    shell:
        "python -m xltransfer embedded_world treebank --config {params.cfg:q}"
        " --output {output:q} > {log:q} 2>&1"


rule embedded_entities:
    output:
        "<results>/entities/{language}_embedded/{split}.iob2",
    log:
        "<logs>/embedded_entities/{language}-{split}.log",
    wildcard_constraints:
        language="[a-z]+",
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: study.embedded_world.part(wildcards.language, wildcards.split),
        code=stage_digest("embedded_world"),
        content=content("entities", "{language}_embedded"),
    shell:
        "python -m xltransfer embedded_world entities --config {params.cfg:q}"
        " --output {output:q} > {log:q} 2>&1"


rule embedded_text:
    output:
        "<results>/corpora/{language}-embedded.txt",
    log:
        "<logs>/embedded_text/{language}.log",
    wildcard_constraints:
        language="[a-z]+",
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: study.embedded_world.part(wildcards.language, "text"),
        code=stage_digest("embedded_world"),
    shell:
        "python -m xltransfer embedded_world text --config {params.cfg:q}"
        " --output {output:q} > {log:q} 2>&1"
