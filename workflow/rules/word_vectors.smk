# Word vectors, the maps between those of two languages, and word translation by them. Every map has
# a job of its own; one job translates the test words of a dictionary by all maps.

mapped = study.mapped
VECTORS = paths.word_vectors("<results>", "{embeddings}", "{language}")
MAP = paths.vector_map("<results>", "{embeddings}", "{dictionary}", "{method}")
METHODS = list(mapped.methods)


@awaiting_wildcards
def dictionary_part(part, wildcards):
    """A function of wildcards: a part of a dictionary; nothing if the method does not use it."""
    if part == "train" and not mapped.uses_dictionary(wildcards.method):
        return []
    return paths.dictionary("<results>", wildcards.dictionary, part)


def vectors_of_pair(side):
    """A function of wildcards: the word vectors of the source (0) or the target language (1)."""
    return lambda wildcards: mapped.vector_files(
        "<results>", wildcards.embeddings, wildcards.dictionary
    )[side]


def text_of_vectors(wildcards):
    """The raw text that word vectors are made from."""
    text = mapped.embeddings[wildcards.embeddings].texts[wildcards.language]
    return f"<results>/raw_text/{text}/training.txt"


def map_of_language(wildcards):
    """The map from the language whose space is shared to another one; none for that language."""
    code = map_to(study, wildcards.embeddings, wildcards.language)
    if code is None:
        return []
    return paths.vector_map("<results>", wildcards.embeddings, code, wildcards.method)


def vectors_identity(wildcards):
    """The identity of the word vectors of a language."""
    return study.identities.mapped.vectors(wildcards.embeddings, wildcards.language)


rule train_vectors:
    input:
        text_of_vectors,
    output:
        VECTORS,
    log:
        "<logs>/train_vectors/{embeddings}/{language}.log",
    wildcard_constraints:
        embeddings=one_of(mapped.of_kind("training")),
        language="[a-z0-9_]+",
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        cfg=lambda wildcards: mapped.vectors_config(wildcards.embeddings),
        code=stage_digest("train_vectors"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=vectors_identity,
    shell:
        "python -m xltransfer train_vectors --text {input:q} --config {params.cfg:q}"
        " --output {output:q} > {log:q} 2>&1"


rule check_vectors:
    input:
        lambda wildcards: mapped.given_file(
            wildcards.embeddings, wildcards.language, "<resources>/downloads"
        ),
    output:
        VECTORS,
    log:
        "<logs>/check_vectors/{embeddings}/{language}.log",
    wildcard_constraints:
        embeddings=one_of(mapped.of_kind("files")),
        language="[a-z0-9_]+",
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        checksum=lambda wildcards: (
            mapped.embeddings[wildcards.embeddings].files[wildcards.language]["checksum"]
        ),
        maximum_words=lambda wildcards: mapped.section["maximum_words"] or 0,
        code=stage_digest("check_vectors"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=vectors_identity,
    shell:
        "python -m xltransfer check_vectors --file {input:q} --checksum {params.checksum:q}"
        " --maximum-words {params.maximum_words:q} --output {output:q} > {log:q} 2>&1"


rule represent_words:
    input:
        encoder=lambda wildcards: settled_encoder(
            mapped.embeddings[wildcards.embeddings].settings["name"]
        ),
        text=text_of_vectors,
    output:
        VECTORS,
    log:
        "<logs>/represent_words/{embeddings}/{language}.log",
    wildcard_constraints:
        embeddings=one_of(mapped.of_kind("encoder")),
        language="[a-z0-9_]+",
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        cfg=lambda wildcards: mapped.vectors_config(wildcards.embeddings),
        code=stage_digest("represent_words"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=vectors_identity,
        encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
    shell:
        "python -m xltransfer represent_words --encoder {params.encoder:q} --text {input.text:q}"
        " --config {params.cfg:q} --output {output:q} --threads {threads:q} > {log:q} 2>&1"


rule map_vectors:
    input:
        source=vectors_of_pair(0),
        target=vectors_of_pair(1),
        dictionary=dictionary_part("train"),
    output:
        MAP,
    log:
        "<logs>/map_vectors/{embeddings}/{dictionary}/{method}.log",
    wildcard_constraints:
        embeddings=one_of(list(mapped.embeddings)),
        dictionary=one_of(list(mapped.dictionaries)),
        method=one_of(list(mapped.methods)),
    threads: config["training_threads"]
    resources:
        mem_mb=growing(8000),
        runtime=growing(720),
    params:
        cfg=lambda wildcards: mapped.map_config(wildcards.method),
        code=stage_digest("map_vectors"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.mapped.map(
            wildcards.embeddings, wildcards.dictionary, wildcards.method
        ),
        dictionary=lambda wildcards, input: (
            ["--dictionary", input.dictionary] if input.dictionary else []
        ),
    shell:
        "python -m xltransfer map_vectors --source {input.source:q} --target {input.target:q}"
        " --config {params.cfg:q} {params.dictionary:q} --output {output:q} --threads {threads:q}"
        " > {log:q} 2>&1"


rule share_space:
    input:
        vectors=VECTORS,
        map=map_of_language,
    output:
        paths.shared_vectors("<results>", "{embeddings}", "{method}", "{language}"),
    log:
        "<logs>/share_space/{embeddings}/{method}/{language}.log",
    wildcard_constraints:
        embeddings=one_of(list(mapped.embeddings)),
        method=one_of(METHODS),
        language="[a-z0-9_]+",
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        normalisation=mapped.section["normalisation"],
        code=stage_digest("share_space"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: space_identity(
            study, wildcards.embeddings, wildcards.method, wildcards.language
        ),
        map=lambda wildcards, input: ["--mapping", input.map] if input.map else [],
    shell:
        "python -m xltransfer share_space --vectors {input.vectors:q}"
        " --normalisation {params.normalisation:q} {params.map:q} --output {output:q}"
        " > {log:q} 2>&1"


rule translate_words:
    input:
        source=vectors_of_pair(0),
        target=vectors_of_pair(1),
        maps=expand(MAP, method=METHODS, allow_missing=True),
        dictionary=dictionary_part("test"),
        treebanks=lambda wildcards: [
            f"<results>/treebanks/{bank}/{study.parallel.split}.conllu"
            for bank in mapped.treebanks(wildcards.dictionary)
        ],
    output:
        expand(
            paths.word_translation("<results>", "{embeddings}", "{dictionary}", "{method}"),
            method=METHODS,
            allow_missing=True,
        ),
    log:
        "<logs>/translate_words/{embeddings}/{dictionary}.log",
    wildcard_constraints:
        embeddings=one_of(list(mapped.embeddings)),
        dictionary=one_of(list(mapped.dictionaries)),
    threads: config["training_threads"]
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: mapped.translation_config(wildcards.embeddings, wildcards.dictionary),
        code=stage_digest("translate_words"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.mapped.translation_job(
            wildcards.embeddings, wildcards.dictionary
        ),
        treebanks=option("treebanks"),
    shell:
        "python -m xltransfer translate_words --source {input.source:q} --target {input.target:q}"
        " --maps {input.maps:q} --dictionary {input.dictionary:q} --config {params.cfg:q}"
        " {params.treebanks:q} --outputs {output:q} --threads {threads:q} > {log:q} 2>&1"
