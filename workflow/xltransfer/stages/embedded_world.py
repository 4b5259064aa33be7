"""Write a treebank, named entities or raw text of one language of the embedded world."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from ..corpora.embedded_world.languages import Language
from ..corpora.embedded_world.writers import World, write_entities, write_text, write_treebank
from ..records.record import write_record
from ..runtime.command import run, stage_parser

WRITERS = {"treebank": write_treebank, "entities": write_entities, "text": write_text}


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("what", choices=WRITERS)
    parser.add_argument(
        "--config", type=json.loads, required=True, help="seed, first, sentences, language: JSON"
    )
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    config = arguments.config
    world = World(config["seed"], Language(**config["language"]))
    numbers = range(config["first"], config["first"] + config["sentences"])
    WRITERS[arguments.what](arguments.output, world, numbers)
    write_record(arguments.output, "embedded_world", {}, config=config)
