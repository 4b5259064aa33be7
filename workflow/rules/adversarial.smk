# How well a fresh discriminator tells source and target apart by the states of models.


rule discriminate:
    input:
        models=lambda wildcards: [
            file
            for folder in models_of(study, "<results>", wildcards)
            for file in (ancient(f"{folder}/model.safetensors"), f"{folder}/training.json")
        ],
        sources=lambda wildcards: [
            test_part(wildcards, corpus)
            for corpus in own_corpora(study, wildcards.task, wildcards.source)
        ],
        target=lambda wildcards: test_part(wildcards, wildcards.corpus),
    output:
        paths.discrimination("<results>", "{encoder}", "{task}", "{source}", "{corpus}"),
    log:
        "<logs>/discriminate/{encoder}/{task}/{source}/{corpus}.log",
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: discrimination_config(
            study, wildcards.task, wildcards.source, wildcards.corpus, wildcards.encoder
        ),
        code=stage_digest("discriminate"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: discrimination_identity(
            study,
            Discrimination(wildcards.encoder, wildcards.task, wildcards.source, wildcards.corpus),
        ),
        models=lambda wildcards, input: directories(input.models),
        languages=lambda wildcards: members(study.language(wildcards.task, wildcards.source)),
        language=language_of("corpus"),
    shell:
        "python -m xltransfer discriminate --config {params.cfg:q} --models {params.models:q}"
        " --sources {input.sources:q} --source-languages {params.languages:q}"
        " --target {input.target:q} --target-language {params.language:q} --output {output:q}"
        " --threads {threads:q} > {log:q} 2>&1"
