"""Rows about parsers."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from .. import data
from ..machine import module_version
from ..measurement import (
    FailedError,
    Finished,
    Measurement,
    Pair,
    Target,
    call_worker,
    run_process,
    thread_variables,
)
from ..options import Options
from . import Comparison, Row, peer_missing

BATCH_PIECES = 1024
TRAINING_SENTENCES, DEVELOPMENT_SENTENCES = 1000, 100
MACHAMP_SENTENCES, MACHAMP_EPOCHS, MACHAMP_DEVELOPMENT_SENTENCES = 360, 3, 100
MACHAMP_BATCH_PIECES = 512
"""MaChAmp needs half a second for a sentence; smaller batches let so few still be learnt from."""
PARALLEL_SENTENCES = 400
BOUND_BATCHES = 6

PARSER = {
    "kind": "parsing",
    "arc_units": 500,
    "relation_units": 200,
    "head_dropout": 0.1,
    "relation_subtypes": False,
}
"""As in resources/studies/ud-mirror.yaml."""

PARSER_OF_SUBTYPES = {**PARSER, "relation_subtypes": True}
"""Which MaChAmp learns as well."""

MACHAMP_PARAMETERS = {
    "reset_transformer_model": False,
    "default_dec_dataset_embeds_dim": 12,
    "encoder": {"dropout": 0.2, "max_input_length": 128, "update_weights_encoder": True},
    "decoders": {
        "default_decoder": {
            "loss_weight": 1.0,
            "metric": "accuracy",
            "topn": 1,
            "layers_to_use": [-1],
        },
        "seq": {},
        "dependency": {
            "arc_representation_dim": 768,
            "tag_representation_dim": 256,
            "metric": "las",
        },
    },
    "batching": {
        "max_tokens": MACHAMP_BATCH_PIECES,
        "batch_size": MACHAMP_BATCH_PIECES,
        "shuffle": True,
        "sort_by_size": True,
        "diverse": False,
        "sampling_smoothing": 1.0,
    },
    "training": {
        "keep_top_n": 1,
        "num_epochs": MACHAMP_EPOCHS,
        "learning_rate_scheduler": {
            "cut_frac": 0.3,
            "decay_factor": 0.38,
            "discriminative_fine_tuning": True,
            "gradual_unfreezing": False,
        },
        "optimizer": {"betas": [0.9, 0.99], "lr": 1e-4, "weight_decay": 0.01},
    },
}
"""MaChAmp's usual values, except that pieces alone bound a batch and the encoder learns from the
first epoch on, as here: both sides do the same work."""


def _training_arguments(
    options: Options,
    sentences: int,
    epochs: int,
    held_out: int = DEVELOPMENT_SENTENCES,
    pieces: int = BATCH_PIECES,
) -> dict[str, Any]:
    training, development = data.english_parts(options, sentences, held_out)
    return {
        "encoder": str(options.encoder_directory()),
        "training": str(training),
        "development": str(development),
        "task": PARSER,
        "settings": {"epochs": epochs, "batch_pieces": pieces},
        "seed": 1,
        "threads": options.threads,
        "folder": str(options.work / "parser"),
        "batches": BOUND_BATCHES,
    }


def _bound(options: Options, function: str, arguments: dict[str, Any]) -> str:
    return call_worker(options, function, arguments).facts["bound"]


def _beside_bare(options: Options) -> Comparison:
    return training_beside_bare(options, _training_arguments(options, TRAINING_SENTENCES, 1))


def training_beside_bare(options: Options, arguments: dict[str, Any]) -> Comparison:
    """Training a parser, compared with its encoder alone.

    Args:
        options: of the run.
        arguments: as of ``parsing.train`` among the workers, and how many ``batches`` are looked at
            to say what bounds a step.
    """

    def note(_: Sequence[Pair]) -> str:
        ratio = call_worker(options, "parsing:products_of_a_step", arguments).facts["ratio"]
        return f"with its head, a step has {ratio:.2f} × the encoder's floating-point operations"

    return Comparison(
        own=lambda _: call_worker(options, "parsing:train", arguments),
        other=lambda _: call_worker(options, "parsing:bare_training", arguments),
        bound=partial(_bound, options, "parsing:training_bound", arguments),
        peer="the encoder's bare forward and backward on the same padded batches",
        note=note,
    )


def _beside_machamp(options: Options) -> Comparison:
    arguments = _training_arguments(
        options,
        MACHAMP_SENTENCES,
        MACHAMP_EPOCHS,
        MACHAMP_DEVELOPMENT_SENTENCES,
        MACHAMP_BATCH_PIECES,
    )
    arguments["task"] = PARSER_OF_SUBTYPES

    def own(number: int) -> Measurement:
        return call_worker(options, "parsing:train", {**arguments, "seed": number + 1})

    return Comparison(
        own=own,
        other=partial(_machamp, options, arguments),
        bound=partial(_bound, options, "parsing:training_bound", arguments),
        peer=f"MaChAmp ({module_version(options.machamp_python, 'transformers')})",
        note=_machamp_note,
    )


def _machamp(options: Options, arguments: dict[str, Any], number: int) -> Measurement:
    """Train MaChAmp's parser; its log tells when training steps began and ended."""
    parameters = {**MACHAMP_PARAMETERS, "transformer_model": arguments["encoder"]}
    folder, finished = train_machamp(
        options, arguments, parameters, {"task_type": "dependency", "column_idx": 6}, number + 1
    )
    return Measurement(
        machamp_seconds((folder / "model" / "log.txt").read_text()),
        MACHAMP_SENTENCES * MACHAMP_EPOCHS,
        finished.peak_bytes,
        {"LAS": machamp_scores(options, arguments, folder)["LAS"], "all": finished.seconds},
    )


