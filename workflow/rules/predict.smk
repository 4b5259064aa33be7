# Prediction: one job reads a corpus once and annotates it with many models (`job_size`), so there
# is a rule for each batch of models. Then scoring.

SCORED = "{encoder}/{task}/{source}/{corpus}-{split}"

for number, batch in enumerate(study.prediction_batches(), start=1):

    rule:
        name:
            "predict" if number == 1 else f"predict_{number}"
        input:
            models=models_to_predict_with(batch),
            corpus=gold,
        output:
            batch.predictions("<results>"),
        log:
            "<logs>/predict/{encoder}/{task}/{corpus}-{split}/"
            f"{'-'.join(batch.sources)}-{batch.ablations[0]}-seed-{'-'.join(map(str, batch.seeds))}.log",
        wildcard_constraints:
            task=batch.task,
        conda:
            "../../envs/xltransfer.yaml"
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=growing(8000),
            runtime=growing(60),
        params:
            code=stage_digest("predict"),
            # Not passed on: what the models and the corpus are.
            identity=models_identity(batch.task, batch.sources),
            corpus=gold_identity,
            models=lambda wildcards, input: weights(input.models),
        shell:
            "python -m xltransfer.predict --models {params.models:q} --corpus {input.corpus:q}"
            " --predictions {output:q} --threads {threads} > {log:q} 2>&1"


rule score:
    input:
        gold=gold,
        predictions=predictions_of_source,
    output:
        paths.scores("<results>", "{encoder}", "{task}", "{source}", "{corpus}-{split}"),
    log:
        f"<logs>/score/{SCORED}.log",
    conda:
        "../../envs/xltransfer.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        ablations=lambda wildcards: [a for a, _ in study.models(wildcards.task, wildcards.source)],
        seeds=lambda wildcards: [seed for _, seed in study.models(wildcards.task, wildcards.source)],
        common=lambda wildcards: study.score_columns(
            wildcards.encoder,
            wildcards.task,
            wildcards.source,
            wildcards.corpus,
            wildcards.split,
        ),
        task=lambda wildcards: study.scoring_config(wildcards.task),
        code=stage_digest("score"),
    shell:
        "python -m xltransfer.score --gold {input.gold:q} --predictions {input.predictions:q}"
        " --ablations {params.ablations} --seeds {params.seeds} --task {params.task:q} --common {params.common:q}"
        " --output {output:q} > {log:q} 2>&1"
