# Prediction: one job reads a treebank once and annotates it with many models. Then scoring.

SCORED = "{encoder}/{task}/{source}/{treebank}-{split}"
PREDICTIONS = paths.predictions(
    "<results>",
    "{encoder}",
    "{task}",
    "{source}",
    "{ablation}",
    "{seed}",
    "{treebank}-{split}",
)

for number, (sources, ablations, seeds) in enumerate(study.prediction_batches(), start=1):

    rule:
        name:
            "predict" if number == 1 else f"predict_{number}"
        input:
            models=expand(
                f"{MODEL}/model.safetensors", ablation=ablations, seed=seeds, allow_missing=True
            ),
            treebank="<results>/treebanks/{treebank}/{split}.conllu",
        output:
            expand(
                PREDICTIONS,
                ablation=ablations,
                seed=seeds,
                allow_missing=True,
            ),
        log:
            f"<logs>/predict/{SCORED}-seed-{'-'.join(seeds)}.log",
        wildcard_constraints:
            source="|".join(sources),
        conda:
            "../../envs/xltransfer.yaml"
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=lambda wildcards, attempt: 8000 * attempt,
            runtime=lambda wildcards, attempt: 60 * attempt,
        params:
            code=stage_digest("predict"),
        shell:
            "python -m xltransfer.predict --models {input.models:q} --treebank {input.treebank:q}"
            " --predictions {output:q} --threads {threads} > {log:q} 2>&1"


rule score:
    input:
        gold="<results>/treebanks/{treebank}/{split}.conllu",
        predictions=predictions_of_source,
    output:
        paths.scores("<results>", "{encoder}", "{task}", "{source}", "{treebank}-{split}"),
    log:
        f"<logs>/score/{SCORED}.log",
    conda:
        "../../envs/xltransfer.yaml"
    params:
        ablations=lambda wildcards: [a for a, _ in study.models(wildcards.source)],
        seeds=lambda wildcards: [seed for _, seed in study.models(wildcards.source)],
        common=lambda wildcards: study.score_columns(
            wildcards.encoder,
            wildcards.task,
            wildcards.source,
            wildcards.treebank,
            wildcards.split,
        ),
        code=stage_digest("score"),
    shell:
        "python -m xltransfer.score --gold {input.gold:q} --predictions {input.predictions:q}"
        " --ablations {params.ablations} --seeds {params.seeds} --common {params.common:q}"
        " --output {output:q} > {log:q} 2>&1"
