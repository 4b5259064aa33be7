"""Adapt an encoder to raw or parallel text, with the same vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch

from ..corpora.lines import Lines
from ..corpora.sentence_pairs import SentencePairs
from ..encoders.kinds import kind_of
from ..encoders.language_adapters import add_language_adapter, write_description
from ..encoders.masked_lm_head import load_with_head, train_head_only
from ..encoders.text_tokenizer import TextTokenizer
from ..records.record import TOKENIZER_CONFIG
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.errors import InputError
from ..runtime.signatures import Keys
from ..training.devices import prepare_device
from ..training.pretraining import (
    check_config,
    checksums,
    count_lines,
    parallel_checksums,
    train_encoder,
)
from ..training.pretraining_text import PretrainingText, make_objective


def adapt(
    encoder: Path,
    config: Annotated[Mapping[str, Any], Keys("seed", "training")],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float = 300,
    threads: int = 1,
    training: Sequence[Path] = (),
    held_out: Sequence[Path] = (),
    parallel: Sequence[Path] = (),
    held_out_parallel: Sequence[Path] = (),
) -> None:
    """Adapt an encoder to raw or parallel text, with the same vocabulary.

    The objective is masked language modelling, or for parallel text translation language modelling.

    Args:
        encoder: encoder directory; without a masked language modelling head, a new one is added.
        config: ``seed``, ``training`` (of ``train`` and ``make_objective``) and optionally
            ``store``, the type of the stored weights (default: ``float32``), and the keys of
            ``make_objective`` for parallel text. With ``adapter`` (``AdapterSettings``), only a
            language adapter is trained, and the output refers to the encoder. With ``head_only``,
            only the head is trained, and the states of the encoder stay as they are.
        output: output directory.
        checkpoints: folder for checkpoints.
        checkpoint_seconds: seconds between two checkpoints.
        threads: number of CPU threads.
        training: raw text, one sentence per line; one file per language if languages are sampled.
        held_out: raw text for the held-out loss.
        parallel, held_out_parallel: parallel text, one file per pair of languages.

    Raises:
        InputError: unusable encoder, text or settings, or the loss is not finite.
    """
    check_config(config, training, parallel, held_out_parallel)
    device = prepare_device(threads)
    kind, mask = kind_of(encoder), encoder / TOKENIZER_CONFIG
    named = [mask] if mask.exists() else []
    read = verified_encoder(encoder, kind.files)
    read |= verified_checksums([*named, *training, *held_out, *parallel, *held_out_parallel])
    text = PretrainingText(
        [Lines(path) for path in training],
        [Lines(path) for path in held_out],
        [SentencePairs(path) for path in parallel],
        [SentencePairs(path) for path in held_out_parallel],
    )
    count_lines([*text.lines, *text.held_out])
    tokenizer = TextTokenizer(encoder)
    torch.manual_seed(config["seed"])
    model, has_head = load_with_head(encoder)
    if adapter := config.get("adapter"):
        add_language_adapter(model, adapter, encoder, has_head)
    elif config.get("head_only"):
        train_head_only(model, encoder)
    if tokenizer.vocabulary_size > model.config.vocab_size:
        raise InputError(
            f"{encoder}/tokenizer.json: {tokenizer.vocabulary_size} subwords, but the encoder "
            f"has {model.config.vocab_size}; use the tokenizer it was pretrained with"
        )
    objective = make_objective(model, text, tokenizer, config)
    kind.save_reader(model, encoder, output)
    write_description(model, encoder, output)
    inputs = {
        "corpora": checksums(training, read),
        "encoder": {
            name: read[str(encoder / name)] for name in (*kind.files, *(p.name for p in named))
        },
        "held_out": checksums(held_out, read),
        **parallel_checksums(parallel, held_out_parallel, read),
    }
    saving = checkpoints, checkpoint_seconds
    train_encoder(objective, config, inputs, read, output, *saving, device, threads, "adapt")
