"""Find a linear map from the word vectors of one language to those of another."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch

from ..corpora.dictionaries import read_dictionary
from ..embeddings.map_files import save_map
from ..embeddings.map_methods import find_map
from ..embeddings.word_vectors import load_word_vectors
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def map_vectors(
    source: Path,
    target: Path,
    config: Annotated[
        Mapping[str, Any], Keys("method", "method.kind", "normalisation", "neighbours")
    ],
    output: Path,
    dictionary: Path | None = None,
    threads: int = 1,
) -> None:
    """Find a linear map from the word vectors of one language to those of another.

    Args:
        source, target: word vectors of both languages.
        config: ``method`` with its settings (``embeddings/map_methods.py``); ``normalisation``,
            the steps before mapping; ``neighbours``, k of CSLS.
        output: safetensors with ``mapping``, shape (source dimensions, target dimensions); a row
            vector x is mapped as x W.
        dictionary: training part of a dictionary, for methods that use one.
        threads: number of CPU threads.

    Raises:
        InputError: a file is damaged, no pair has vectors on both sides, or the spaces have
            different dimensions.
    """
    torch.set_num_threads(threads)
    read = verified_checksums([source, target, *([dictionary] if dictionary else [])])
    sides = [load_word_vectors(p).normalised(config["normalisation"]) for p in (source, target)]
    pairs = read_dictionary(dictionary) if dictionary else []
    try:
        mapping, report = find_map(config["method"], *sides, pairs, config["neighbours"])
    except InputError as error:
        raise InputError(f"{source} and {target}: {error}") from None
    save_map(output, mapping, report)
    write_record(output, "map_vectors", read, config=dict(config), threads=threads)
    log.info("%s: mean CSLS cosine %.4f", output, report.criterion)
