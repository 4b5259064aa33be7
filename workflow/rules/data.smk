# Treebanks: fetched and checked, or made by the embedded world. Later stages cannot tell.


rule fetch_treebank:
    output:
        "<resources>/downloads/ud-{release}/{folder}/{treebank}-ud-{split}.conllu",
    log:
        "<logs>/fetch_treebank/{release}/{folder}/{treebank}-{split}.log",
    retries: 2
    localrule: True
    conda:
        "../../envs/xltransfer.yaml"
    params:
        cfg=lambda wildcards: study.file_config(wildcards.treebank, wildcards.split),
        # Depends on the output only in form: where a file came from must not cause reruns.
        mirrors=lambda wildcards, output: study.mirrors,
    shell:
        "python -m xltransfer.fetch file --config {params.cfg:q} --output {output:q}"
        " --mirrors {params.mirrors:q} > {log:q} 2>&1"


rule check_treebank:
    input:
        treebank_download,
    output:
        "<results>/treebanks/{treebank}/{split}.conllu",
    log:
        "<logs>/check_treebank/{treebank}-{split}.log",
    wildcard_constraints:
        treebank=r"[a-z]+_(?!embedded/)[a-z0-9_]+",
    conda:
        "../../envs/xltransfer.yaml"
    params:
        checksum=lambda wildcards: study.treebank(wildcards.treebank)
        .files[wildcards.split]
        .checksum,
        code=stage_digest("treebank"),
    shell:
        "python -m xltransfer.treebank --download {input:q} --checksum {params.checksum:q}"
        " --output {output:q} > {log:q} 2>&1"


rule embedded_treebank:
    output:
        "<results>/treebanks/{language}_embedded/{split}.conllu",
    log:
        "<logs>/embedded_treebank/{language}-{split}.log",
    wildcard_constraints:
        language="[a-z]+",
    conda:
        "../../envs/xltransfer.yaml"
    params:
        cfg=lambda wildcards: study.embedded_config(wildcards.language, wildcards.split),
        code=stage_digest("embedded_world.__main__"),
    shell:
        "python -m xltransfer.embedded_world treebank --config {params.cfg:q}"
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
    params:
        cfg=lambda wildcards: study.embedded_config(wildcards.language, "text"),
        code=stage_digest("embedded_world.__main__"),
    shell:
        "python -m xltransfer.embedded_world text --config {params.cfg:q}"
        " --output {output:q} > {log:q} 2>&1"
