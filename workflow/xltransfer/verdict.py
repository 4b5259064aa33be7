"""Make the tables about languages that the encoder has never seen, from scores."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .command import run, stage_parser
from .provenance import table_provenance
from .tables.scores import complete, read_scores
from .tables.unseen import Comparisons, arms_table, verdicts
from .tables.writing import reading_note, write_table

CELL = ("encoder", "task", "source_corpus", "seed", "metric")


def verdict_tables(
    config: Mapping[str, Any], scores: Sequence[Path], reports: Sequence[Path], directory: Path
) -> None:
    """Write ``unseen.csv`` and ``typology.csv``.

    Args:
        config: ``study``, ``seeds``, ``metrics`` by task, ``arms`` (encoder, adapted encoder,
            monolingual encoder, baseline), ``varieties`` and the digest ``config``.
        scores: of every arm, task and corpus on its own test part.
        reports: training reports of the models behind them.
        directory: where to write.

    Raises:
        InputError: a score is missing or stands twice.
    """
    frame = read_scores(scores)
    frame = frame[frame["metric"] == frame["task"].map(config["metrics"])]
    frame = complete(frame, _expected(config), CELL)
    comparisons = Comparisons(frame, config)
    provenance = table_provenance(config, [*scores, *reports], "verdict")
    notes = [reading_note(config, ", without correction for multiple tests")]
    tables = {"unseen": arms_table(comparisons, config), "typology": verdicts(comparisons, config)}
    for name, table in tables.items():
        write_table(directory / f"{name}.csv", table, provenance, notes=notes)


def _expected(config: Mapping[str, Any]) -> list[dict[str, object]]:
    return [
        {
            "encoder": arm,
            "task": task,
            "source_corpus": corpus,
            "seed": seed,
            "metric": config["metrics"][task],
        }
        for variety in config["varieties"]
        for task, corpus in variety["corpora"].items()
        for arm in config["arms"]
        for seed in config["seeds"]
    ]


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.verdict", __doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--scores", type=Path, nargs="+", required=True)
    parser.add_argument("--reports", type=Path, nargs="+", required=True)
    parser.add_argument("--directory", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    verdict_tables(arguments.config, arguments.scores, arguments.reports, arguments.directory)


if __name__ == "__main__":
    main()
