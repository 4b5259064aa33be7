# Prediction: one job reads a corpus once and annotates it with many models (`job_size`), so there
# is one rule per batch of models. Then scoring.

TARGET = "{corpus}-{split}"

for number, batch in enumerate(study.prediction_batches(), start=1):

    rule:
        name:
            "predict" if number == 1 else f"predict_{number}"
        input:
            models=models_to_predict_with(batch),
            corpus=gold,
            adapters=lambda wildcards: adapter_files(
                study, wildcards.encoder, wildcards.task, wildcards.corpus
            ),
            vectors=vectors_of("corpus"),
        output:
            batch.predictions("<results>"),
        log:
            "<logs>/predict/{encoder}/{task}/{corpus}-{split}/"
            f"{'-'.join(batch.sources)}-{batch.ablations[0]}-seed-{'-'.join(map(str, batch.seeds))}.log",
        wildcard_constraints:
            task=batch.task,
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=growing(8000),
            runtime=growing(60),
        params:
            code=stage_digest("predict"),
            # Not passed to the command: the identities of the models and the corpus.
            identity=models_identity(batch.task, batch.sources),
            corpus=read_identity,
            models=lambda wildcards, input: directories(input.models),
            vectors=option("vectors"),
            language=language_of("corpus"),
            adapters=lambda wildcards, input: adapter_options(
                study, wildcards.encoder, wildcards.task, wildcards.corpus
            ),
        shell:
            "python -m xltransfer predict --models {params.models:q} --corpus {input.corpus:q}"
            " --predictions {output:q} {params.vectors:q} --threads {threads:q} --language {params.language:q}"
            " {params.adapters:q} > {log:q} 2>&1"


# One job scores the models of many sources on a corpus, because scoring is faster than starting
# Python.
for number, (task, sources) in enumerate(study.scoring_batches(), start=1):

    rule:
        name:
            "score" if number == 1 else f"score_{number}"
        input:
            gold=gold,
            predictions=predictions_of_sources(sources),
        output:
            expand(
                paths.scores("<results>", "{encoder}", "{task}", "{source}", TARGET),
                source=sources,
                allow_missing=True,
            ),
        log:
            f"<logs>/score/{{encoder}}/{{task}}/{TARGET}/{sources[0]}.log",
        wildcard_constraints:
            encoder=one_of(study.encoders),
            task=task,
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            cfg=lambda wildcards, sources=sources: study.score_config(
                wildcards.task,
                [(wildcards.encoder, source) for source in sources],
                wildcards.corpus,
                wildcards.split,
            ),
            code=stage_digest("score"),
            # Not passed to the command, used to detect changes: see study/identities.py.
            identity=lambda wildcards, sources=sources: study.identities.scoring_job(
                wildcards.encoder, wildcards.task, sources, wildcards.corpus, wildcards.split
            ),
        shell:
            "python -m xltransfer score --config {params.cfg:q} --gold {input.gold:q}"
            " --predictions {input.predictions:q} --outputs {output:q} > {log:q} 2>&1"
