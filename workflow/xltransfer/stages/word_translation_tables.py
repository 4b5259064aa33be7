"""Write the tables of word translation: P@k by method and pair, and coordinates for figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from ..analyses.statistics.bootstrap import bootstrap_interval
from ..analyses.tables import write_table
from ..analyses.word_translation_names import PRECISIONS, RETRIEVALS
from ..records.trace import table_provenance
from ..runtime.files import read_json
from ..runtime.signatures import Keys

NOTE = (
    "P@k in percent over covered source words: those with a vector and a translation with a "
    "vector; all target words are candidates. Brackets: 95 % interval, bootstrap over source words "
    "for the map as it is. Criterion: mean CSLS cosine, which needs no dictionary; a map found "
    "without a dictionary whose criterion stays below that of other such methods did not converge."
)
NOT_CONVERGED = "did not converge"


def word_translation_tables(
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config")],
    directory: Path,
    translations: Sequence[Path] = (),
) -> None:
    """Write ``word_translation.csv`` and ``word_clouds.csv``.

    Args:
        config: ``study``, ``config`` and ``seeds``.
        directory: output folder. ``word_translation.csv`` has a row per embeddings, dictionary,
            method and retrieval: ``p_at_1``, ``p_at_5`` and ``p_at_10`` with intervals, coverage,
            ``criterion``, and ``sentence_accuracy`` over ``sentences``. ``word_clouds.csv`` has
            the coordinates of words before and after mapping by the first method.
        translations: files of the stage ``translate_words``.
    """
    provenance = table_provenance(config, list(translations), "word_translation_tables")
    contents = [read_json(path) for path in translations]
    note = f"Study: {config['study']}. {NOTE}"
    table = pd.DataFrame([row for content in contents for row in _rows(content)])
    write_table(directory / "word_translation.csv", table, provenance, notes=[note])
    first = contents[0]["columns"]["method"]
    points = pd.DataFrame(
        [
            {**content["columns"], **point}
            for content in contents
            if content["columns"]["method"] == first
            for point in content["clouds"]
        ]
    )
    shown = pd.Series(np.arange(len(points)) < 10)
    note = f"Study: {config['study']}. Words of the test dictionaries; the first rows."
    write_table(
        directory / "word_clouds.csv", points, provenance, decimals=4, shown=shown, notes=[note]
    )


def _rows(content: Mapping[str, Any]) -> list[dict[str, object]]:
    test, found = content["test"], []
    for retrieval in RETRIEVALS:
        ranks = np.array(content["ranks"][retrieval])
        # Whether each word has a right translation among the first k; shape (words, precisions).
        right = 100.0 * np.stack([(ranks > 0) & (ranks <= k) for k in PRECISIONS], axis=1)
        low, high = bootstrap_interval(right)
        row: dict[str, object] = {**content["columns"], "retrieval": retrieval}
        for place, k in enumerate(PRECISIONS):
            row[f"p_at_{k}"] = right[:, place].mean()
            row[f"p_at_{k}_low"], row[f"p_at_{k}_high"] = low[place], high[place]
        words, report = len(test["words"]), content["map"]
        row |= {
            "words": words,
            "coverage": 100 * words / test["source_words"],
            "pairs": test["covered_pairs"],
            "pair_coverage": 100 * test["covered_pairs"] / test["pairs"],
            "seed_pairs": report["seed_pairs"],
            "criterion": float(report["criterion"]),
            "note": NOT_CONVERGED if report["converged"] is False else "",
        }
        sentences = content["sentences"]
        row["sentences"] = sentences["sentences"] if sentences else 0
        row["sentence_accuracy"] = float(sentences[retrieval]) if sentences else float("nan")
        found.append(row)
    return found
