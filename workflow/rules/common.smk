# The study, and the paths that several stages share.

import os
import shlex
import sys
from glob import glob

# Jobs run `python -m xltransfer.<stage>`, also where the package is not installed. Their output
# goes to log files; what a user can mend is said on the terminal as well.
sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))
shell.prefix(
    "set -euo pipefail; exec 3>&2; export XLTRANSFER_TERMINAL=3"
    f" PYTHONPATH={shlex.quote(sys.path[0])}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; "
)
# Tokenisers and BLAS would each start a thread per core in every job.
os.environ.update(TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1")

from xltransfer import paths
from xltransfer.errors import InputError
from xltransfer.files import canonical_json
from xltransfer.identity import stage_digest
from xltransfer.study import Study

try:
    study = Study(config)
except InputError as error:
    sys.exit(f"error: {error}")


def everything(part):
    """All tables and figures of a part of the study."""
    return [f"<results>/tables/{table}.csv" for table in part.tables] + [
        f"<results>/figures/{figure}.pdf" for figure in part.figures
    ]


def encoder_files(wildcards):
    """The files of an encoder that a model depends on."""
    return study.encoder_files(wildcards.encoder, wildcards.get("source", ""))


def gold(wildcards):
    """The annotated file that a prediction or score is about."""
    file = study.corpus_file(wildcards.task, wildcards.corpus, wildcards.split)
    return f"<results>/{file}"


def part_of_source(split):
    """A function of wildcards: a part of the corpus that a model is trained on."""

    def of(wildcards):
        return f"<results>/{study.corpus_file(wildcards.task, wildcards.source, split)}"

    return of


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


def state_weights(wildcards):
    """The weights of every trained state of an encoder whose representations are looked at."""
    return [encoder_files(wildcards)[1]] + [
        f"<results>/models/{wildcards.encoder}/{state.path}/model.safetensors"
        for state in study.parallel.states
        if state.kind == "fine-tuned"
    ]


# How the corpora of each folder of results are written.
SUFFIXES = {study.kind(task).corpora: study.kind(task).suffix for task in study.tasks}


def download(corpora):
    """A function of wildcards: where a catalogued file lies once it is fetched."""

    def of(wildcards):
        file = study.download(corpora, wildcards.corpus, wildcards.split)
        return f"<resources>/downloads/{file}"

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
