"""What all command-line entries share: logging, one-line errors, signals, exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from . import interruption
from .errors import InputError
from .files import explain_denied, explain_no_room
from .fork_client import TERMINAL
from .memory import explain_no_memory
from .safe_values import printable

USER_ERROR = 2
"""Exit code when the user can mend the cause."""
PIPE_CLOSED = 141
"""Exit code when the reader of the output has closed the pipe, as shells give it for SIGPIPE."""

log = logging.getLogger(__name__)


def run(parser: argparse.ArgumentParser, stage: Callable[[argparse.Namespace], None]) -> None:
    """Run a stage with its command line.

    An ``InputError`` becomes one line and exit code 2, a disk that is full or read-only as well; a
    signal becomes one line and the exit code that shells give it (143 for SIGTERM).
    """
    arguments = parser.parse_args()
    handler = logging.StreamHandler()
    handler.addFilter(_make_printable)
    logging.basicConfig(
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        level=logging.INFO,
        handlers=[handler],
    )
    for chatty in ("httpx", "urllib3", "filelock", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    interruption.listen()
    try:
        stage(arguments)
        sys.stdout.flush()
        interruption.stop_listening()
    except InputError as error:
        _refuse(str(error))
    except BrokenPipeError:
        leave_closed_pipe()
    except OSError as error:
        explanation = explain_no_room(error.filename or "output", error) or explain_denied(error)
        if explanation is None:
            raise
        _refuse(explanation)
    except (MemoryError, RuntimeError) as error:
        explanation = explain_no_memory(error, parser.prog.rpartition(" ")[2])
        if explanation is None:
            raise
        _refuse(explanation)
    except interruption.Interrupted as interrupted:
        log.warning("%s", interrupted)
        sys.exit(interrupted.exit_code)


def leave_closed_pipe() -> None:
    """End this process, because the reader of its output (for example `head`) has seen enough."""
    # Python would complain again when it flushes standard output at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(PIPE_CLOSED)


def _make_printable(record: logging.LogRecord) -> bool:
    """Log lines quote names and texts of corpora: terminals must not obey what is in them."""
    record.msg, record.args = printable(record.getMessage()), None
    return True


def tell(message: str) -> None:
    """Write a line to the terminal behind a log file; nothing if there is none."""
    # Where standard error is a log file, this is the descriptor of the terminal behind it.
    if terminal := os.environ.get(TERMINAL):
        with suppress(OSError):
            os.write(int(terminal), f"{printable(message)}\n".encode())


def warn(reason: str) -> None:
    """Say on one line, in the log and on the terminal, what a user should know of a result."""
    _say(f"warning: {reason}")


def _refuse(reason: str) -> None:
    _say(f"error: {reason}")
    sys.exit(USER_ERROR)


def _say(message: str) -> None:
    tell(message)
    # The log may lie on the disk that is full.
    with suppress(OSError):
        sys.stderr.write(f"{printable(message)}\n")
