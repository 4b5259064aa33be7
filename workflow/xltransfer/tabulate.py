"""Make the RANDOM-INIT tables of a study from its scores."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import paths
from .command import run, stage_parser
from .metrics import MAIN_METRIC
from .provenance import table_provenance
from .tables.randominit import by_target, published_shape
from .tables.scores import check_complete, read_scores
from .tables.writing import write_table

CELL = ("encoder", "task", "source", "target", "ablation", "seed", "metric")


def randominit_tables(config: Mapping[str, Any], results: str, directory: Path) -> None:
    """Write ``randominit.csv`` and ``randominit_by_target.csv`` with their renderings.

    Args:
        config: what the tables must hold: ``study``, ``encoders``, ``tasks`` (``sources`` with
            their ``ablations``, ``targets``), ``ablations``, ``seeds`` and the digest ``config``.
        results: folder of results, where scores and training reports lie.
        directory: where to write.

    Raises:
        InputError: a score is missing or stands twice.
    """
    scores = [
        Path(paths.scores(results, encoder, task, source["treebank"], f"{target['treebank']}-test"))
        for encoder, task, source, data in _sources(config)
        for target in data["targets"]
    ]
    reports = [
        Path(paths.model_directory(results, encoder, task, source["treebank"], ablation, seed))
        / "training.json"
        for encoder, task, source, _ in _sources(config)
        for ablation in source["ablations"]
        for seed in config["seeds"]
    ]
    frame = read_scores(scores)
    check_complete(frame, _expected(config), CELL)
    table = by_target(frame)
    languages = dict.fromkeys(source["language"] for _, _, source, _ in _sources(config))
    published = published_shape(table, MAIN_METRIC, list(languages), config["ablations"])
    provenance = table_provenance(config, scores, reports, "tabulate")
    write_table(directory / "randominit.csv", published, provenance)
    write_table(directory / "randominit_by_target.csv", table, provenance)


def _sources(config: Mapping[str, Any]) -> Iterator[tuple[str, str, dict, dict]]:
    """Encoder, task, source and the task's data, for every source of every task."""
    for encoder in config["encoders"]:
        for task, data in config["tasks"].items():
            for source in data["sources"]:
                yield encoder, task, source, data


def _expected(config: Mapping[str, Any]) -> list[dict[str, object]]:
    """Every cell that the scores must hold, for the main metric."""
    return [
        {
            "encoder": encoder,
            "task": task,
            "source": source["language"],
            "target": target["language"],
            "ablation": ablation,
            "seed": seed,
            "metric": MAIN_METRIC[task],
        }
        for encoder, task, source, data in _sources(config)
        for target in data["targets"]
        for ablation in source["ablations"]
        for seed in config["seeds"]
    ]


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.tabulate", __doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--results", required=True, help="folder of results")
    parser.add_argument("--directory", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    randominit_tables(arguments.config, arguments.results, arguments.directory)


if __name__ == "__main__":
    main()
