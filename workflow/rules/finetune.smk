# Fine-tuning: a model for each encoder, task, source, ablation and seed. Seeds may share a job
# (`job_size`), so there is a rule for each batch of seeds.

MODELS = "{encoder}/{task}/{source}/{ablation}"
MODEL = paths.model_directory(
    "<results>", "{encoder}", "{task}", "{source}", "{ablation}", "{seed}"
)

for number, seeds in enumerate(study.finetuning_batches(), start=1):

    rule:
        name:
            "finetune" if number == 1 else f"finetune_{number}"
        input:
            encoder=encoder_files,
            training=part_of_source("train"),
            development=part_of_source("dev"),
        output:
            models=expand(
                f"{MODEL}/model.safetensors",
                seed=seeds,
                allow_missing=True,
            ),
            reports=expand(
                f"{MODEL}/training.json",
                seed=seeds,
                allow_missing=True,
            ),
        log:
            f"<logs>/finetune/{MODELS}/seed-{'-'.join(seeds)}.log",
        benchmark:
            f"<benchmarks>/finetune/{MODELS}/seed-{'-'.join(seeds)}.tsv"
        conda:
            "../../envs/xltransfer.yaml"
        threads: config["training_threads"]
        resources:
            gpu=1,
            mem_mb=growing(8000),
            runtime=growing(240),
        params:
            cfg=lambda wildcards: study.finetuning_config(
                wildcards.encoder, wildcards.task, wildcards.source
            ),
            code=stage_digest("finetune"),
            encoder=lambda wildcards, input: os.path.dirname(input.encoder[0]),
            # How the work is cut and saved has no influence on the models.
            seeds=lambda wildcards, output: [
                os.path.basename(os.path.dirname(path)).removeprefix("seed-")
                for path in output.models
            ],
            checkpoints=lambda wildcards, output: f"{study.results}/checkpoints",
            checkpoint_seconds=lambda wildcards, output: 60 * config["checkpoint_minutes"],
        shell:
            "python -m xltransfer.finetune --encoder {params.encoder:q}"
            " --training {input.training:q} --development {input.development:q}"
            " --config {params.cfg:q} --ablation {wildcards.ablation} --seeds {params.seeds}"
            " --models {output.models:q} --checkpoints {params.checkpoints:q}"
            " --checkpoint-seconds {params.checkpoint_seconds} --threads {threads}"
            " > {log:q} 2>&1"
