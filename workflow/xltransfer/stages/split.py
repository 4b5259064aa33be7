"""Split an annotated corpus that lacks a part: once, or into folds for cross-validation."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from ..corpora.formats import read_sentences, write_sentences
from ..corpora.sentences import AnnotatedSentence
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)

PARTS = ("train", "dev", "test")
FEW = 1000
"""Number of sentences; with fewer, a single test part is too small for distinguishable scores."""


def split(
    how: Literal["hashed", "folds"],
    /,
    corpora: Sequence[Path],
    config: Annotated[Mapping[str, Any], Keys("seed")],
    outputs: Sequence[Path],
) -> None:
    """Pool the parts of a corpus and split them again: once, or into folds for cross-validation.

    Args:
        how: type of the split: once by hash, or folds for cross-validation.
        corpora: existing parts of the corpus.
        config: ``seed``; ``dev_share`` and ``test_share``, or the number of ``folds``.
        outputs: output files for train, dev and test of each split.

    Raises:
        InputError: a file is malformed, a part would be empty, or there are fewer distinct
            sentences than folds.
    """
    read = verified_checksums(corpora)
    pooled = [sentence for path in corpora for sentence in read_sentences(path)]
    parts = (_folds if how == "folds" else _hashed)(pooled, config, corpora[0])
    for sentences, output in zip(parts, outputs, strict=True):
        log.info("%s: %d sentences", output, len(sentences))
        write_sentences(output, sentences)
        write_record(output, "split", read, config=dict(config))


def _hashed(
    pooled: Sequence[AnnotatedSentence], config: Mapping[str, Any], place: Path
) -> list[list[AnnotatedSentence]]:
    """Training, development and test part.

    The part of a sentence depends only on the hash of its words and the seed, not on the rest of
    the corpus; equal sentences are in the same part.
    """
    if len(pooled) < FEW:
        warn(
            f"{place}: {len(pooled)} sentences, fewer than {FEW}; `split: folds` tests all of "
            "them by cross-validation"
        )
    parts: dict[str, list[AnnotatedSentence]] = {part: [] for part in PARTS}
    for sentence in pooled:
        parts[part_of(sentence.forms, config)].append(sentence)
    for name, sentences in parts.items():
        if not sentences:
            raise InputError(
                f"{place}: no sentence of {len(pooled)} falls into the {name} part; "
                "raise its share in `unseen.hashed_split` or choose another seed"
            )
    return [*parts.values()]


def _folds(
    pooled: Sequence[AnnotatedSentence], config: Mapping[str, Any], place: Path
) -> list[list[AnnotatedSentence]]:
    """Training, development and test part of each cross-validation split.

    Distinct sentences are distributed over the folds in the order of the hash of their words and
    the seed, so that folds have equal sizes and equal sentences are in the same fold. In split n,
    fold n is the test part, the next fold is the development part, and the others are the training
    part: every sentence is tested once.
    """
    number = config["folds"]
    keys = sorted({_hash(sentence.forms, config["seed"]) for sentence in pooled})
    if len(keys) < number:
        raise InputError(
            f"{place}: {len(keys)} distinct sentences cannot be divided into {number} folds; "
            "lower `unseen.cross_validation.folds`"
        )
    fold = {key: place % number for place, key in enumerate(keys)}
    places = [fold[_hash(sentence.forms, config["seed"])] for sentence in pooled]
    parts = []
    for test in range(number):
        dev = (test + 1) % number
        names = ["test" if p == test else "dev" if p == dev else "train" for p in places]
        parts += [
            [sentence for sentence, name in zip(pooled, names, strict=True) if name == part]
            for part in PARTS
        ]
    return parts


def part_of(words: Sequence[str], config: Mapping[str, Any]) -> str:
    """``train``, ``dev`` or ``test``, depending on the hash of the words and the seed."""
    number = int.from_bytes(_hash(words, config["seed"])[:8], "big") / 2**64
    if number < config["test_share"]:
        return "test"
    return "dev" if number < config["test_share"] + config["dev_share"] else "train"


def _hash(words: Sequence[str], seed: int) -> bytes:
    return hashlib.sha256("\x1f".join([str(seed), *words]).encode()).digest()
