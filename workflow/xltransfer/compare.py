"""Set our numbers beside published ones."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .command import run, stage_parser
from .errors import InputError
from .provenance import table_provenance
from .tables.randominit import CROSS_LINGUAL
from .tables.writing import write_table

CELL = ["task", "metric", "source", "target", "ablation"]


def comparison(
    ours: pd.DataFrame, published: pd.DataFrame, config: Mapping[str, Any]
) -> pd.DataFrame:
    """Published numbers beside ours, for the cells that we have of the same encoder and corpora.

    Args:
        ours: ``randominit_by_target.csv``.
        published: ``CELL``, ``statistic`` (``score`` or ``delta``), ``value`` and ``reference``;
            ``encoder``, a repository on the hub, ``source_corpus`` and ``target_corpora``, between
            blanks.
        config: ``tasks``, and ``hubs``, the repositories of our encoders by name.

    Returns:
        A row per encoder and published number: ``published``, ``ours`` with its deviation, and
        ``difference``, ours less published.
    """
    rows = []
    for encoder, part in ours.groupby("encoder", sort=False):
        cells = part.set_index(CELL)
        for number in published[published["encoder"] == config["hubs"].get(encoder)].itertuples():
            key = tuple(getattr(number, name) for name in CELL)
            if key not in cells.index or not _same_corpora(number, config):
                continue
            column, deviation = {"score": ("mean", "sd"), "delta": ("delta", "delta_sd")}[
                number.statistic
            ]
            found = cells.loc[key]
            rows.append(
                {
                    "encoder": encoder,
                    **dict(zip(CELL, key, strict=True)),
                    "statistic": number.statistic,
                    "published": number.value,
                    "ours": found[column],
                    "ours_sd": found[deviation],
                    "difference": found[column] - number.value,
                    "reference": number.reference,
                }
            )
    return pd.DataFrame(rows)


def _same_corpora(number: Any, config: Mapping[str, Any]) -> bool:
    """Whether ours is trained and measured on the corpora that a published number is of."""
    task = config["tasks"][number.task]
    sources = {item["language"]: item["corpus"] for item in task["sources"]}
    targets = {item["language"]: item["corpus"] for item in task["targets"]}
    if number.target == CROSS_LINGUAL:
        measured = {corpus for code, corpus in targets.items() if code != number.source}
    else:
        measured = {targets[number.target]}
    same_source = sources[number.source] == number.source_corpus
    return same_source and measured == set(number.target_corpora.split())


def published_comparison(
    scores: Path, published: Sequence[Path], config: Mapping[str, Any], output: Path
) -> None:
    """Write ``published_comparison.csv``.

    Args:
        scores: ``randominit_by_target.csv``.
        published: tables of published numbers.
        config: as for the tables of scores, with the ``hubs`` of the encoders.
        output: CSV file.

    Raises:
        InputError: no published number is about an encoder, corpora and a cell of this study.
    """
    ours = pd.read_csv(scores, keep_default_na=False, na_values=[""])
    numbers = pd.concat([pd.read_csv(path, sep="\t") for path in published], ignore_index=True)
    table = comparison(ours, numbers, config)
    if table.empty:
        names = ", ".join(str(path) for path in published)
        raise InputError(f"{names}: no number is about the encoder and corpora of this study")
    write_table(output, table, table_provenance(config, [scores, *published], "compare"))


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.compare", __doc__)
    parser.add_argument("--scores", type=Path, required=True, help="randominit_by_target.csv")
    parser.add_argument("--published", type=Path, nargs="+", required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    published_comparison(arguments.scores, arguments.published, arguments.config, arguments.output)


if __name__ == "__main__":
    main()
