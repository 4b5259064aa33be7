# Inputs, outputs and options of fine-tuning jobs.

MODEL = paths.model_directory(
    "<results>", "{encoder}", "{task}", "{source}", "{ablation}", "{seed}"
)


@awaiting_wildcards
def encoder_of_seeds(batch, wildcards):
    """A function of wildcards: the files of the encoders that the models of a batch start from."""
    return settled_encoder(wildcards.encoder, wildcards.source, seeds_of(batch, wildcards))


def seeds_of(batch, wildcards):
    """The seeds of the models that one job trains."""
    return [int(wildcards.seed) if seed == "{seed}" else int(seed) for seed in batch.seeds]


@awaiting_wildcards
def encoder_directories(batch, wildcards, input):
    """A function of wildcards and input: the encoder that each model of a batch starts from."""
    seeds = seeds_of(batch, wildcards)
    return study.encoder_directories(wildcards.encoder, wildcards.source, seeds)


def constraints_of(batch):
    """The wildcard constraints of a rule that trains models."""
    found = dict(zip(("encoder", "task", "source"), map(re.escape, batch.of)))
    if batch.together:
        return {"task": re.escape(batch.task), "source": one_of(map(re.escape, batch.sources))}
    if batch.elsewhere:
        # What follows the task in the path is looked at, because no wildcard can tell it alone.
        found["task"] = f"(?!(?:{one_of(map(re.escape, batch.elsewhere))})/)[^/]+"
    return {**found, "ablation": one_of(batch.ablations)}


@awaiting_wildcards
def ablations_option(batch, wildcards, output):
    """A function of wildcards and output: the ablation of a job, or of each of its models."""
    if batch.together:
        return ["--ablation", *batch.together, "--together"]
    return ["--ablation", wildcards.ablation]


@awaiting_wildcards
def training_data(batch, wildcards):
    """A function of wildcards: the identities of the training inputs of a batch of models."""
    of = wildcards.encoder, wildcards.task, wildcards.source
    return canonical_json(study.identities.training_data(*of, seeds_of(batch, wildcards)))


def of_seeds(batch, names):
    """Files of a model for each seed, or each ablation, that shares a job."""
    ablations = batch.together or ["{ablation}"]
    return expand(
        f"{MODEL}/{{name}}",
        ablation=ablations,
        seed=batch.seeds,
        name=names,
        allow_missing=True,
    )


def notes_of_seeds(batch):
    """The marker files of models with dropped weights, for each seed that shares a job."""
    return [
        file
        for seed in batch.seeds
        for file in expand(
            f"{MODEL}/{{name}}",
            seed=seed,
            name=study.kept.notes(*batch.of, int(seed)),
            allow_missing=True,
        )
    ]
