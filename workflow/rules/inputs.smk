# Inputs of jobs, and the parameters by which Snakemake detects changes in them: see
# study/contents.py and study/identities.py.


def settled(file, content):
    """An input whose timestamp is ignored if the job that made it used the current parameters.

    Snakemake stores the parameters of that job; ``content``, the identity of the file's content,
    must be one of them. If it has changed, the file's job reruns, and so do all jobs downstream.
    (If the file were always ancient, Snakemake would not compare the parameters of these jobs.)
    """
    path = file.replace("<results>", study.results)
    path = path.replace("<resources>", "resources")
    known = workflow.persistence and workflow.persistence.params(IOFile(path))
    return ancient(file) if content and known and repr(content) in known else file


def encoder_files(wildcards):
    """The files of an encoder of the study."""
    return settled_encoder(wildcards.encoder)


def settled_encoder(encoder, source="", seeds=()):
    """The files of an encoder; their timestamps are ignored if its identity is known."""
    files = study.encoder_files(encoder, source, seeds)
    identity = study.contents.encoder(encoder)
    if identity and files[0].startswith(f"{study.results}/"):
        # Made by a job of the workflow that has the identity as a parameter.
        return [settled(file, identity) for file in files]
    return ancient(files) if identity else files


@awaiting_wildcards
def language_of(name, wildcards, output):
    """A function of wildcards and output: the language of a corpus of a task or of parallel text.

    Only encoders with language embeddings use it. The code of a corpus starts with its language's.
    """
    corpus, task = wildcards[name], wildcards.get("task")
    return study.language(task, corpus) if task else study.parallel.language(corpus)


def search_of(wildcards):
    """The hyperparameter search for a model of an unseen language."""
    if (wildcards.task, wildcards.source) not in unseen.pairs:
        return []
    return unseen.arms.searches("<results>", wildcards.encoder, wildcards.task, wildcards.source)


def corpus_part(folder, code, part):
    """A part of a raw or parallel text, or of an annotated corpus."""
    if folder in TEXT_SUFFIXES:
        return f"<results>/{folder}/{code}/{part}{TEXT_SUFFIXES[folder]}"
    file = f"<results>/{folder}/{code}/{part}{FORMATS[folder].suffix}"
    return settled(file, study.contents.corpus(folder, code, part))


@awaiting_wildcards
def option(name, wildcards, input):
    """A function of wildcards and input: the option with files of a job; none without files."""
    return [f"--{name}", *input[name]] if input[name] else []


# The option of texts that keep lines with development or test sentences.
KEEP = ["--keep-evaluation-sentences"] if study.raw_texts.keeps_evaluation_sentences else []


@awaiting_wildcards
def members_of(folder, wildcards):
    """A function of wildcards: a part of each corpus of a set."""
    return [corpus_part(folder, code, wildcards.split) for code in members(wildcards.corpus)]


def test_part(wildcards, corpus):
    """The test part of a corpus of a task."""
    return corpus_part(study.kind(wildcards.task).corpora, corpus, "test")


def alphabet_of(wildcards):
    """The corpus with the letters for noise in the training of a model."""
    part = alphabet_file(study, wildcards.encoder, wildcards.task, wildcards.source)
    return [corpus_part(*part)] if part else []


def unlabelled_texts(wildcards):
    """The unlabelled texts of an adversarial training."""
    if (wildcards.task, wildcards.source) in unseen.pairs:
        return []
    parts = texts_of(study.config[wildcards.task]["training"])
    return [corpus_part(*part) for part in parts]


def labelled_target(wildcards):
    """The labelled target sentences of an adversarial training."""
    if (wildcards.task, wildcards.source) in unseen.pairs:
        return []
    part = labelled_of(study, wildcards.task)
    return [corpus_part(*part)] if part else []


def game_options(wildcards, input):
    """The options of an adversarial training."""
    parts = parts_of(study, wildcards.task, wildcards.source)
    if not parts:
        return []
    languages = [language_of_part(study, part) for part in parts]
    labelled = ["--labelled", *input.labelled] if input.labelled else []
    return ["--unlabelled", *input.unlabelled, *labelled, "--game-languages", *languages]


def gold(wildcards):
    """The gold file of a prediction or score."""
    return corpus_of_task(wildcards.task, wildcards.corpus, wildcards.split)


def corpus_of_task(task, corpus, split):
    """A part of a corpus as the models of a task read it, which may have predicted trees."""
    if parsed := parsed_file(study, task, corpus, split):
        return settled(f"<results>/{parsed}", study.identities.gold(task, corpus, split))
    return corpus_part(study.kind(task).corpora, corpus, split)


@awaiting_wildcards
def content(kind, wildcards, code="{corpus}"):
    """A function of wildcards: the identity of a part of a corpus."""
    part = wildcards.get("split") or wildcards.get("part", "train")
    return study.identities.corpus(kind, code.format(**wildcards), part)


def read_identity(wildcards):
    """The identity of what a prediction reads besides models: that file, and word vectors."""
    of = wildcards.encoder, wildcards.task, wildcards.corpus, wildcards.split
    return study.identities.read_for_prediction(*of)


@awaiting_wildcards
def vectors_of(name, wildcards):
    """A function of wildcards: the word vectors that an encoder reads a corpus by, if it does."""
    language = study.language(wildcards.task, wildcards[name])
    return vector_files(study, "<results>", wildcards.encoder, language)


@awaiting_wildcards
def part_of_source(split, wildcards):
    """A function of wildcards: a part of the corpus, or its translation, that a model trains on."""
    model = wildcards.encoder, wildcards.task, wildcards.source
    if name := DictionaryTexts(study).of_training(*model):
        file = DictionaryTexts(study).training_file(name, *model[1:], split)
        return settled(f"<results>/{file}", study.identities.training_part(*model, split))
    return corpus_of_task(wildcards.task, wildcards.source, split)


