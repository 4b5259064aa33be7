"""Write a treebank or raw text of one language of the embedded world."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from ..command import run, stage_parser
from .languages import Language
from .writers import World, write_text, write_treebank


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.embedded_world", __doc__)
    parser.add_argument("what", choices=("treebank", "text"))
    parser.add_argument(
        "--config", type=json.loads, required=True, help="seed, first, sentences, language: JSON"
    )
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    config = arguments.config
    world = World(config["seed"], Language(**config["language"]))
    numbers = range(config["first"], config["first"] + config["sentences"])
    write = write_treebank if arguments.what == "treebank" else write_text
    write(arguments.output, world, numbers)


if __name__ == "__main__":
    main()
