"""What all command-line entries share: logging, one-line errors, exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable

from .errors import InputError

USER_ERROR = 2
"""Exit code when the user can mend the cause."""


def run(parser: argparse.ArgumentParser, stage: Callable[[argparse.Namespace], None]) -> None:
    """Run a stage with its command line; an ``InputError`` becomes one line and exit code 2."""
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    for chatty in ("httpx", "urllib3", "filelock", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        stage(arguments)
    except InputError as error:
        message = f"error: {error}\n"
        sys.stderr.write(message)
        # Where standard error is a log file, this is the descriptor of the terminal behind it.
        if terminal := os.environ.get("XLTRANSFER_TERMINAL"):
            os.write(int(terminal), message.encode())
        sys.exit(USER_ERROR)


def stage_parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the first line of the stage's module docstring."""
    summary = (description or "").strip().splitlines()[0]
    return argparse.ArgumentParser(prog=f"python -m {module}", description=summary)
