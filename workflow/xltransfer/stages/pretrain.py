"""Pretrain an encoder from scratch on raw or parallel text: vocabulary, then masked tokens."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import torch
from tokenizers import Tokenizer

from ..corpora.language_sampling import SampledLines, apportion, sampling_probabilities
from ..corpora.lines import Lines
from ..corpora.sentence_pairs import SentencePairs
from ..encoders.kinds import kind_of_network
from ..encoders.masked_lm_head import new_masked_lm
from ..encoders.text_tokenizer import TextTokenizer
from ..encoders.unit_vocabulary import unit_vocabulary
from ..encoders.vocabulary import save_tokenizer, train_wordpiece
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import sha256_of_file
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

log = logging.getLogger(__name__)


def pretrain(
    config: Annotated[Mapping[str, Any], Keys("seed", "architecture", "training")],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float = 300,
    threads: int = 1,
    corpora: Sequence[Path] = (),
    held_out: Sequence[Path] = (),
    parallel: Sequence[Path] = (),
    held_out_parallel: Sequence[Path] = (),
) -> None:
    """Pretrain an encoder from scratch on raw or parallel text: vocabulary, then masked tokens.

    Args:
        config: ``seed``, ``vocabulary_size`` of subwords or ``vocabulary`` (of ``unit_vocabulary``)
            of bytes or characters, ``held_out_lines`` (without held-out text),
            ``architecture`` (of a configuration in transformers; default ``model_type``: ``bert``),
            ``training`` (of ``train`` and ``make_objective``); optionally
            ``vocabulary_sampling_exponent`` (default: every line once) and ``store``, the type of
            the stored weights (default: ``float32``), and the keys of ``make_objective`` for
            parallel text.
        output: output directory.
        checkpoints: folder for checkpoints.
        checkpoint_seconds: seconds between two checkpoints.
        threads: number of CPU threads.
        corpora: raw text, one sentence per line, one file per language.
        held_out: raw text for the held-out loss; default: the first ``held_out_lines`` of each
            corpus.
        parallel, held_out_parallel: parallel text, one file per pair of languages.

    Raises:
        InputError: unusable text or settings, or the loss is not finite.
    """
    check_config(config, corpora, parallel, held_out_parallel)
    device = prepare_device(threads)
    read = verified_checksums([*corpora, *held_out, *parallel, *held_out_parallel])
    training, kept = _parts(corpora, held_out, config.get("held_out_lines", 0))
    pairs = [SentencePairs(path) for path in parallel]
    text = PretrainingText(training, kept, pairs, [SentencePairs(p) for p in held_out_parallel])
    whole = training if held_out else [Lines(path) for path in corpora]
    learnt = _learn_vocabulary([*whole, *text.sides()], config)
    torch.manual_seed(config["seed"])
    model = new_masked_lm(config["architecture"], learnt)
    save_tokenizer(learnt, output, kind_of_network(model).longest_input(model))
    objective = make_objective(model, text, TextTokenizer(output), config)
    inputs = {
        "corpora": checksums(corpora, read),
        "tokenizer": sha256_of_file(output / "tokenizer.json"),
    }
    if held_out:
        inputs["held_out"] = checksums(held_out, read)
    inputs |= parallel_checksums(parallel, held_out_parallel, read)
    saving = checkpoints, checkpoint_seconds
    train_encoder(objective, config, inputs, read, output, *saving, device, threads, "pretrain")


def _parts(
    corpora: Sequence[Path], held_out: Sequence[Path], held_out_lines: int
) -> tuple[list[Lines], list[Lines]]:
    """Training and held-out text."""
    if held_out or not corpora:
        parts = [Lines(path) for path in corpora], [Lines(path) for path in held_out]
        count_lines([*parts[0], *parts[1]])
        return parts
    for path in corpora:
        lines = Lines(path).count()
        if lines <= held_out_lines:
            raise InputError(
                f"{path}: {lines} lines, more than {held_out_lines} are held out alone; add text "
                "or lower held_out_lines"
            )
    return (
        [Lines(path, held_out_lines) for path in corpora],
        [Lines(path, 0, held_out_lines) for path in corpora],
    )


def _learn_vocabulary(texts: Sequence[Lines | list[str]], config: Mapping[str, Any]) -> Tokenizer:
    """A subword vocabulary of all lines, or of lines sampled by language; or one of units."""
    exponent, size = config.get("vocabulary_sampling_exponent"), config.get("vocabulary_size")
    units = config.get("vocabulary")
    if (size is None) == (units is None):
        raise InputError("config: write either vocabulary_size, for subwords, or vocabulary")
    count_lines([text for text in texts if isinstance(text, Lines)])
    if units is not None:
        return unit_vocabulary(units, chain.from_iterable(texts))
    sizes = counts = [sum(1 for _ in text) for text in texts]
    if exponent is not None:
        counts = apportion(sampling_probabilities(sizes, exponent), sum(sizes)).tolist()
        log.info("vocabulary: lines of each language: %s of %s", counts, sizes)
    tokenizer = train_wordpiece(SampledLines(texts, sizes, counts, config["seed"]), size)
    if tokenizer.get_vocab_size() < size:
        log.info(
            "vocabulary: the text has %d subwords, fewer than the %d asked for",
            tokenizer.get_vocab_size(),
            size,
        )
    return tokenizer
