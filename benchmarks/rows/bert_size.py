"""Rows about parsers whose encoder has the size of multilingual BERT.

The real encoder of the rows in ``parsing`` has six layers of 384, beside which a parser of the
usual size is large. This one was never pretrained, and its sentences consist of invented words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..measurement import Target, call_worker
from ..options import Options
from . import Comparison, Row
from .parsing import BOUND_BATCHES, PARSER, prediction_beside_bare, training_beside_bare

MULTILINGUAL_BERT = {
    "vocab_size": 119_547,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
}
SENTENCES = 300
"""To train on."""
PREDICTED = 1000
"""As many as a treebank of PUD has."""
BATCH_PIECES = 1024


def _training(options: Options, sentences: int) -> dict[str, Any]:
    """The arguments of a training on some sentences, its encoder and treebanks written."""
    folder = options.work / "bert-size"
    written = {"configuration": MULTILINGUAL_BERT, "sentences": sentences}
    call_worker(options, "memory:material", {"folder": str(folder), **written})
    return {
        "encoder": str(folder / "encoder"),
        "training": str(folder / "training.conllu"),
        "development": str(folder / "development.conllu"),
        "task": PARSER,
        "settings": {"epochs": 1, "batch_pieces": BATCH_PIECES},
        "seed": 1,
        "threads": options.threads,
        "folder": str(folder / "parser"),
        "batches": BOUND_BATCHES,
    }


def _beside_bare(options: Options) -> Comparison:
    return training_beside_bare(options, _training(options, SENTENCES))


def _prediction(options: Options) -> Comparison:
    training = _training(options, PREDICTED)
    model = str(Path(training["folder"]) / "model")
    call_worker(options, "parsing:train", {**training, "model": model})
    arguments = {
        "model": model,
        "task": PARSER,
        "treebanks": [training["training"]],
        "threads": options.threads,
        "folder": str(Path(training["folder"]) / "predictions"),
    }
    return prediction_beside_bare(options, arguments, 1, f"{PREDICTED} sentences")


def _row(name: str, stage: str, compared: str, most: float, prepare: Any) -> Row:
    stage = f"{stage}, encoder of multilingual BERT's size"
    return Row(name, stage, compared, Target(most, at_least=False), prepare)


ROWS = [
    _row(
        "parser-bert-size",
        "fine-tuning a parser",
        "the encoder's bare forward and backward",
        1.15,
        _beside_bare,
    ),
    _row(
        "prediction-bert-size",
        "predicting and scoring a treebank",
        "the encoder's bare forward",
        1.1,
        _prediction,
    ),
]
