# Encoders that the workflow makes from recipes: trained further, pretrained from scratch, or only
# an architecture; and the raw text that they are trained on.


# Raw corpora of several files, such as the shards of a dataset, are one text.
rule join_raw_files:
    input:
        lambda wildcards: [
            f"<resources>/downloads/{file}" for file in study.raw_texts.downloads(wildcards.text)
        ],
    output:
        "<results>/corpora/{text}.txt",
    log:
        "<logs>/join_raw_files/{text}.log",
    wildcard_constraints:
        text=one_of(study.raw_texts.joined),
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        kind=lambda wildcards: study.catalogue.raw_corpora[wildcards.text].kind,
        checksums=lambda wildcards: study.raw_texts.checksums(wildcards.text),
        code=stage_digest("join_raw_files"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.made.joined(wildcards.text),
    shell:
        "python -m xltransfer join_raw_files --files {input:q} --checksums {params.checksums:q}"
        " --kind {params.kind:q} --output {output:q} > {log:q} 2>&1"


rule clean:
    input:
        raw=raw_corpus,
        identifier=study.raw_texts.identifier_files(),
        evaluation=evaluation_files,
    output:
        training="<results>/raw_text/{text}/training.txt",
        held_out="<results>/raw_text/{text}/held_out.txt",
        report="<results>/raw_text/{text}/report.json",
    log:
        "<logs>/clean/{text}.log",
    wildcard_constraints:
        text=one_of(study.raw_texts.cleaned),
    resources:
        # A model for language identification has up to 1.7 GB.
        mem_mb=growing(5000 if study.raw_texts.identifier_files() else 2000),
        runtime=growing(240),
    params:
        cfg=lambda wildcards: study.raw_texts.cleaning_config(wildcards.text),
        kind=lambda wildcards: study.raw_texts.kind(wildcards.text),
        checksum=lambda wildcards: study.raw_texts.checksum(wildcards.text),
        identifier_checksum=study.raw_texts.identifier_checksum,
        code=stage_digest("clean"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.made.text(wildcards.text),
    shell:
        "python -m xltransfer clean --raw {input.raw:q} --checksum {params.checksum:q} --kind {params.kind:q}"
        " --config {params.cfg:q} --evaluation {input.evaluation:q}"
        " --identifier-checksum {params.identifier_checksum:q}"
        " --training {output.training:q} --held-out {output.held_out:q}"
        " --report {output.report:q} > {log:q} 2>&1"


MADE_ENCODER = paths.made_encoder("<results>", "{encoder}", "{text}", "{seed}")


rule adapt:
    input:
        encoder=base_encoder,
        training=texts_of_encoder("raw_text", "training"),
        held_out=texts_of_encoder("raw_text", "held_out"),
        parallel=texts_of_encoder("parallel_text", "training"),
        held_out_parallel=texts_of_encoder("parallel_text", "held_out"),
    output:
        multiext(
            f"{MADE_ENCODER}/",
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "pretraining.json",
        ),
    log:
        "<logs>/adapt/{encoder}/{text}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/adapt/{encoder}/{text}/seed-{seed}.tsv"
    wildcard_constraints:
        encoder=one_of(study.made_encoders.adapted()),
        text=one_of([*study.raw_texts.codes, SEVERAL_TEXTS]),
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(16000),
        runtime=growing(720),
    params:
        cfg=made_encoder_config,
        code=stage_digest("adapt"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=made_encoder_identity,
        encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
        directory=subpath(output[0], parent=True),
        checkpoints=lambda wildcards, output: f"{study.results}/checkpoints",
        checkpoint_seconds=lambda wildcards, output: 60 * config["checkpoint_minutes"],
    shell:
        "python -m xltransfer adapt --encoder {params.encoder:q} --training {input.training:q}"
        " --held-out {input.held_out:q} --parallel {input.parallel:q}"
        " --held-out-parallel {input.held_out_parallel:q}"
        " --config {params.cfg:q} --output {params.directory:q}"
        " --checkpoints {params.checkpoints:q} --checkpoint-seconds {params.checkpoint_seconds:q}"
        " --threads {threads:q} > {log:q} 2>&1"


rule pretrain:
    input:
        training=texts_of_encoder("raw_text", "training"),
        held_out=texts_of_encoder("raw_text", "held_out"),
        parallel=texts_of_encoder("parallel_text", "training"),
        held_out_parallel=texts_of_encoder("parallel_text", "held_out"),
    output:
        multiext(
            f"{MADE_ENCODER}/",
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "pretraining.json",
        ),
    log:
        "<logs>/pretrain/{encoder}/{text}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/pretrain/{encoder}/{text}/seed-{seed}.tsv"
    wildcard_constraints:
        encoder=one_of(study.made_encoders.from_scratch()),
        text=one_of([*study.raw_texts.codes, SEVERAL_TEXTS]),
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(16000),
        runtime=growing(720),
    params:
        cfg=made_encoder_config,
        code=stage_digest("pretrain"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=made_encoder_identity,
        directory=subpath(output[0], parent=True),
        checkpoints=lambda wildcards, output: f"{study.results}/checkpoints",
        checkpoint_seconds=lambda wildcards, output: 60 * config["checkpoint_minutes"],
    shell:
        "python -m xltransfer pretrain --corpora {input.training:q} --held-out {input.held_out:q}"
        " --parallel {input.parallel:q} --held-out-parallel {input.held_out_parallel:q}"
        " --config {params.cfg:q} --output {params.directory:q}"
        " --checkpoints {params.checkpoints:q} --checkpoint-seconds {params.checkpoint_seconds:q}"
        " --threads {threads:q} > {log:q} 2>&1"


SINGLE_ENCODER = paths.made_encoder("<results>", "{encoder}")


rule trim_vocabulary:
    input:
        encoder=base_encoder,
        corpora=lambda wildcards: [
            corpus_part(*part) for part in study.made_encoders.kept_files(wildcards.encoder)
        ],
    output:
        multiext(f"{SINGLE_ENCODER}/", "config.json", "model.safetensors", "tokenizer.json"),
    log:
        "<logs>/trim_vocabulary/{encoder}.log",
    wildcard_constraints:
        encoder=one_of(study.made_encoders.trimmed()),
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        code=stage_digest("trim_vocabulary"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.encoder(wildcards.encoder),
        encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
        directory=subpath(output[0], parent=True),
    shell:
        "python -m xltransfer trim_vocabulary --encoder {params.encoder:q}"
        " --corpora {input.corpora:q} --output {params.directory:q} > {log:q} 2>&1"


rule keep_layers:
    input:
        encoder=base_encoder,
    output:
        multiext(f"{SINGLE_ENCODER}/", "config.json", "model.safetensors", "tokenizer.json"),
    log:
        "<logs>/keep_layers/{encoder}.log",
    wildcard_constraints:
        encoder=one_of(study.made_encoders.cut()),
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        layers=lambda wildcards: study.made_encoders.recipes[wildcards.encoder].layers,
        code=stage_digest("keep_layers"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.encoder(wildcards.encoder),
        encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
        directory=subpath(output[0], parent=True),
    shell:
        "python -m xltransfer keep_layers --encoder {params.encoder:q} --layers {params.layers:q}"
        " --output {params.directory:q} > {log:q} 2>&1"


rule bilstm_architecture:
    output:
        f"{SINGLE_ENCODER}/config.json",
    log:
        "<logs>/bilstm_architecture/{encoder}.log",
    wildcard_constraints:
        encoder=one_of(study.made_encoders.unpretrained()),
    localrule: True
    params:
        cfg=lambda wildcards: canonical_json(
            study.made_encoders.recipes[wildcards.encoder].architecture
        ),
        code=stage_digest("bilstm_architecture"),
    shell:
        "python -m xltransfer bilstm_architecture --config {params.cfg:q} --output {output:q} > {log:q} 2>&1"
