"""Compare zero-shot scores with the subword overlap of source and target."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from ..analyses.pair_tables import read_zeroshot, write_pair_tables
from ..analyses.pairs import correlations, overlap_table
from ..records import paths
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.files import read_text
from ..runtime.signatures import Keys


def overlap_tables(
    scores: Path,
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "tasks", "families")],
    results: str,
    directory: Path,
) -> None:
    """Write ``overlap.csv`` and ``overlap_correlation.csv``: subword overlap and scores.

    Args:
        scores: table ``randominit_by_target.csv``.
        config: configuration of the tables of scores, with ``families`` by language.
        results: folder of results, with the lists of subwords.
        directory: output folder.
    """
    verified_checksums([scores])
    read: set[Path] = set()
    corpora = {
        (task, role, item["language"]): item["corpus"]
        for task, data in config["tasks"].items()
        for role in ("sources", "targets")
        for item in data[role]
    }

    @cache
    def pieces(encoder: str, task: str, language: str, split: str) -> list[set[str]]:
        training = split == "train"
        corpus = corpora[task, "sources" if training else "targets", language]
        folder = config["tasks"][task]["corpora"]
        parts = config["tasks"][task]["training_parts"] if training else [split]
        files = [Path(paths.pieces(results, encoder, folder, f"{corpus}-{part}")) for part in parts]
        verified_checksums(files)
        read.update(files)
        return [set(read_text(path).split("\n")) - {""} for path in files]

    table = overlap_table(read_zeroshot(scores, config), pieces)
    correlation = correlations(table, "overlap", config["families"])
    provenance = table_provenance(config, [scores, *sorted(read)], "overlap_tables")
    write_pair_tables(directory, "overlap", table, correlation, config, provenance)
