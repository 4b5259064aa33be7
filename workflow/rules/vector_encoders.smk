# BiLSTM encoders over word vectors, which are mapped into one space.


rule vector_encoder:
    input:
        vectors=lambda wildcards: input_files(study, "<results>", wildcards.encoder)["vectors"],
        maps=lambda wildcards: input_files(study, "<results>", wildcards.encoder)["maps"],
    output:
        multiext(
            f"{paths.made_encoder('<results>', '{encoder}')}/",
            "config.json",
            "vectors.safetensors",
        ),
    log:
        "<logs>/vector_encoder/{encoder}.log",
    wildcard_constraints:
        encoder=one_of(vector_encoders(study)),
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        cfg=lambda wildcards: stage_config(study, wildcards.encoder),
        code=stage_digest("vector_encoder"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.encoder(wildcards.encoder),
        maps=option("maps"),
        directory=subpath(output[0], parent=True),
    shell:
        "python -m xltransfer vector_encoder --config {params.cfg:q} --vectors {input.vectors:q}"
        " {params.maps:q} --output {params.directory:q} > {log:q} 2>&1"
