"""Compute word vectors from an encoder: mean states over the occurrences in raw text."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch

from ..corpora.lines import Lines
from ..corpora.word_tokens import words_of
from ..embeddings.word_vectors import save_word_vectors
from ..encoders.kinds import kind_of, pretrained_kind_of
from ..records.record import write_record
from ..records.verification import verified_checksums, verified_model
from ..runtime.errors import InputError
from ..runtime.signatures import Keys
from ..training.devices import device_name, prepare_device
from ..training.loop import Precision
from ..training.word_averages import average_word_states

log = logging.getLogger(__name__)


def represent_words(
    encoder: Path,
    text: Path,
    config: Annotated[
        Mapping[str, Any],
        Keys(
            *("layer", "minimum_count", "lowercase", "word_state", "precision"),
            *("maximum_sentences", "maximum_words"),
        ),
    ],
    output: Path,
    threads: int = 1,
) -> None:
    """Compute word vectors from an encoder: mean states over the occurrences in raw text.

    Args:
        encoder: directory of the encoder.
        text: cleaned text, a line per sentence.
        config: ``layer``, 0 for the embeddings; ``minimum_count`` of a word; ``lowercase``,
            whether words that differ in case are one (the encoder reads the text as it is);
            ``word_state``, the subwords that represent a word; ``precision`` of the encoder;
            ``maximum_sentences``, number of lines to read, and ``maximum_words`` to write, both
            null for all.
        output: safetensors with ``vectors``, shape (words, hidden), and the words as metadata.
        threads: number of CPU threads.

    Raises:
        InputError: the encoder cannot be used or has no such layer, or no word is frequent enough.
    """
    device = prepare_device(threads)
    read = verified_checksums([text]) | verified_model(encoder, kind_of(encoder).files)
    kind = pretrained_kind_of(encoder)
    network = kind.load(encoder).to(device)
    used = Precision(config["precision"], device).kind
    lines = Lines(text, last=config["maximum_sentences"])
    sentences = [words for line in lines if (words := words_of(line, lowercase=False))]
    vectors = average_word_states(
        network,
        kind.reader(encoder),
        sentences,
        config["layer"],
        kind.longest_input(network),
        device,
        config["minimum_count"],
        config["word_state"],
        config["lowercase"],
        used,
    ).first(config["maximum_words"])
    if not torch.isfinite(torch.from_numpy(vectors.vectors)).all():
        raise InputError(f"{encoder}: its states are not finite; is the model damaged?")
    save_word_vectors(output, vectors)
    facts = {"device": device_name(device), "threads": threads, "precision": used}
    write_record(output, "represent_words", read, config=dict(config), **facts)
    log.info("%s: %d words of %d dimensions", output, len(vectors.words), vectors.dimensions)
