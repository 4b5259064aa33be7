# Encoders: downloaded from the hub by revision, or pretrained on the embedded world.


rule fetch_encoder:
    output:
        "<resources>/downloads/models/{encoder}-{revision}/config.json",
        "<resources>/downloads/models/{encoder}-{revision}/model.safetensors",
        "<resources>/downloads/models/{encoder}-{revision}/tokenizer.json",
    log:
        "<logs>/fetch_encoder/{encoder}-{revision}.log",
    wildcard_constraints:
        revision="[0-9a-f]{12}",
    localrule: True
    params:
        hub=lambda wildcards: study.declared_encoders[wildcards.encoder].hub,
        revision=lambda wildcards: study.declared_encoders[wildcards.encoder].revision,
        directory=subpath(output[0], parent=True),
        # A function of `output`, so that a change causes no rerun; the files do not depend on it.
        causal=lambda wildcards, output: (
            ["--causal"] if study.declared_encoders[wildcards.encoder].causal else []
        ),
    shell:
        "HF_HUB_OFFLINE=0 python -m xltransfer fetch_encoder --hub {params.hub:q} --revision {params.revision:q}"
        " --directory {params.directory:q} {params.causal:q} > {log:q} 2>&1"


# The encoder of the embedded world: that of the default study is committed in resources/models/embedded,
# so no job of it runs; the replication in another world makes its own.
rule pretrain_embedded:
    input:
        corpora=expand(
            "<results>/corpora/{language}-embedded.txt",
            language=study.embedded_world.encoder["languages"],
        ),
        config="resources/embedded_world/encoder.yaml",
    output:
        "<results>/encoders/embedded/config.json",
        "<results>/encoders/embedded/model.safetensors",
        "<results>/encoders/embedded/tokenizer.json",
        "<results>/encoders/embedded/tokenizer_config.json",
        "<results>/encoders/embedded/pretraining.json",
    log:
        "<logs>/pretrain_embedded.log",
    benchmark:
        "<benchmarks>/pretrain_embedded.tsv"
    threads: study.embedded_world.encoder["threads"]
    resources:
        gpu=1,
        mem_mb=growing(4000),
        runtime=growing(360),
    params:
        code=stage_digest("pretrain"),
        # Not passed to the command: the identity of the encoder.
        identity=study.contents.embedded_encoder(),
        directory=subpath(output[0], parent=True),
        checkpoints=lambda wildcards, output: f"{study.results}/checkpoints",
    shell:
        "python -m xltransfer pretrain --corpora {input.corpora:q} --config {input.config:q}"
        " --output {params.directory:q} --checkpoints {params.checkpoints:q}"
        " --threads {threads:q} > {log:q} 2>&1"