@awaiting_wildcards
def models_identity(task, sources, wildcards):
    """A function of wildcards: the identities of the models of some sources, and of the language
    adapters that they predict with."""
    found = study.identities.models(wildcards.encoder, task, sources)
    adapters = adapter_identity(study, wildcards.encoder, task, wildcards.corpus)
    return canonical_json({"models": found, **adapters} if adapters else found)


def trained(folder, ablation, note):
    """The files that represent a model; if its weights are dropped, its marker file (``note``)."""
    told_by = f"{folder}/training.json"
    if study.kept.is_dropped(ablation):
        return [ancient(f"{folder}/{note()}"), ancient(told_by)]
    # The report identifies the weights, and is small enough for Snakemake to compare checksums.
    return [ancient(f"{folder}/model.safetensors"), told_by]


@awaiting_wildcards
def models_to_predict_with(batch, wildcards):
    """A function of wildcards: the files that represent the models of a batch."""
    encoder, files = wildcards.encoder, []
    for path, (source, ablation, seed) in zip(batch.model_paths(), batch.models):
        note = partial(
            study.kept.prediction_note,
            *(encoder, batch.task, source, seed, wildcards.corpus, wildcards.split),
        )
        files += trained(f"<results>/models/{encoder}/{path}", ablation, note)
    return files


@awaiting_wildcards
def states_to_represent_with(states, wildcards):
    """A function of wildcards: the files that represent the models among some states."""
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


@awaiting_wildcards
def states_identity(states, wildcards):
    """A function of wildcards: the identities of some states and of their treebank."""
    of = wildcards.encoder, states, wildcards.corpus, wildcards.split
    return canonical_json(study.identities.states(*of))


@awaiting_wildcards
def states_to_open(states, wildcards, input):
    """A function of wildcards and input: the directories of those among some states that have any."""
    encoder = os.path.dirname(input.encoder[1])
    pretrained = [encoder for state in states if state.kind == "pretrained"]
    return pretrained + directories(input.models)


def directories(files):
    """The directories of the models whose training reports are among some files."""
    return [os.path.dirname(path) for path in files if os.path.basename(path) == "training.json"]


@awaiting_wildcards
def predictions_of_sources(sources, wildcards):
    """A function of wildcards: the predictions of every model of some sources on a corpus."""
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


@awaiting_wildcards
def download(corpora, wildcards):
    """A function of wildcards: the path of a downloaded file of the catalogue."""
    file = study.downloads.path(corpora, wildcards.corpus, wildcards.split)
    # Without a checksum, the catalogue does not determine the content of a file.
    known = study.downloads.checksum(corpora, wildcards.corpus, wildcards.split) != UNCHECKED
    return settled(f"<resources>/downloads/{file}", known and study.downloads.config(file))


def raw_corpus(wildcards):
    """A raw corpus, downloaded, joined from its files or generated by the embedded world."""
    corpus = study.catalogue.raw_corpora[wildcards.text]
    if corpus.code.endswith("_embedded"):
        return f"<results>/corpora/{corpus.file}"
    if corpus.code in study.raw_texts.joined:
        return f"<results>/corpora/{corpus.code}.txt"
    return f"<resources>/downloads/raw/{corpus.file}"


def evaluation_files(wildcards):
    """The development and test parts whose sentences are excluded from a raw text."""
    text = wildcards.get("text") or wildcards.corpus
    return [f"<results>/{file}" for file in study.raw_texts.evaluation_files(text)]


def parallel_files(wildcards):
    """The files of a parallel text, downloaded or generated by the embedded world."""
    texts = study.parallel_texts
    if texts.is_generated(wildcards.text):
        return [f"<results>/{texts.generated_file(wildcards.text)}"]
    return [f"<resources>/downloads/{file}" for file in texts.downloads(wildcards.text)]


def parallel_evaluation_files(wildcards, side):
    """The parts whose sentences are excluded from a parallel text, in one of its languages."""
    files = study.parallel_texts.evaluation_files(wildcards.text)[side]
    return [f"<results>/{file}" for file in files]


def text_identity(wildcards):
    """The identity of a raw text that is transliterated."""
    return study.identities.made.text(wildcards.corpus)


def base_encoder(wildcards):
    """The files of the encoder that an adapted encoder starts from."""
    made, name = study.made_encoders, wildcards.encoder
    seed, text = int(wildcards.get("seed", 0)), wildcards.get("text", "")
    base = made.recipes[name].base
    directory = made.base_directory(name, text, seed)
    if base not in made.recipes:
        return settled_encoder(base)
    return [f"{directory}/{name}" for name in study.declared_encoders[base].files]


def measured_encoder(wildcards):
    """The files of an encoder whose use of translations is measured."""
    name = wildcards.encoder
    if name not in study.made_encoders.recipes:
        return settled_encoder(name)
    directory = study.measured_translations.directory(name, wildcards.state)
    return [f"{directory}/{file}" for file in study.declared_encoders[name].files]


def made_encoder_config(wildcards):
    """The settings of the pretraining of an encoder."""
    return study.made_encoders.config(wildcards.encoder, wildcards.text, int(wildcards.seed))


@awaiting_wildcards
def texts_of_encoder(folder, part, wildcards):
    """A function of wildcards: raw or parallel text that an encoder is trained on."""
    files = study.made_encoders.text_files(wildcards.encoder, wildcards.text, part)
    return [f"<results>/{file}" for file in files[folder]]


def made_encoder_identity(wildcards):
    """The identity of an encoder trained on raw text."""
    return study.identities.made.trained_encoder(
        wildcards.encoder, wildcards.text, int(wildcards.seed)
    )
