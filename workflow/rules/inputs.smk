# What jobs read, and the parameters by which Snakemake knows whether that has changed: see
# study/contents.py and study/identities.py.


def settled(file, content):
    """A file whose time causes no rerun if it is known to have been made as it would be now.

    Snakemake remembers the parameters of the job that made it; ``content``, what decides what the
    file holds, must be one of them. Where that has changed, the file's job runs and with it all
    that depends on it. (Were the file always ancient, Snakemake would not look at the parameters
    of these.)
    """
    path = file.replace("<results>", study.results)
    path = path.replace("<resources>", "resources")
    known = workflow.persistence and workflow.persistence.params(IOFile(path))
    return ancient(file) if content and known and repr(content) in known else file


def encoder_files(wildcards):
    """The files of an encoder of the study."""
    return settled_encoder(wildcards.encoder)


def encoder_of_seeds(batch):
    """A function of wildcards: the files of the encoders that the models of a batch start from."""

    def of(wildcards):
        return settled_encoder(wildcards.encoder, wildcards.source, seeds_of(batch, wildcards))

    return of


def settled_encoder(encoder, source="", seeds=()):
    """The files of an encoder; their time causes no rerun where its identity is known."""
    files = study.encoder_files(encoder, source, seeds)
    identity = study.contents.encoder(encoder)
    if identity and files[0].startswith(f"{study.results}/"):
        # Made by the workflow, whose job has the identity as a parameter.
        return [settled(file, identity) for file in files]
    return ancient(files) if identity else files


def seeds_of(batch, wildcards):
    """The seeds of the models that one job trains."""
    return [int(wildcards.seed) if seed == "{seed}" else int(seed) for seed in batch.seeds]


def encoder_directories(batch):
    """A function of wildcards and input: the encoder that each model of a batch starts from."""

    def of(wildcards, input):
        seeds = seeds_of(batch, wildcards)
        directories = study.encoder_directories(wildcards.encoder, wildcards.source, seeds)
        return [directory.replace("<results>", study.results) for directory in directories]

    return of


def search_of(wildcards):
    """The search whose result a model is trained with, of unseen languages."""
    if (wildcards.task, wildcards.source) not in unseen.pairs:
        return []
    return unseen.arms.searches("<results>", wildcards.encoder, wildcards.task, wildcards.source)


def gold(wildcards):
    """The annotated file that a prediction or score is about."""
    file = study.corpus_file(wildcards.task, wildcards.corpus, wildcards.split)
    kind = study.kind(wildcards.task).corpora
    identity = study.contents.corpus(kind, wildcards.corpus, wildcards.split)
    return settled(f"<results>/{file}", identity)


def content(kind, code="{corpus}"):
    """A function of wildcards: the identity of a part of a corpus."""

    def of(wildcards):
        part = wildcards.get("split") or wildcards.get("part", "train")
        return study.identities.corpus(kind, code.format(**wildcards), part)

    return of


def gold_identity(wildcards):
    """The identity of that file."""
    return study.identities.gold(wildcards.task, wildcards.corpus, wildcards.split)


def part_of_source(split):
    """A function of wildcards: a part of the corpus that a model is trained on."""

    def of(wildcards):
        file = study.corpus_file(wildcards.task, wildcards.source, split)
        kind = study.kind(wildcards.task).corpora
        identity = study.contents.corpus(kind, wildcards.source, split)
        return settled(f"<results>/{file}", identity)

    return of


MODEL = paths.model_directory(
    "<results>", "{encoder}", "{task}", "{source}", "{ablation}", "{seed}"
)


def training_data(batch):
    """A function of wildcards: the identities of what the models of a batch are made from."""

    def of(wildcards):
        of = wildcards.encoder, wildcards.task, wildcards.source
        return canonical_json(study.identities.training_data(*of, seeds_of(batch, wildcards)))

    return of


def models_identity(task, sources):
    """A function of wildcards: the identities of the models of some sources."""

    def of(wildcards):
        return canonical_json(study.identities.models(wildcards.encoder, task, sources))

    return of


def of_seeds(batch, names):
    """Files of a model for each seed that shares a job."""
    return expand(f"{MODEL}/{{name}}", seed=batch.seeds, name=names, allow_missing=True)


def notes_of_seeds(batch):
    """What tells that models without weights were there, for each seed that shares a job."""
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


