"""Compare zero-shot scores with the word order features that source and target share."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..analyses.pair_tables import read_zeroshot, write_pair_tables
from ..analyses.pairs import correlations, word_order_table
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys


def word_order_tables(
    scores: Path,
    config: Annotated[
        Mapping[str, Any],
        Keys("study", "seeds", "config", "tasks", "families", "typology_features"),
    ],
    features: Path,
    directory: Path,
) -> None:
    """Write ``word_order.csv`` and ``word_order_correlation.csv``: shared features and scores.

    The correlation includes only pairs of languages with values for all features.

    Args:
        scores: table ``randominit_by_target.csv``.
        config: configuration of the tables of scores, with ``families`` by language and
            ``typology_features``, the features to compare.
        features: CSV file with ``language``, ``feature`` and ``value``.
        directory: output folder.
    """
    verified_checksums([scores, features])
    known: dict[str, dict[str, str]] = {}
    with open(features, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            known.setdefault(row["language"], {})[row["feature"]] = row["value"]
    table = word_order_table(read_zeroshot(scores, config), known, config["typology_features"])
    complete = table[table["comparable"] == table["features"]]
    correlation = correlations(complete, "shared", config["families"])
    provenance = table_provenance(config, [scores, features], "word_order_tables")
    write_pair_tables(directory, "word_order", table, correlation, config, provenance)
