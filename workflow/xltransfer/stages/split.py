"""Divide an annotated corpus that lacks a part: by one split of its sentences, or into folds."""

from __future__ import annotations

import hashlib
import json
import logging
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..corpora.formats import read_sentences, write_sentences
from ..corpora.sentences import AnnotatedSentence
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser, warn
from ..runtime.errors import InputError

log = logging.getLogger(__name__)

PARTS = ("train", "dev", "test")
FEW = 1000
"""Sentences below which one test part is too small for scores that can be told apart."""


def split(corpora: Sequence[Path], config: Mapping[str, Any], outputs: Sequence[Path]) -> None:
    """Pool the parts there are and split them into training, development and test part.

    A sentence goes where the hash of its words and the seed puts it, whatever else is in the
    corpus, and equal sentences are in the same part.

    Args:
        corpora: the parts there are.
        config: ``seed``, ``dev_share`` and ``test_share``.
        outputs: files for train, dev and test.

    Raises:
        InputError: a file is malformed, or a part would be empty.
    """
    read = verified_checksums(corpora)
    pooled = _pooled(corpora)
    if len(pooled) < FEW:
        warn(
            f"{corpora[0]}: {len(pooled)} sentences, fewer than {FEW}; `split: folds` tests all of "
            "them by cross-validation"
        )
    parts: dict[str, list[AnnotatedSentence]] = {part: [] for part in PARTS}
    for sentence in pooled:
        parts[part_of(sentence.forms, config)].append(sentence)
    for name, sentences in parts.items():
        if not sentences:
            raise InputError(
                f"{corpora[0]}: no sentence of {len(pooled)} falls into the {name} part; "
                "raise its share in `unseen.hashed_split` or choose another seed"
            )
    _write(read, config, [*parts.values()], outputs)


def divide(corpora: Sequence[Path], config: Mapping[str, Any], outputs: Sequence[Path]) -> None:
    """Pool the parts there are and divide them into folds for cross-validation.

    Distinct sentences are dealt to the folds in the order of the hash of their words and the seed,
    so that folds are of equal size and equal sentences are in the same fold. Fold n is the test
    part of the n-th division, the fold after it the development part, and the others are the
    training part: every sentence is tested once.

    Args:
        corpora: the parts there are.
        config: ``seed`` and the number of ``folds``.
        outputs: files for train, dev and test of each division.

    Raises:
        InputError: a file is malformed, or there are fewer distinct sentences than folds.
    """
    read = verified_checksums(corpora)
    pooled, number = _pooled(corpora), config["folds"]
    keys = sorted({_hash(sentence.forms, config["seed"]) for sentence in pooled})
    if len(keys) < number:
        raise InputError(
            f"{corpora[0]}: {len(keys)} distinct sentences cannot be divided into {number} folds; "
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
    _write(read, config, parts, outputs)


def _pooled(corpora: Sequence[Path]) -> list[AnnotatedSentence]:
    return [sentence for path in corpora for sentence in read_sentences(path)]


def _write(
    read: Mapping[str, str],
    config: Mapping[str, Any],
    parts: Sequence[Sequence[AnnotatedSentence]],
    outputs: Sequence[Path],
) -> None:
    for sentences, output in zip(parts, outputs, strict=True):
        log.info("%s: %d sentences", output, len(sentences))
        write_sentences(output, sentences)
        write_record(output, "split", read, config=dict(config))


def part_of(words: Sequence[str], config: Mapping[str, Any]) -> str:
    """``train``, ``dev`` or ``test``, by the hash of the words and the seed."""
    number = int.from_bytes(_hash(words, config["seed"])[:8], "big") / 2**64
    if number < config["test_share"]:
        return "test"
    return "dev" if number < config["test_share"] + config["dev_share"] else "train"


def _hash(words: Sequence[str], seed: int) -> bytes:
    return hashlib.sha256("\x1f".join([str(seed), *words]).encode()).digest()


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("how", choices=("hashed", "folds"), help="one split, or folds")
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="seed and shares: JSON")
    parser.add_argument(
        "--outputs", type=Path, nargs="+", required=True, help="train, dev and test of each"
    )
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    divided = divide if arguments.how == "folds" else split
    divided(arguments.corpora, arguments.config, arguments.outputs)
