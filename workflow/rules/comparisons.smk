# What analyses compare besides scores: subwords, word order, representations of sentences.


rule pieces:
    input:
        encoder=lambda wildcards: encoder_files(wildcards)[2],
        corpus=lambda wildcards: f"<results>/{wildcards.corpora}/{wildcards.corpus}/{wildcards.split}"
        + FORMATS[wildcards.corpora].suffix,
    output:
        paths.pieces("<results>", "{encoder}", "{corpora}", "{corpus}-{split}{drawn}"),
    log:
        "<logs>/pieces/{encoder}/{corpora}/{corpus}-{split}{drawn}.log",
    wildcard_constraints:
        corpora=one_of(ANNOTATED),
        drawn=r"(-drawn-\d+-seed-\d+)?",
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=stage_digest("pieces"),
        directory=lambda wildcards, input: os.path.dirname(input.encoder),
        drawn=lambda wildcards: (
            wildcards.drawn.replace("-drawn-", "--sentences ")
            .replace("-seed-", " --seed ")
            .split()
        ),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.pieces(
            wildcards.encoder, wildcards.corpora, wildcards.corpus, wildcards.split
        ),
    shell:
        "python -m xltransfer pieces --encoder {params.directory:q} --corpus {input.corpus:q}"
        " --output {output:q} {params.drawn:q} > {log:q} 2>&1"


rule typology:
    input:
        [f"<resources>/downloads/{file}" for file in typology_files(study)],
    output:
        "<results>/typology/features.csv",
    log:
        "<logs>/typology.log",
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=typology_config(study),
        checksums=[study.downloads.checksum_of(file) for file in typology_files(study)],
        code=stage_digest("typology"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.typology(),
    shell:
        "python -m xltransfer typology --config {params.cfg:q} --files {input:q}"
        " --checksums {params.checksums:q} --output {output:q} > {log:q} 2>&1"


# One job reads a treebank once and computes its vectors in several states of an encoder.
for number, states in enumerate(study.parallel.batches(), start=1):

    rule:
        name:
            "represent" if number == 1 else f"represent_{number}"
        input:
            encoder=encoder_files,
            models=states_to_represent_with(states),
            treebank=lambda wildcards: corpus_part("treebanks", wildcards.corpus, wildcards.split),
        output:
            expand(
                paths.representations("<results>", "{encoder}", "{state}", "{corpus}-{split}"),
                state=[state.path for state in states],
                allow_missing=True,
            ),
        log:
            f"<logs>/represent/{{encoder}}/{{corpus}}-{{split}}/{states[0].path}.log",
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=growing(8000),
            runtime=growing(60),
        params:
            code=stage_digest("represent"),
            # Not passed to the command: the identities of the encoder, the models and the treebank.
            identity=states_identity(states),
            encoders=states_to_open(states),
            redrawn=[state.seed for state in states if state.kind == "never-pretrained"],
            redrawn_from=lambda wildcards, input: os.path.dirname(input.encoder[1]),
            as_published="--as-published" if config["parallel"]["as_published"] else "",
            precision=study.parallel.precision,
            language=language_of("corpus"),
        shell:
            "python -m xltransfer represent --encoders {params.encoders:q}"
            " --redrawn {params.redrawn:q} --redrawn-from {params.redrawn_from:q} {params.as_published:q}"
            " --precision {params.precision:q} --treebank {input.treebank:q} --outputs {output:q} --threads {threads:q}"
            " --language {params.language:q} > {log:q} 2>&1"


rule similarity:
    input:
        lambda wildcards: study.parallel.files_of_pair(
            "<results>", wildcards.encoder, wildcards.corpus
        ),
    output:
        paths.similarities("<results>", "{encoder}", "{corpus}-{split}"),
    log:
        "<logs>/similarity/{encoder}/{corpus}-{split}.log",
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        cfg=lambda wildcards: study.parallel.similarity_config(wildcards.corpus),
        code=stage_digest("similarity"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.similarity(wildcards.encoder, wildcards.corpus),
        results=lambda wildcards, output: study.results,
    shell:
        "python -m xltransfer similarity --config {params.cfg:q} --results {params.results:q}"
        " --encoder {wildcards.encoder:q} --corpus {wildcards.corpus:q} --output {output:q}"
        " > {log:q} 2>&1"


rule translation_context:
    input:
        encoder=measured_encoder,
        pairs=paths.parallel_text("<results>", "{text}", "test"),
    output:
        paths.translation_context("<results>", "{encoder}", "{state}", "{text}"),
    log:
        "<logs>/translation_context/{encoder}/{state}/{text}.log",
    wildcard_constraints:
        encoder=one_of(study.measured_translations.encoders),
        state="pretrained|seed-[0-9]+",
        text=one_of(study.measured_translations.texts),
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: study.measured_translations.config(wildcards.encoder, wildcards.text),
        code=stage_digest("translation_context"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.measured_translations.identity(
            wildcards.encoder, wildcards.state, wildcards.text
        ),
        encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
    shell:
        "python -m xltransfer translation_context --encoder {params.encoder:q}"
        " --pairs {input.pairs:q} --config {params.cfg:q} --output {output:q}"
        " --threads {threads:q} > {log:q} 2>&1"
