"""Validate a downloaded corpus of questions and write one part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from ..corpora.checksums import verify_checksum
from ..corpora.questions import BY_ARTICLE, part_of, read_squad, write_squad
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.signatures import Keys


def check_questions(
    download: Path,
    checksum: str,
    config: Annotated[
        Mapping[str, str], Keys("part", "language", "normalisation", "articles", "identifiers")
    ],
    output: Path,
) -> None:
    """Validate a file against the catalogue and write the questions of one part.

    Args:
        download: downloaded file in the format of SQuAD 1.1, or a manual copy.
        checksum: checksum in the catalogue, or ``unchecked``.
        config: ``part``, and from the catalogue the ``language`` of passages, ``normalisation``,
            ``articles`` and ``identifiers``.
        output: output file, the corpus for later stages.

    Raises:
        InputError: the file has another checksum, is malformed or has no question of this part.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    questions = read_squad(download)
    if config["identifiers"]:
        questions = [one for one in questions if one.identifier.startswith(config["identifiers"])]
    if config["articles"] == BY_ARTICLE:
        questions = part_of(questions, config["part"])
    if not questions:
        raise InputError(
            f"{download}: no question of the {config['part']} part; correct `articles` or "
            "`identifiers` of its row in question_corpora.tsv"
        )
    rules = {key: config[key] for key in ("normalisation", "language")}
    write_squad(output, [replace(question, **rules) for question in questions])
    write_record(output, "check_questions", read, config=dict(config))
