"""Scores of this project's parser and tagger, and of MaChAmp's, after equal training.

    python -m benchmarks.accuracy --machamp ../machamp --machamp-python PYTHON \
      --encoder ENCODER > docs/tables/machamp.csv

Both programs train the same encoder on the same sentences for as many epochs, and keep the weights
of the epoch with the best score on the development part. Both predictions are scored by one
function. MaChAmp's settings are its usual ones, but the encoder is trained from the first epoch on.
It trains twice, with its usual learning rates and with those of this project.
"""

from __future__ import annotations

import argparse
import csv
import logging
import sys
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from xltransfer.runtime.command import run
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json

from . import data
from .measurement import call_worker
from .options import ROOT, Options, default_encoder, default_shared
from .rows.parsing import MACHAMP_PARAMETERS, PARSER_OF_SUBTYPES, machamp_scores, train_machamp

log = logging.getLogger("benchmarks")

TAGGER = {"kind": "tagging", "label": "UPOS", "head_dropout": 0.1}
TASKS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "parsing": ("LAS", PARSER_OF_SUBTYPES, {"task_type": "dependency", "column_idx": 6}),
    "pos": ("accuracy", TAGGER, {"task_type": "seq", "column_idx": 3}),
}
"""The metric, and the task for this project and for MaChAmp."""

OWN_SETTINGS = {"batch_pieces": 700, "gradient_clip": 1.0}
"""As in resources/studies/multilingual-parsing.yaml; the others are those of the benchmarks."""

OWN_RATES = 2e-4, 1e-3
"""Learning rates of the encoder and the head."""

MACHAMP_RATES = (3.8e-5, 1e-4), OWN_RATES
MACHAMP_BATCHING = {"max_tokens": 1024, "batch_size": 32}

COLUMNS = [
    *("task", "metric", "program", "encoder_learning_rate", "head_learning_rate"),
    *("epochs", "sentences", "seed", "score"),
]


def compare(options: Options, sentences: int, held_out: int, epochs: int, seeds: int) -> None:
    """Train and score all models; write a line to standard output after each.

    Args:
        options: of the run.
        sentences: of English EWT to train on, the first ones.
        held_out: sentences of its development part to score, the first ones.
        epochs: of each training.
        seeds: how many, from 1 on.

    Raises:
        InputError: MaChAmp would not find the special tokens of the encoder.
    """
    _check_tokenizer(options.encoder_directory() / "tokenizer_config.json")
    training, development = data.english_parts(options, sentences, held_out)
    arguments = {
        "encoder": str(options.encoder_directory()),
        "training": str(training),
        "development": str(development),
    }
    output = csv.writer(sys.stdout, lineterminator="\n")
    output.writerow(COLUMNS)
    for seed in range(1, seeds + 1):
        for task, (metric, *_) in TASKS.items():
            how = options, arguments, task, epochs, seed
            trainings = {("xltransfer", OWN_RATES): partial(_own, *how)}
            for rates in MACHAMP_RATES:
                trainings["MaChAmp", rates] = partial(_machamp, *how, rates)
            for (program, rates), train in trainings.items():
                score = f"{train():.2f}"
                output.writerow([task, metric, program, *rates, epochs, sentences, seed, score])
                sys.stdout.flush()
                log.info("%s, seed %d, %s with %g and %g: %s", task, seed, program, *rates, score)


def _check_tokenizer(path: Path) -> None:
    """MaChAmp learns from the class of a tokenizer how many special tokens surround a text.

    With the class of all tokenizers, it counts none, gives each word its own, and reads its state
    from the last one.

    Raises:
        InputError: the file names no class of a family.
    """
    if read_json(path).get("tokenizer_class") in (None, "PreTrainedTokenizerFast"):
        raise InputError(
            f"{path}:1: `tokenizer_class` is of no family, so MaChAmp would find no special "
            "tokens; write that of the encoder, such as XLMRobertaTokenizerFast"
        )


def _own(options: Options, arguments: dict[str, Any], task: str, epochs: int, seed: int) -> float:
    metric, own, _ = TASKS[task]
    how = {
        **arguments,
        "task": own,
        "settings": {**OWN_SETTINGS, "epochs": epochs},
        "seed": seed,
        "threads": options.threads,
        "folder": str(options.work / "accuracy"),
    }
    return call_worker(options, "parsing:train", how).facts[metric]


def _machamp(
    options: Options,
    arguments: dict[str, Any],
    task: str,
    epochs: int,
    seed: int,
    rates: tuple[float, float],
) -> float:
    metric, _, theirs = TASKS[task]
    of_encoder, of_head = rates
    parameters = deepcopy(MACHAMP_PARAMETERS)
    parameters["transformer_model"] = arguments["encoder"]
    parameters["batching"].update(MACHAMP_BATCHING)
    parameters["training"]["num_epochs"] = epochs
    parameters["training"]["optimizer"]["lr"] = of_head
    # The rate of the encoder is given as a share of the head's.
    parameters["training"]["learning_rate_scheduler"]["decay_factor"] = of_encoder / of_head
    folder, _ = train_machamp(options, arguments, parameters, theirs, seed)
    return machamp_scores(options, arguments, folder)[metric]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--machamp", type=Path, required=True, help="MaChAmp: its checkout")
    parser.add_argument("--machamp-python", default=sys.executable, help="interpreter for it")
    parser.add_argument("--encoder", type=Path, default=default_encoder(), help="of both")
    parser.add_argument("--sentences", type=int, default=1000, help="of training")
    parser.add_argument("--development-sentences", type=int, default=500, help="to score")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shared", type=Path, default=default_shared(), help="has data/ud")
    parser.add_argument("--work", type=Path, default=ROOT / "benchmarks" / "scratch")
    run(parser, _stage)


def _stage(arguments: argparse.Namespace) -> None:
    given = vars(arguments)
    sizes = [given.pop(name) for name in ("sentences", "development_sentences", "epochs", "seeds")]
    paths = {key: value.absolute() for key, value in given.items() if isinstance(value, Path)}
    compare(Options(**{**given, **paths, "pairs": 1}), *sizes)


if __name__ == "__main__":
    main()