def train_machamp(
    options: Options,
    arguments: dict[str, Any],
    parameters: dict[str, Any],
    task: dict[str, Any],
    seed: int,
) -> tuple[Path, Finished]:
    """Train a model of one task with MaChAmp.

    Args:
        options: of the run.
        arguments: ``training`` and ``development``, files.
        parameters: MaChAmp's configuration of parameters.
        task: MaChAmp's configuration of the task.
        seed: of the training.

    Returns:
        The folder of the model and its log, and time and memory.
    """
    folder = options.work / "machamp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    corpus = {
        "train_data_path": arguments["training"],
        "dev_data_path": arguments["development"],
        "word_idx": 1,
        "tasks": {task["task_type"]: task},
    }
    (folder / "data.json").write_text(json.dumps({"corpus": corpus}))
    (folder / "parameters.json").write_text(json.dumps(parameters))
    finished = run_process(
        [
            *(options.machamp_python, options.machamp / "train.py"),
            *("--dataset_configs", folder / "data.json"),
            *("--parameters_config", folder / "parameters.json"),
            *("--device", "-1", "--model_dir", folder / "model", "--seed", str(seed)),
        ],
        options.work / "logs" / "machamp.log",
        {**thread_variables(options.threads), "HF_HUB_OFFLINE": "1"},
        folder,
    )
    return folder, finished


def machamp_scores(options: Options, arguments: dict[str, Any], folder: Path) -> dict[str, Any]:
    """LAS and accuracy of what the trained model predicted of the development part, in percent."""
    predicted = folder / "model" / "corpus.out.conllu"
    shutil.copy(folder / "model" / "corpus.out", predicted)
    compared = {"gold": arguments["development"], "predicted": str(predicted)}
    return dict(call_worker(options, "parsing:score_file", compared).facts)


def machamp_seconds(log: str) -> float:
    """Seconds that MaChAmp spent in training steps, by the time stamps of its log.

    Raises:
        FailedError: the log has no complete epoch.
    """
    steps = re.compile(r"^(\S+ \S+) - .* - Epoch \d+(/\d+: training|: evaluating on dev)$", re.M)
    seconds, since = 0.0, None
    for match in steps.finditer(log):
        moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S,%f")
        if match[2].endswith("training"):
            since = moment
        elif since is not None:
            seconds += (moment - since).total_seconds()
            since = None
    if not seconds:
        raise FailedError("MaChAmp's log tells of no epoch; is this another version?")
    return seconds


def _machamp_note(pairs: Sequence[Pair]) -> str:
    own, other = ([side.facts["LAS"] for side in sides] for sides in zip(*pairs, strict=True))
    return (
        f"LAS after {MACHAMP_EPOCHS} epochs on {MACHAMP_SENTENCES} sentences: "
        f"{_list(own)} against MaChAmp's {_list(other)}; both parsers have the sizes "
        "that are usual with them, and train the encoder from the first epoch on"
    )


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def parser_model(options: Options) -> Path:
    """A parser of English, trained once for all rows that predict."""
    model = options.work / "parser" / "model"
    if not (model / "model.safetensors").exists():
        arguments = _training_arguments(options, TRAINING_SENTENCES, 2)
        call_worker(options, "parsing:train", {**arguments, "model": str(model)})
    return model


def _prediction(options: Options) -> Comparison:
    treebanks = data.parallel_parts(options, PARALLEL_SENTENCES)
    arguments = {
        "model": str(parser_model(options)),
        "task": PARSER,
        "treebanks": [str(path) for path in treebanks.values()],
        "threads": options.threads,
        "folder": str(options.work / "predictions"),
    }
    return prediction_beside_bare(
        options, arguments, 2, f"{PARALLEL_SENTENCES} sentences of each treebank"
    )


def prediction_beside_bare(
    options: Options, arguments: dict[str, Any], few: int, note: str
) -> Comparison:
    """Predicting and scoring treebanks, compared with the encoder alone.

    Args:
        options: of the run.
        arguments: as of ``parsing.predict_and_score`` among the workers.
        few: how many of the treebanks are looked at to say what bounds it.
        note: what else is said of the row.
    """
    looked_at = {**arguments, "treebanks": arguments["treebanks"][:few]}
    return Comparison(
        own=lambda _: call_worker(options, "parsing:predict_and_score", arguments),
        other=lambda _: call_worker(options, "parsing:bare_prediction", arguments),
        bound=partial(_bound, options, "parsing:prediction_bound", looked_at),
        peer="the encoder's bare forward on the same padded batches",
        note=lambda _: note,
    )


ROWS = [
    Row(
        "parser-machamp",
        "fine-tuning a parser, sentences/s",
        "MaChAmp",
        Target(10, at_least=True),
        _beside_machamp,
        peer_missing("machamp"),
    ),
    Row(
        "parser-bare",
        "fine-tuning a parser",
        "the encoder's bare forward and backward",
        Target(1.15, at_least=False),
        _beside_bare,
    ),
    Row(
        "prediction",
        "predicting and scoring 18 treebanks with one model",
        "the encoder's bare forward",
        Target(1.1, at_least=False),
        _prediction,
    ),
]
