"""Adapt an encoder to raw text: masked language modelling goes on, the vocabulary stays."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..corpora.lines import Lines
from ..encoders.kinds import kind_of
from ..encoders.masked_lm import load_masked_lm
from ..encoders.text_tokenizer import TextTokenizer
from ..records.record import TOKENIZER_CONFIG
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.command import add_training_options, run, stage_parser
from ..runtime.errors import InputError
from ..training.devices import prepare_device
from ..training.objectives.masked_lm import MaskedLanguageModelling
from ..training.pretraining import check_config, checksums, count_lines, tokenise, train_encoder


def adapt(
    encoder: Path,
    training: Sequence[Path],
    held_out: Sequence[Path],
    config: Mapping[str, Any],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float,
    threads: int,
) -> None:
    """Make an encoder directory out of another one.

    Args:
        encoder: encoder directory; without a head for masked language modelling it gets a new one.
        training, held_out: raw text, a sentence a line; training text in a file per language if
            these are to be sampled.
        config: ``seed``, ``training`` (of ``train`` and ``MaskedLanguageModelling``) and, if it is
            not ``float32``, the type to ``store`` weights in.
        output: the encoder directory to write.
        checkpoints: folder for checkpoints.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.

    Raises:
        InputError: unusable encoder, text or settings, or the loss is not finite.
    """
    check_config(config)
    device = prepare_device(threads)
    kind, mask = kind_of(encoder), encoder / TOKENIZER_CONFIG
    named = [mask] if mask.exists() else []
    read = verified_encoder(encoder, kind.files)
    read |= verified_checksums([*named, *training, *held_out])
    texts = [Lines(path) for path in training], [Lines(path) for path in held_out]
    count_lines([*texts[0], *texts[1]])
    tokenizer = TextTokenizer(encoder)
    torch.manual_seed(config["seed"])
    model = load_masked_lm(encoder)
    if tokenizer.vocabulary_size > model.config.vocab_size:
        raise InputError(
            f"{encoder}/tokenizer.json: {tokenizer.vocabulary_size} word pieces, but the encoder "
            f"has {model.config.vocab_size}; use the tokenizer it was pretrained with"
        )
    settings = config["training"]
    tokenised = tokenise(*texts, tokenizer, settings)
    objective = MaskedLanguageModelling(model, *tokenised, settings, config["seed"])
    kind.save_reader(model, encoder, output)
    inputs = {
        "corpora": checksums(training, read),
        "encoder": {name: read[str(encoder / name)] for name in kind.files},
        "held_out": checksums(held_out, read),
    }
    train_encoder(
        objective,
        config,
        inputs,
        read,
        output,
        checkpoints,
        checkpoint_seconds,
        device,
        threads,
        "adapt",
    )


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--training", type=Path, nargs="+", required=True)
    parser.add_argument("--held-out", type=Path, nargs="+", required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="seed and training, JSON")
    parser.add_argument("--output", type=Path, required=True)
    add_training_options(parser)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    adapt(
        arguments.encoder,
        arguments.training,
        arguments.held_out,
        arguments.config,
        arguments.output,
        arguments.checkpoints,
        arguments.checkpoint_seconds,
        arguments.threads,
    )
