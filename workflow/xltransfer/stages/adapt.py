"""Adapt an encoder to raw text by masked language modelling, with the same vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch

from ..corpora.lines import Lines
from ..encoders.kinds import kind_of
from ..encoders.masked_lm_head import load_masked_lm
from ..encoders.text_tokenizer import TextTokenizer
from ..records.record import TOKENIZER_CONFIG
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.errors import InputError
from ..runtime.signatures import Keys
from ..training.devices import prepare_device
from ..training.objectives.masked_lm import MaskedLanguageModelling
from ..training.pretraining import check_config, checksums, count_lines, tokenise, train_encoder


def adapt(
    encoder: Path,
    training: Sequence[Path],
    held_out: Sequence[Path],
    config: Annotated[Mapping[str, Any], Keys("seed", "training")],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float = 300,
    threads: int = 1,
) -> None:
    """Adapt an encoder to raw text by masked language modelling, with the same vocabulary.

    Args:
        encoder: encoder directory; without a masked language modelling head, a new one is added.
        training: raw text, one sentence per line; one file per language if languages are sampled.
        held_out: raw text for the held-out loss.
        config: ``seed``, ``training`` (of ``train`` and ``MaskedLanguageModelling``) and optionally
            ``store``, the type of the stored weights (default: ``float32``).
        output: output directory.
        checkpoints: folder for checkpoints.
        checkpoint_seconds: seconds between two checkpoints.
        threads: number of CPU threads.

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
            f"{encoder}/tokenizer.json: {tokenizer.vocabulary_size} subwords, but the encoder "
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
    saving = checkpoints, checkpoint_seconds
    train_encoder(objective, config, inputs, read, output, *saving, device, threads, "adapt")
