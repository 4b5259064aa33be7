"""Draw the RANDOM-INIT figure of a study from its table."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .command import run, stage_parser
from .metrics import MAIN_METRIC
from .tables.figures import randominit_figure, save_figure


def draw_randominit(table: Path, config: Mapping[str, Any], figures: Sequence[Path]) -> None:
    """Draw the change of scores per pair of layers.

    Args:
        table: ``randominit_by_target.csv``.
        config: as for the tables.
        figures: files to write; their suffixes decide the formats.
    """
    frame = pd.read_csv(table, keep_default_na=False, na_values=[""])
    frame = frame[frame["metric"] == frame["task"].map(MAIN_METRIC)]
    figure = randominit_figure(frame, config["ablations"], config["study"])
    for path in figures:
        save_figure(figure, path)


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.draw", __doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    draw_randominit(arguments.table, arguments.config, arguments.figures)


if __name__ == "__main__":
    main()
