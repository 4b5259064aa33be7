"""Set zero-shot scores beside what languages have in common: word pieces, or word order."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from ..analyses.pairs import correlations, overlap_table, word_order_table, zeroshot_scores
from ..analyses.statistics.correlation import NOTE as CORRELATION
from ..analyses.tables import study_note, write_table
from ..records import paths
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser
from ..runtime.files import read_text


def relate_overlap(scores: Path, config: Mapping[str, Any], results: str, directory: Path) -> None:
    """Write ``overlap.csv`` and ``overlap_correlation.csv``.

    Args:
        scores: ``randominit_by_target.csv``.
        config: as for the tables of scores, with ``families`` by language.
        results: folder of results, where the lists of pieces lie.
        directory: where to write.
    """
    verified_checksums([scores])
    read: set[Path] = set()
    table = overlap_table(_zeroshot(scores, config), _pieces(config, results, read))
    inputs = [scores, *sorted(read)]
    _write(
        directory,
        "overlap",
        table,
        correlations(table, "overlap", config["families"]),
        config,
        inputs,
    )


def relate_word_order(
    scores: Path,
    config: Mapping[str, Any],
    features: Path,
    names: Sequence[str],
    directory: Path,
) -> None:
    """Write ``word_order.csv`` and ``word_order_correlation.csv``.

    Only pairs of languages with values for all features enter the correlation.

    Args:
        scores: ``randominit_by_target.csv``.
        config: as for the tables of scores, with ``families`` by language.
        features: CSV file with ``language``, ``feature`` and ``value``.
        names: the features to compare.
        directory: where to write.
    """
    verified_checksums([scores, features])
    known: dict[str, dict[str, str]] = {}
    with open(features, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            known.setdefault(row["language"], {})[row["feature"]] = row["value"]
    table = word_order_table(_zeroshot(scores, config), known, names)
    complete = table[table["comparable"] == table["features"]]
    correlation = correlations(complete, "shared", config["families"])
    _write(directory, "word_order", table, correlation, config, [scores, features])


def _zeroshot(scores: Path, config: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.read_csv(scores, keep_default_na=False, na_values=[""])
    return zeroshot_scores(frame, {task: d["metric"] for task, d in config["tasks"].items()})


def _pieces(
    config: Mapping[str, Any], results: str, read: set[Path]
) -> Callable[[str, str, str, str], list[set[str]]]:
    """A function that reads lists of pieces, and enters their paths in ``read``."""
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

    return pieces


def _write(
    directory: Path,
    name: str,
    table: pd.DataFrame,
    correlation: pd.DataFrame,
    config: Mapping[str, Any],
    inputs: Sequence[Path],
) -> None:
    provenance = table_provenance(config, inputs, "relate")
    study = study_note(config)
    notes = [f"{study} Scores are means over seeds."]
    write_table(directory / f"{name}.csv", table, provenance, notes=notes)
    notes = [f"{study} {CORRELATION}"]
    write_table(directory / f"{name}_correlation.csv", correlation, provenance, notes=notes)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("what", choices=("overlap", "word-order"))
    parser.add_argument("--scores", type=Path, required=True, help="randominit_by_target.csv")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--results", default="", help="folder of results, for overlap")
    parser.add_argument("--features", type=Path, help="CSV file, for word order")
    parser.add_argument("--names", nargs="+", default=[], help="features to compare")
    parser.add_argument("--directory", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    common = arguments.scores, arguments.config
    if arguments.what == "overlap":
        relate_overlap(*common, arguments.results, arguments.directory)
    else:
        relate_word_order(*common, arguments.features, arguments.names, arguments.directory)
