"""Run one function of the benchmarks in this process and write what it returns as JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
from pathlib import Path


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("function", help="module:function within benchmarks.workers")
    parser.add_argument("arguments", type=json.loads, help="JSON")
    parser.add_argument("result", type=Path)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    module, _, name = asked.function.partition(":")
    function = getattr(importlib.import_module(f"benchmarks.workers.{module}"), name)
    asked.result.write_text(json.dumps(function(asked.arguments)))


if __name__ == "__main__":
    main()
