# Fine-tuning: one model per encoder, task, source, ablation and seed. Seeds or ablations may share a
# job (`job_size`), so there is one rule per batch of them.

MODELS = "{encoder}/{task}/{source}"


for number, batch in enumerate(study.finetuning_batches(), start=1):

    rule:
        name:
            "finetune" if number == 1 else f"finetune_{number}"
        input:
            encoder=encoder_of_seeds(batch),
            training=part_of_source("train"),
            development=part_of_source("dev"),
            search=search_of,
            alphabet=alphabet_of,
            unlabelled=unlabelled_texts,
            labelled=labelled_target,
            vectors=vectors_of("source"),
        output:
            # Dropped weights are not outputs, and retraining a model must not delete its report and
            # marker files: see study/kept.py.
            models=[] if batch.of else of_seeds(batch, ["model.safetensors"]),
            reports=(update if batch.of else list)(of_seeds(batch, ["training.json"])),
            notes=update(notes_of_seeds(batch) if batch.of else []),
        log:
            f"<logs>/finetune/{MODELS}/{batch.name}/seed-{'-'.join(batch.seeds)}.log",
        benchmark:
            f"<benchmarks>/finetune/{MODELS}/{batch.name}/seed-{'-'.join(batch.seeds)}.tsv"
        wildcard_constraints:
            **constraints_of(batch),
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=growing(8000 * max(1, len(batch.together))),
            runtime=growing(240 * max(1, len(batch.together))),
        params:
            cfg=lambda wildcards: study.finetuning_config(
                wildcards.encoder, wildcards.task, wildcards.source
            ),
            code=stage_digest("finetune"),
            # Not passed to the command: the stage reads the files.
            data=training_data(batch),
            encoders=encoder_directories(batch),
            search=option("search"),
            alphabet=option("alphabet"),
            game=game_options,
            vectors=option("vectors"),
            # Functions of `output`, because batches and checkpoints do not affect the models.
            ablations=ablations_option(batch),
            seeds=lambda wildcards, output: [
                os.path.basename(os.path.dirname(path)).removeprefix("seed-")
                for path in output.reports
            ],
            models=lambda wildcards, output: directories(output.reports),
            language=language_of("source"),
            checkpoints=lambda wildcards, output: f"{study.results}/checkpoints",
            checkpoint_seconds=lambda wildcards, output: 60 * config["checkpoint_minutes"],
        shell:
            "python -m xltransfer finetune --encoders {params.encoders:q} {params.search:q}"
            " {params.alphabet:q} {params.vectors:q} {params.game:q} --training {input.training:q} --development {input.development:q}"
            " --config {params.cfg:q} {params.ablations:q} --seeds {params.seeds:q}"
            " --models {params.models:q} --checkpoints {params.checkpoints:q}"
            " --checkpoint-seconds {params.checkpoint_seconds:q} --threads {threads:q}"
            " --language {params.language:q}"
            " > {log:q} 2>&1; for note in {output.notes:q}; do"
            # Removes marker files with outdated digests, so that they cannot prevent a rerun later.
            ' rm -f "${{note%-*}}"-*; touch "$note"; done'


# Deletes weights once everything made from them is complete.
rule drop_weights:
    input:
        lambda wildcards: list(study.kept.made_from("<results>", wildcards)),
    output:
        paths.dropped("<results>", "{encoder}", "{task}", "{source}", "{ablation}"),
    log:
        "<logs>/drop_weights/{encoder}/{task}/{source}/{ablation}.log",
    localrule: True
    params:
        weights=lambda wildcards, output: [
            f"{os.path.dirname(output[0])}/seed-{seed}/model.safetensors" for seed in study.seeds
        ],
    shell:
        "rm -fv {params.weights:q} > {log:q} 2>&1 && cp {log:q} {output:q}"
