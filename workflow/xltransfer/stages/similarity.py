"""Compute the similarity (CKA) of a treebank with its translations at every layer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from ..analyses.similarity.cka import (
    KERNELS,
    InnerProducts,
    Representation,
    cka,
    half_samples,
    published_script_cka,
)
from ..analyses.vectors import aligned
from ..records import paths
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import replacing
from ..runtime.signatures import Keys

LEAST_SENTENCES = 32
"""Minimum number of sentences; a quarter, the window of the published script, still has a CKA."""

log = logging.getLogger(__name__)


def similarity(
    config: Annotated[
        Mapping[str, Any], Keys("states", "sources", "language", "split", "as_published")
    ],
    results: str,
    encoder: str,
    corpus: str,
    output: Path,
) -> None:
    """Compute the similarities (CKA) of a treebank with the treebanks of the sources.

    Args:
        config: ``states``, each with the ``sources`` to compare with; ``sources``, the treebank of
            each language; ``language`` of this treebank; ``split``; ``as_published``, whether to
            add the estimator of the published script.
        results: folder of results, with the vectors.
        encoder: name of the encoder.
        corpus: code of the treebank.
        output: Parquet file, one row per state, source, layer, kernel and estimator: ``cka``,
            ``cka_low``, ``cka_high`` (of the unbiased estimator) and ``sentences``.

    Raises:
        InputError: vectors are missing, not parallel or too few.
    """
    split = config["split"]
    rows: list[dict[str, object]] = []
    pairs = _pairs(config, results, encoder, corpus)
    read = verified_checksums(file for _, *files in pairs for file in files)
    for of_pair, source_file, target_file in pairs:
        pair = aligned(source_file, target_file)
        if pair[0].shape[1] < LEAST_SENTENCES:
            raise InputError(
                f"{target_file}: CKA needs {LEAST_SENTENCES} parallel sentences or more"
            )
        rows += [{**of_pair, **row} for row in _by_layer(*pair, split)]
        if config["as_published"]:
            rows += [{**of_pair, **row} for row in _as_published(*pair)]
        log.info("%s: %s, %s", corpus, of_pair["state"], of_pair["source"])
    frame = pd.DataFrame(rows)
    if rows:
        frame["seed"] = frame["seed"].astype("Int64")
    with replacing(output) as temporary:
        frame.to_parquet(temporary, index=False)
    write_record(output, "similarity", read, config=dict(config))


def _pairs(
    config: Mapping[str, Any], results: str, encoder: str, corpus: str
) -> list[tuple[dict[str, object], Path, Path]]:
    """Columns of each state and source, and the files of vectors of source and corpus."""
    language, split, found = config["language"], config["split"], []
    for state in config["states"]:
        model = {key: state[key] for key in ("kind", "task", "ablation", "seed")}
        common = {"encoder": encoder, "state": state["path"], **model}
        for source in state["sources"]:
            if source != language:
                files = (
                    Path(paths.representations(results, encoder, state["path"], f"{code}-{split}"))
                    for code in (config["sources"][source], corpus)
                )
                found.append(({**common, "source": source, "target": language}, *files))
    return found


def _by_layer(source: np.ndarray, target: np.ndarray, split: str) -> Iterator[dict[str, object]]:
    sentences = source.shape[1]
    samples = half_samples(f"{split} {sentences}", sentences)
    for layer in range(len(source)):
        inner = [InnerProducts(side[layer]) for side in (source, target)]
        for kernel in KERNELS:
            pair = (Representation(side, kernel, samples) for side in inner)
            for estimator, (value, low, high) in cka(*pair).items():
                yield {
                    "layer": layer,
                    "kernel": kernel,
                    "estimator": estimator,
                    "sentences": sentences,
                    "cka": value,
                    "cka_low": low,
                    "cka_high": high,
                }


def _as_published(source: np.ndarray, target: np.ndarray) -> Iterator[dict[str, object]]:
    for layer in range(len(source)):
        yield {
            "layer": layer,
            "kernel": "rbf",
            "estimator": "as-published",
            "sentences": source.shape[1],
            "cka": published_script_cka(source[layer], target[layer]),
        }
