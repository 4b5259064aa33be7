"""Translate the words of a test dictionary, and parallel sentences, by mapped word vectors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch

from ..analyses.word_translation import (
    clouds,
    covered_words,
    sentence_accuracy,
    translation_ranks,
)
from ..corpora.conllu import read_conllu
from ..corpora.dictionaries import read_dictionary
from ..embeddings.map_files import load_map
from ..embeddings.word_vectors import load_word_vectors
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def translate_words(
    source: Path,
    target: Path,
    maps: Sequence[Path],
    dictionary: Path,
    config: Annotated[Mapping[str, Any], Keys("columns", "normalisation", "neighbours")],
    outputs: Sequence[Path],
    treebanks: Sequence[Path] = (),
    threads: int = 1,
) -> None:
    """Translate the words of a test dictionary, and parallel sentences, by mapped word vectors.

    Args:
        source, target: word vectors of both languages.
        maps: maps of the source vectors, each found by the method that its name says.
        dictionary: test part of a dictionary, which no map was computed from.
        config: ``columns`` that name the results in tables; ``normalisation``, the steps before
            mapping; ``neighbours``, k of CSLS.
        outputs: a JSON file for each map: ``test`` with the covered words and the numbers of all,
            ``ranks`` by retrieval, ``map`` with the report on the map, ``sentences`` with the
            accuracy of retrieval, ``clouds`` with coordinates for a figure.
        treebanks: parallel treebanks of both languages, for sentence retrieval; may be empty.
        threads: number of CPU threads.

    Raises:
        InputError: a file is damaged, no test word has a vector, or the treebanks share no
            sentence.
    """
    torch.set_num_threads(threads)
    common = verified_checksums([source, target, dictionary, *treebanks])
    steps, neighbours = config["normalisation"], config["neighbours"]
    one, other = (load_word_vectors(path).normalised(steps) for path in (source, target))
    test = covered_words(read_dictionary(dictionary), one, other)
    if not test.words:
        raise InputError(
            f"{dictionary}: no pair has vectors on both sides; are languages, scripts and letter "
            "case those of the vectors?"
        )
    counts = {key: value for key, value in asdict(test).items() if key != "translations"}
    sentences = _parallel(treebanks) if treebanks else None
    for path, output in zip(maps, outputs, strict=True):
        read = common | verified_checksums([path])
        mapping, report = load_map(path)
        accuracy = None
        if sentences:
            accuracy = sentence_accuracy(*sentences, (one, other), mapping, neighbours)
        content = {
            "columns": {**config["columns"], "method": output.stem},
            "test": counts,
            "ranks": translation_ranks(test, one, other, mapping, neighbours),
            "map": report,
            "sentences": accuracy,
            "clouds": clouds(test, one, other, mapping),
        }
        write_json(output, content)
        write_record(output, "translate_words", read, config=dict(config), threads=threads)
    log.info("%s: %d of %d words are covered", dictionary, len(test.words), test.source_words)


def _parallel(treebanks: Sequence[Path]) -> list[list[list[str]]]:
    """The words of the sentences that two treebanks share, in the order of the first."""
    found = [
        {sentence.sent_id: sentence.forms for sentence in read_conllu(path)} for path in treebanks
    ]
    shared = [name for name in found[0] if name is not None and name in found[1]]
    if not shared:
        raise InputError(f"{treebanks[1]}: no sentence has a sent_id of {treebanks[0]}")
    return [[list(side[name]) for name in shared] for side in found]
