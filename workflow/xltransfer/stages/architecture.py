"""Write the architecture of an encoder that is not pretrained, so it has no weights."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..records.record import write_record
from ..runtime.command import run, stage_parser
from ..runtime.files import write_json


def write_architecture(config: Mapping[str, Any], output: Path) -> None:
    """Write ``config.json`` and its record.

    Args:
        config: ``model_type`` and the sizes of the layers.
        output: JSON file.
    """
    write_json(output, dict(config))
    write_record(output, "architecture", {}, config=dict(config))


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    write_architecture(arguments.config, arguments.output)
