"""Write a BiLSTM over mapped word vectors, an encoder without pretrained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from ..embeddings.map_files import load_map
from ..embeddings.word_vectors import WordVectors, load_word_vectors
from ..encoders.vector_table import ARCHITECTURE_FILE, VECTORS_FILE, VectorTable
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json
from ..runtime.signatures import Keys

UNMAPPED, FORWARD, BACKWARD = MAPPINGS = ("unmapped", "forward", "backward")
"""How vectors get into the common space: as they are, by x W, or by x Wᵀ."""


def vector_encoder(
    config: Annotated[Mapping[str, Any], Keys("architecture", "normalisation", "languages")],
    vectors: Sequence[Path],
    output: Path,
    maps: Sequence[Path] = (),
) -> None:
    """Write a BiLSTM over word vectors of several languages that are mapped into one space.

    Args:
        config: ``architecture``, the content of ``config.json``; ``normalisation``, the steps
            before mapping; ``languages``, each with its ``code`` and its ``mapping``: ``unmapped``,
            ``forward`` (x W) or ``backward`` (x Wᵀ, the inverse of an orthogonal map).
        vectors: word vectors of each language.
        output: directory of the encoder.
        maps: the maps of the languages that are mapped, in order.

    Raises:
        InputError: a file is damaged, the spaces have different dimensions, or a map that is used
            backward is not orthogonal.
    """
    read = verified_checksums([*vectors, *maps])
    waiting, words, rows = iter(maps), {}, []
    for language, path in zip(config["languages"], vectors, strict=True):
        found = load_word_vectors(path).normalised(config["normalisation"])
        if language["mapping"] != UNMAPPED:
            found = mapped(found, next(waiting), language["mapping"])
        if rows and found.dimensions != rows[0].shape[1]:
            raise InputError(
                f"{path}: {found.dimensions} dimensions, and {vectors[0]} has "
                f"{rows[0].shape[1]}; use vectors of one size"
            )
        words[language["code"]] = found.words
        rows.append(found.vectors)
    VectorTable(words, np.concatenate(rows)).save(output / VECTORS_FILE)
    write_json(output / ARCHITECTURE_FILE, dict(config["architecture"]))
    for name in (VECTORS_FILE, ARCHITECTURE_FILE):
        write_record(output / name, "vector_encoder", read, config=dict(config))


def mapped(vectors: WordVectors, path: Path, mapping: str) -> WordVectors:
    """Vectors in the space of the other language of a map.

    Args:
        vectors: normalised vectors.
        path: file of the map W.
        mapping: ``forward`` or ``backward``.

    Raises:
        InputError: the map is damaged, of another size or, if used backward, not orthogonal.
    """
    matrix, _ = load_map(path)
    matrix = matrix if mapping == FORWARD else matrix.T
    if len(matrix) != vectors.dimensions:
        raise InputError(
            f"{path}: a map of {len(matrix)} dimensions, and the vectors have "
            f"{vectors.dimensions}; map them again"
        )
    if mapping == BACKWARD and not np.allclose(matrix @ matrix.T, np.eye(len(matrix)), atol=1e-3):
        raise InputError(
            f"{path}: not orthogonal, so that its inverse is another map; choose a method that "
            "gives orthogonal maps, or a dictionary in the other direction"
        )
    found = vectors.vectors.astype(np.float64) @ matrix.astype(np.float64)
    return WordVectors(vectors.words, found.astype(np.float32))
