"""Split an annotated corpus anew by a hash of its sentences, where its release lacks a part."""

from __future__ import annotations

import hashlib
import json
import logging
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .command import run, stage_parser
from .data.annotations import AnnotatedSentence, read_sentences, write_sentences
from .errors import InputError
from .records import file_checksums, write_record

log = logging.getLogger(__name__)


def split(corpora: Sequence[Path], config: Mapping[str, Any], outputs: Sequence[Path]) -> None:
    """Pool the parts there are and split them into training, development and test part.

    A sentence goes where the hash of its words and the seed puts it: the same wherever it stands
    and whatever else there is, and equal sentences never fall on two sides.

    Args:
        corpora: the parts there are.
        config: ``seed``, ``dev_share`` and ``test_share``.
        outputs: files for train, dev and test.

    Raises:
        InputError: a file is malformed, or a part would be empty.
    """
    parts: dict[str, list[AnnotatedSentence]] = {"train": [], "dev": [], "test": []}
    for path in corpora:
        for sentence in read_sentences(path):
            parts[part_of(sentence.forms, config)].append(sentence)
    for (name, sentences), output in zip(parts.items(), outputs, strict=True):
        if not sentences:
            total = sum(map(len, parts.values()))
            raise InputError(
                f"{corpora[0]}: no sentence of {total} falls into the {name} part; "
                "raise its share in `unseen.hashed_split` or choose another seed"
            )
        log.info("%s: %d sentences", output, len(sentences))
    read = file_checksums(corpora)
    for sentences, output in zip(parts.values(), outputs, strict=True):
        write_sentences(output, sentences)
        write_record(output, "split", read, config=dict(config))


def part_of(words: Sequence[str], config: Mapping[str, Any]) -> str:
    """``train``, ``dev`` or ``test``, by the hash of the words and the seed."""
    text = "\x1f".join([str(config["seed"]), *words])
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
    if number < config["test_share"]:
        return "test"
    return "dev" if number < config["test_share"] + config["dev_share"] else "train"


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.split", __doc__)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="seed and shares: JSON")
    parser.add_argument(
        "--outputs", type=Path, nargs=3, required=True, help="files for train, dev and test"
    )
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    split(arguments.corpora, arguments.config, arguments.outputs)


if __name__ == "__main__":
    main()