def trained(folder, ablation, note):
    """What tells that a model is there: its note, a function, if its weights are dropped."""
    told_by = f"{folder}/training.json"
    if study.kept.is_dropped(ablation):
        return [ancient(f"{folder}/{note()}"), ancient(told_by)]
    # The report says what the weights are, and is small enough for Snakemake to compare.
    return [ancient(f"{folder}/model.safetensors"), told_by]


def models_to_predict_with(batch):
    """A function of wildcards: what tells that the models of a batch are there."""

    def of(wildcards):
        encoder, files = wildcards.encoder, []
        for path, (source, ablation, seed) in zip(batch.model_paths(), batch.models):
            note = partial(
                study.kept.prediction_note,
                *(encoder, batch.task, source, seed, wildcards.corpus, wildcards.split),
            )
            files += trained(f"<results>/models/{encoder}/{path}", ablation, note)
        return files

    return of


def states_to_represent_with(states):
    """A function of wildcards: what tells that the models among some states are there."""

    def of(wildcards):
        encoder, files = wildcards.encoder, []
        for state in states:
            if state.kind == "fine-tuned":
                source = state.path.split("/")[1]
                note = partial(
                    study.kept.representation_note,
                    *(encoder, state.task, source, state.seed, wildcards.corpus, wildcards.split),
                )
                files += trained(f"<results>/models/{encoder}/{state.path}", state.ablation, note)
        return files

    return of


def parallel_treebank(wildcards):
    """A treebank whose representations are compared."""
    file = f"<results>/treebanks/{wildcards.corpus}/{wildcards.split}.conllu"
    identity = study.contents.corpus("treebanks", wildcards.corpus, wildcards.split)
    return settled(file, identity)


def states_identity(states):
    """A function of wildcards: the identities of some states and of the treebank they represent."""

    def of(wildcards):
        of = wildcards.encoder, states, wildcards.corpus, wildcards.split
        return canonical_json(study.identities.states(*of))

    return of


def states_to_open(states):
    """A function of wildcards and input: the directories of those among some states that have any."""

    def of(wildcards, input):
        encoder = os.path.dirname(input.encoder[1])
        pretrained = [encoder for state in states if state.kind == "pretrained"]
        return pretrained + directories(input.models)

    return of


def directories(files):
    """The directories of the models whose training reports are among some files."""
    return [os.path.dirname(path) for path in files if os.path.basename(path) == "training.json"]


def predictions_of_sources(sources):
    """A function of wildcards: what every model of some sources predicts on a corpus."""

    def of(wildcards):
        suffix = study.kind(wildcards.task).suffix
        return [
            paths.predictions(
                "<results>",
                wildcards.encoder,
                wildcards.task,
                source,
                ablation,
                seed,
                f"{wildcards.corpus}-{wildcards.split}{suffix}",
            )
            for source in sources
            for ablation, seed in study.models(wildcards.task, source)
        ]

    return of


def download(corpora):
    """A function of wildcards: where a catalogued file lies once it is fetched."""

    def of(wildcards):
        file = study.downloads.path(corpora, wildcards.corpus, wildcards.split)
        # Of a file that is not checked the catalogue does not know what it holds.
        known = study.downloads.checksum(corpora, wildcards.corpus, wildcards.split) != UNCHECKED
        return settled(f"<resources>/downloads/{file}", known and study.downloads.config(file))

    return of


def raw_corpus(wildcards):
    """A raw corpus as it is fetched, or made by the embedded world."""
    corpus = study.catalogue.raw_corpora[wildcards.text]
    if corpus.code.endswith("_embedded"):
        return f"<results>/corpora/{corpus.language}-embedded.txt"
    return f"<resources>/downloads/raw/{corpus.file}"


def evaluation_files(wildcards):
    """The development and test parts whose sentences must not be in a raw text."""
    text = wildcards.get("text") or wildcards.corpus
    return [f"<results>/{file}" for file in unseen.evaluation_files(text)]


def text_identity(wildcards):
    """The identity of a raw text that is transliterated."""
    return study.identities.unseen.text(wildcards.corpus)


def made_encoder_identity(wildcards):
    """The identity of an encoder that is made of raw text."""
    return study.identities.unseen.made_encoder(
        wildcards.encoder, wildcards.text, int(wildcards.seed)
    )
