# Bilingual dictionaries, and text that is translated word for word by them.

dictionary_texts = DictionaryTexts(study)


rule embedded_dictionary:
    output:
        training=paths.dictionary("<results>", "{dictionary}", "train"),
        test=paths.dictionary("<results>", "{dictionary}", "test"),
    log:
        "<logs>/embedded_dictionary/{dictionary}.log",
    wildcard_constraints:
        dictionary=one_of(dictionary_codes(study, embedded=True)),
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: study.mapped.embedded_dictionary_config(wildcards.dictionary),
        words=lambda wildcards: study.mapped.embedded_words(wildcards.dictionary),
        code=stage_digest("embedded_dictionary"),
    shell:
        "python -m xltransfer embedded_dictionary {params.words:q} --config {params.cfg:q}"
        " --training {output.training:q} --test {output.test:q} > {log:q} 2>&1"


rule check_dictionary:
    input:
        lambda wildcards: (
            "<resources>/downloads/"
            f"{study.downloads.dictionary(wildcards.dictionary, wildcards.part)}"
        ),
    output:
        paths.dictionary("<results>", "{dictionary}", "{part}"),
    log:
        "<logs>/check_dictionary/{dictionary}-{part}.log",
    wildcard_constraints:
        dictionary=one_of(dictionary_codes(study, embedded=False)),
        part="train|test",
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        checksum=lambda wildcards: (
            study.catalogue.dictionaries[wildcards.dictionary].files[wildcards.part].checksum
        ),
        code=stage_digest("check_dictionary"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.mapped.dictionary(
            wildcards.dictionary, wildcards.part
        ),
    shell:
        "python -m xltransfer check_dictionary --download {input:q} --checksum {params.checksum:q}"
        " --output {output:q} > {log:q} 2>&1"


rule translate_text:
    input:
        text=lambda wildcards: (
            f"<results>/raw_text/{study.raw_texts.translated[wildcards.text]}/{wildcards.part}.txt"
        ),
        dictionaries=lambda wildcards: dictionary_texts.dictionary_files(
            "<results>", wildcards.text
        ),
        evaluation=evaluation_files,
    output:
        text="<results>/raw_text/{text}/{part}.txt",
        report=paths.dictionary_text_report("<results>", "{text}", "raw_text", "{text}", "{part}"),
    log:
        "<logs>/translate_text/{text}-{part}.log",
    wildcard_constraints:
        text=one_of(dictionary_texts.raw_texts),
        part="training|held_out",
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: dictionary_texts.items[wildcards.text].config,
        code=stage_digest("translate_by_dictionary"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.made.text(wildcards.text),
        evaluation=option("evaluation"),
        keep=KEEP,
    shell:
        "python -m xltransfer translate_by_dictionary --source {input.text:q}"
        " --dictionaries {input.dictionaries:q} --config {params.cfg:q} --output {output.text:q}"
        " {params.evaluation:q} {params.keep:q} --report {output.report:q} > {log:q} 2>&1"


for kind, form in ANNOTATED.items():
    if not form.has_varieties:
        continue

    rule:
        name:
            f"translate_{kind}"
        input:
            corpus=lambda wildcards, kind=kind: corpus_part(kind, wildcards.corpus, wildcards.part),
            dictionaries=lambda wildcards: dictionary_texts.dictionary_files(
                "<results>", wildcards.name
            ),
        output:
            corpus=paths.dictionary_text(
                "<results>", "{name}", kind, "{corpus}", f"{{part}}{form.suffix}"
            ),
            report=paths.dictionary_text_report("<results>", "{name}", kind, "{corpus}", "{part}"),
        log:
            f"<logs>/translate_{kind}/{{name}}/{{corpus}}-{{part}}.log",
        wildcard_constraints:
            name=one_of(list(dictionary_texts.items)),
            part="train|dev",
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            cfg=lambda wildcards: dictionary_texts.items[wildcards.name].config,
            code=stage_digest("translate_by_dictionary"),
            # Not passed to the command, used to detect changes: see study/identities.py.
            identity=lambda wildcards, kind=kind: dictionary_texts.identity(
                wildcards.name, (kind, wildcards.corpus, wildcards.part)
            ),
        shell:
            "python -m xltransfer translate_by_dictionary --source {input.corpus:q}"
            " --dictionaries {input.dictionaries:q} --config {params.cfg:q}"
            " --output {output.corpus:q} --report {output.report:q} > {log:q} 2>&1"
