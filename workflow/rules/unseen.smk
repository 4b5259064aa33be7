# Languages that the encoder has not seen: models trained and tested in one language.


# The learning rate and the number of epochs of an arm on a corpus.
rule search:
    input:
        encoder=lambda wildcards: settled_encoder(
            wildcards.encoder, wildcards.source, study.seeds[:1]
        ),
        training=part_of_source("train"),
        development=part_of_source("dev"),
        alphabet=alphabet_of,
    output:
        paths.search("<results>", "{encoder}", "{task}", "{source}"),
    log:
        "<logs>/search/{encoder}/{task}/{source}.log",
    benchmark:
        "<benchmarks>/search/{encoder}/{task}/{source}.tsv"
    wildcard_constraints:
        encoder=one_of(unseen.arms.trained),
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(8000),
        runtime=growing(720),
    params:
        cfg=lambda wildcards: unseen.arms.search_config(
            wildcards.encoder, wildcards.task, wildcards.source
        ),
        code=stage_digest("search"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.unseen.search(
            wildcards.encoder, wildcards.task, wildcards.source
        ),
        encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
        alphabet=option("alphabet"),
        checkpoints=lambda wildcards, output: f"{study.results}/checkpoints",
        checkpoint_seconds=lambda wildcards, output: 60 * config["checkpoint_minutes"],
        language=language_of("source"),
    shell:
        "python -m xltransfer search --encoder {params.encoder:q} --training {input.training:q}"
        " --development {input.development:q} {params.alphabet:q} --config {params.cfg:q}"
        " --output {output:q} --checkpoints {params.checkpoints:q} --checkpoint-seconds {params.checkpoint_seconds:q}"
        " --threads {threads:q} --language {params.language:q} > {log:q} 2>&1"


# One job annotates the test part of a corpus with all arms, and one job scores them.
for number, task in enumerate(unseen.tasks, start=1):

    rule:
        name:
            "predict_in_language" if number == 1 else f"predict_in_language_{number}"
        input:
            models=lambda wildcards, task=task: unseen.arms.models(
                "<results>", task, wildcards.source, "model.safetensors"
            ),
            corpus=f"<results>/{study.corpus_file(task, '{source}', 'test')}",
        output:
            unseen.arms.predictions("<results>", task, "{source}"),
        log:
            f"<logs>/predict_in_language/{task}/{{source}}.log",
        wildcard_constraints:
            source=one_of({corpus for name, corpus in unseen.pairs if name == task}),
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=growing(8000),
            runtime=growing(60),
        params:
            code=stage_digest("predict"),
            models=lambda wildcards, input: [os.path.dirname(path) for path in input.models],
            # Not passed to the command, used to detect changes: see study/identities.py.
            identity=lambda wildcards, task=task: study.identities.unseen.prediction_job(
                task, wildcards.source
            ),
            language=lambda wildcards, output, task=task: study.language(task, wildcards.source),
        shell:
            "python -m xltransfer predict --models {params.models:q} --corpus {input.corpus:q}"
            " --predictions {output:q} --threads {threads:q} --language {params.language:q}"
            " > {log:q} 2>&1"

    rule:
        name:
            "score_in_language" if number == 1 else f"score_in_language_{number}"
        input:
            gold=f"<results>/{study.corpus_file(task, '{source}', 'test')}",
            predictions=unseen.arms.predictions("<results>", task, "{source}"),
        output:
            unseen.arms.score_files("<results>", task, "{source}"),
        log:
            f"<logs>/score_in_language/{task}/{{source}}.log",
        wildcard_constraints:
            source=one_of({corpus for name, corpus in unseen.pairs if name == task}),
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            cfg=lambda wildcards, task=task: study.score_config(
                task,
                [(arm, wildcards.source) for arm in unseen.arms.of_task(task)],
                wildcards.source,
                "test",
            ),
            code=stage_digest("score"),
            # Not passed to the command, used to detect changes: see study/identities.py.
            identity=lambda wildcards, task=task: study.identities.unseen.scoring_job(
                task, wildcards.source
            ),
        shell:
            "python -m xltransfer score --config {params.cfg:q} --gold {input.gold:q}"
            " --predictions {input.predictions:q} --outputs {output:q} > {log:q} 2>&1"


rule count_pieces:
    input:
        tokenizer=lambda wildcards: unseen.tokenizer(
            wildcards.encoder, wildcards.kind, wildcards.file
        ),
        corpus=lambda wildcards: (
            f"<results>/{unseen.counted_file(wildcards.kind, wildcards.file)}"
        ),
    output:
        paths.tokenizer_statistics("<results>", "{encoder}", "{kind}", "{file}"),
    log:
        "<logs>/count_pieces/{encoder}/{kind}/{file}.log",
    wildcard_constraints:
        kind="treebanks|entities|raw_text",
        file="[a-z0-9_]+-[a-z_]+",
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        columns=lambda wildcards: unseen.statistics_columns(
            wildcards.encoder, wildcards.kind, wildcards.file
        ),
        code=stage_digest("count_pieces"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.unseen.statistics(
            wildcards.encoder, wildcards.kind, wildcards.file
        ),
        directory=lambda wildcards, input: os.path.dirname(input.tokenizer),
    shell:
        "python -m xltransfer count_pieces --encoder {params.directory:q}"
        " --corpus {input.corpus:q} --columns {params.columns:q} --output {output:q}"
        " > {log:q} 2>&1"
