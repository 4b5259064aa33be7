# The study, and the paths that several stages share.

import os
import shlex
import sys

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
from xltransfer.identity import stage_digest
from xltransfer.study import Study

try:
    study = Study(config)
except InputError as error:
    sys.exit(f"error: {error}")


def encoder_files(wildcards):
    """The files of an encoder that a model depends on."""
    directory = study.encoders[wildcards.encoder].directory
    return [
        f"{directory}/{name}" for name in ("config.json", "model.safetensors", "tokenizer.json")
    ]


def predictions_of_source(wildcards):
    """What every model of a source predicts on a treebank, in the order of `study.models`."""
    return [
        paths.predictions(
            "<results>",
            wildcards.encoder,
            wildcards.task,
            wildcards.source,
            ablation,
            seed,
            f"{wildcards.treebank}-{wildcards.split}",
        )
        for ablation, seed in study.models(wildcards.source)
    ]


def treebank_download(wildcards):
    """Where a catalogued file lies once it is fetched."""
    treebank = study.treebank(wildcards.treebank)
    file = treebank.files[wildcards.split]
    return f"<resources>/downloads/ud-{treebank.release}/{treebank.name}/{file.name}"
