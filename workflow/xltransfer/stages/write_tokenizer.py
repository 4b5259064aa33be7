"""Write the tokenizer.json of an encoder that reads characters (CANINE) or bytes (ByT5)."""

from __future__ import annotations

import logging
from argparse import Namespace
from pathlib import Path

from ..encoders.unit_tokenizers import write_unit_tokenizer
from ..runtime.command import run, stage_parser

log = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("directory", type=Path, help="of the encoder, with config.json")
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    log.info("%s: written", write_unit_tokenizer(arguments.directory))
