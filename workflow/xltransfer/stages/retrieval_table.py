"""Measure nearest-neighbour translation retrieval at every layer, between source and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses.retrieval import retrieval_accuracy
from ..analyses.tables import study_note, write_table
from ..analyses.vectors import aligned
from ..records import paths
from ..records.trace import table_provenance
from ..runtime.signatures import Keys


def retrieval_table(
    config: Annotated[
        Mapping[str, Any],
        Keys("study", "seeds", "config", "encoders", "parallel", "split", "states", "precision"),
    ],
    results: str,
    directory: Path,
) -> None:
    """Write ``retrieval.csv``: how often the nearest sentence is the translation.

    Args:
        config: ``encoders``; ``parallel``, treebanks with their languages, and their ``split``;
            ``states``, each with the ``language`` that is compared with all others; ``precision``
            of the vectors; and ``study``, ``config`` and ``seeds``.
        results: folder of results, with the vectors.
        directory: output folder. The table has one row per encoder, state, pair of languages and
            layer: ``accuracy`` in percent and ``sentences``.

    Raises:
        InputError: vectors are missing or not parallel.
    """
    rows, pairs = [], list(_pairs(config, results))
    inputs = dict.fromkeys(file for _, *files in pairs for file in files)
    provenance = table_provenance(config, list(inputs), "retrieval_table")
    for pair, source, target in pairs:
        vectors, others = aligned(source, target)
        for layer in range(len(vectors)):
            accuracy = retrieval_accuracy(vectors[layer], others[layer])
            sentences = vectors.shape[1]
            rows.append({**pair, "layer": layer, "accuracy": accuracy, "sentences": sentences})
    note = f"{study_note(config)} Vectors of sentences: {config['precision']}."
    write_table(directory / "retrieval.csv", pd.DataFrame(rows), provenance, notes=[note])


def _pairs(config: Mapping[str, Any], results: str) -> Iterator[tuple[dict[str, str], Path, Path]]:
    """Every pair of languages in every state of every encoder, with its files of vectors."""
    corpora = {item["language"]: item["corpus"] for item in config["parallel"]}

    def file(encoder: str, state: str, language: str) -> Path:
        corpus = f"{corpora[language]}-{config['split']}"
        return Path(paths.representations(results, encoder, state, corpus))

    for encoder in config["encoders"]:
        for state in config["states"]:
            source, name = state["language"], state["state"]
            for target in corpora:
                if target != source:
                    pair = {"encoder": encoder, "state": name, "source": source, "target": target}
                    yield pair, file(encoder, name, source), file(encoder, name, target)
