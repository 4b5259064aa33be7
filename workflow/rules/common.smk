# The study, and the paths that several stages share.

import os
import shlex
import sys
from functools import partial
from glob import glob
from itertools import product

import yaml

# Jobs run `python -m xltransfer.<stage>`, also where the package is not installed. Their output
# goes to log files; what a user can mend is said on the terminal as well.
sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))
# Where a signal reaches all processes of a job, the shell waits until the command has saved its work.
shell.prefix(
    "set -euo pipefail; trap : TERM INT HUP USR1; exec 3>&2; export XLTRANSFER_TERMINAL=3"
    f" PYTHONPATH={shlex.quote(sys.path[0])}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; "
)
# Tokenisers and BLAS would each start a thread per core in every job.
os.environ.update(TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1")
# Only the rules that fetch need a network; the nodes of a cluster may have none.
os.environ.update(HF_HUB_OFFLINE="1")

from snakemake.io import IOFile
from xltransfer import paths
from xltransfer.data.checksums import UNCHECKED
from xltransfer.errors import InputError
from xltransfer.files import canonical_json
from xltransfer.folders import without_future_inputs
from xltransfer.gpus import jobs_at_once
from xltransfer.head import alone
from xltransfer.identity import stage_digest
from xltransfer.private_report import private
from xltransfer.study import Study
from xltransfer.study.varieties import FOLDS, HASHED
from xltransfer.study_files import refuse_templates

try:
    if workflow.is_main_process:
        # Their code has run already: the user must know.
        refuse_templates(workflow.configfiles)
    study = Study(config)
    unseen = study.unseen
    gpu_jobs = jobs_at_once()
except InputError as error:
    sys.exit(f"error: {error}")

# Stages write no absolute path into what is passed on.
os.environ.update(XLTRANSFER_RESULTS=study.results)

if workflow.is_main_process:
    workflow.execute = alone(workflow.execute, results=study.results)
    workflow._build_dag = without_future_inputs(workflow._build_dag, workflow)
    workflow.create_report = private(
        workflow.create_report, study.local_paths, results=study.results
    )

# Snakemake knows no GPUs and would start a GPU job on every core. Without GPUs nothing is limited,
# and what `--resources` or a profile says is not touched.
if gpu_jobs:
    workflow.global_resources.setdefault("gpu", gpu_jobs)


def growing(amount):
    """A resource of which a job gets more at each attempt."""
    return lambda wildcards, attempt: amount * attempt


def everything(part):
    """All tables and figures of a part of the study."""
    return [f"<results>/tables/{table}.csv" for table in part.tables] + [
        f"<results>/figures/{figure}.pdf" for figure in part.figures
    ]


def dropped_weights():
    """What says that all weights have been dropped that the study does not keep."""
    return study.kept.markers("<results>")


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
    return settled(f"<results>/{file}", gold_identity(wildcards))


def content(kind, code="{corpus}"):
    """A function of wildcards: what decides the content of a part of a corpus."""

    def of(wildcards):
        part = wildcards.get("split") or wildcards.get("part", "train")
        return study.contents.corpus(kind, code.format(**wildcards), part)

    return of


def gold_identity(wildcards):
    """What decides the content of that file."""
    kind = study.kind(wildcards.task).corpora
    return study.contents.corpus(kind, wildcards.corpus, wildcards.split)


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


def training_data(wildcards):
    """What decides the content of the files that a model is made from."""
    return canonical_json(
        study.contents.training_data(wildcards.encoder, wildcards.task, wildcards.source)
    )


def models_identity(task, sources):
    """A function of wildcards: what decides the models of some sources."""

    def of(wildcards):
        return canonical_json(
            {
                source: study.contents.model(wildcards.encoder, task, source)
                for source in sorted(sources)
            }
        )

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
    """A function of wildcards: what decides some states and the treebank they represent."""

    def of(wildcards):
        models = {(state.task, state.path.split("/")[1]) for state in states if state.task}
        return canonical_json(
            {
                "encoder": study.contents.encoder(wildcards.encoder),
                "treebank": study.contents.corpus("treebanks", wildcards.corpus, wildcards.split),
                "models": {
                    f"{task}/{source}": study.contents.model(wildcards.encoder, task, source)
                    for task, source in sorted(models)
                },
            }
        )

    return of


def states_to_open(states):
    """A function of wildcards and input: the weights of those among some states that have any."""

    def of(wildcards, input):
        pretrained = [input.encoder[1] for state in states if state.kind == "pretrained"]
        return pretrained + weights(input.models)

    return of


def weights(files):
    """The weights of the models whose training reports are among some files."""
    return [
        f"{os.path.dirname(path)}/model.safetensors"
        for path in files
        if os.path.basename(path) == "training.json"
    ]


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


# What the report calls tables and figures, by category.
with open(os.path.join(workflow.basedir, "workflow", "report", "titles.yaml")) as titles:
    REPORT = yaml.safe_load(titles)

# How the corpora of each folder of results are written.
SUFFIXES = {study.kind(task).corpora: study.kind(task).suffix for task in study.tasks}


def download(corpora):
    """A function of wildcards: where a catalogued file lies once it is fetched."""

    def of(wildcards):
        file = study.download(corpora, wildcards.corpus, wildcards.split)
        # Of a file that is not checked the catalogue does not know what it holds.
        known = study.checksum(corpora, wildcards.corpus, wildcards.split) != UNCHECKED
        return settled(f"<resources>/downloads/{file}", known and study.file_config(file))

    return of


def one_of(codes):
    """A wildcard constraint: one of these codes; matches nothing if there is none."""
    return "|".join(codes) or "(?!)"


def raw_corpus(wildcards):
    """A raw corpus as it is fetched, or made by the embedded world."""
    corpus = study.catalogue.raw_corpora[wildcards.text]
    if corpus.code.endswith("_embedded"):
        return f"<results>/corpora/{corpus.language}-embedded.txt"
    return f"<resources>/downloads/raw/{corpus.file}"


def reported(kind, name, suffix, form):
    """A file of a table or figure that the report shows; ``form`` says what it is good for."""
    titles = REPORT[kind]
    category = next(category for category in titles if name in titles[category])
    return report(
        f"<results>/{kind}s/{name}{suffix}",
        caption=f"../report/{kind}s/{name}.rst",
        category=category,
        labels={"result": f"{kind}: {titles[category][name]}", "form": form},
    )


def figure_files(name):
    """What a figure consists of."""
    return [
        reported("figure", name, ".pdf", "to save"),
        reported("figure", name, ".png", "on screen"),
    ]


def table_files(*names):
    """What tables consist of, the CSV file of the first in front."""
    files = []
    for name in names:
        files += [
            reported("table", name, ".csv", "to save"),
            reported("table", name, ".html", "on screen"),
        ]
        files += [
            f"<results>/tables/{name}{suffix}"
            for suffix in (".md", ".tex", ".provenance.json", ".timing.json")
        ]
    return files


def evaluation_files(wildcards):
    """The development and test parts whose sentences must not be in a raw text."""
    text = wildcards.get("text") or wildcards.corpus
    return [f"<results>/{file}" for file in unseen.evaluation_files(text)]
