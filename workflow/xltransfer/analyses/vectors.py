"""Reading vectors of parallel sentences, aligned by identifier."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from ..runtime.errors import InputError


def read_vectors(path: Path) -> tuple[list[str], np.ndarray]:
    """Identifiers and vectors, shape (layers + 1, sentences, hidden).

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return json.loads(file.metadata()["identifiers"]), file.get_tensor("vectors")
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a file of vectors ({error}); delete and run again") from None


def aligned(source: Path, target: Path) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of two files, aligned by sentence identifier in the order of the first.

    Returns:
        Two arrays of shape (layers + 1, sentences, hidden).

    Raises:
        InputError: the files have different sentences; names the first one that only one file has.
    """
    identifiers, vectors = read_vectors(source)
    others, target_vectors = read_vectors(target)
    place = {identifier: index for index, identifier in enumerate(others)}
    alone = [i for i in identifiers if i not in place] or sorted(set(others) - set(identifiers))
    if alone:
        raise InputError(
            f"{source} and {target} are not parallel: only one has the sentence '{alone[0]}'"
        )
    return vectors, target_vectors[:, [place[identifier] for identifier in identifiers]]
