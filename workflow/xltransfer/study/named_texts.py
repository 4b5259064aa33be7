"""The trainings of a study, and the texts that their settings name besides sources and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.catalogue import EMBEDDED
from ..corpora.checksums import UNCHECKED
from ..runtime.errors import InputError
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

RAW_TEXT = "raw_text"
TABLES = {RAW_TEXT: "raw_corpora"}
"""Catalogue of the corpora in a folder, if it has another name."""

Part = tuple[str, str, str]
"""Folder, code and part of a corpus."""


def trainings(study: Study) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Key and content of every section ``training``, of tasks and of unseen languages."""
    for task in study.tasks:
        yield f"{task}.training", study.config[task]["training"]
    for task in study.unseen.tasks:
        yield f"unseen.training.{task}", study.unseen.section["training"][task]


def is_of_unseen(key: str) -> bool:
    """Whether a key of ``trainings`` is about unseen languages."""
    return key.startswith("unseen.")


def encoders_of_training(study: Study, key: str) -> list[str]:
    """The encoders that are fine-tuned with the section of a key of ``trainings``."""
    if is_of_unseen(key):
        return list(study.unseen.arms.trained)
    return encoders_of(study, key.split(".")[0])


def check_text(study: Study, key: str, text: Part, use: str, no_part: str) -> None:
    """Raise an error for a text that is not catalogued, or whose changes would go unnoticed.

    Args:
        study: study.
        key: beginning of messages.
        text: text that the study reads for a training.
        use: what it is, for messages.
        no_part: reason and remedy if an annotated corpus lacks the part.

    Raises:
        InputError: names the key and the remedy.
    """
    folder, code, part = text
    table = TABLES.get(folder, folder)
    known = getattr(study.catalogue, table)
    if code not in known:
        raise InputError(f"{key}: no '{code}' in the catalogue of {table}; add its row there")
    if folder == RAW_TEXT:
        checksums = [file.checksum for file in study.catalogue.raw_files[code]]
        unchecked = UNCHECKED in checksums and not code.endswith(f"_{EMBEDDED}")
    elif part not in known[code].splits:
        raise InputError(f"{key}: {code} has no {part} part, {no_part}")
    else:
        unchecked = not study.contents.corpus(folder, code, part)
    if unchecked and not study.config["keep"]["ablated_weights"]:
        raise InputError(
            f"config: keep.ablated_weights: the catalogue has no checksum of {code}, {use}, so "
            "that a changed file would go unnoticed; write it there, or keep the weights"
        )
