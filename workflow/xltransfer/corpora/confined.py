"""Reading raw text in a separate process with memory and time limits.

Libraries that decompress and parse trust their input: 2 kB of Parquet may allocate gigabytes, and a
page of wikitext may take hours. Then only the reader process ends, and the stage reports the file.
Run as a module, this file is that process. It writes records to its standard output, one per line:
``L`` and a line of text, ``P`` and the number of units read so far, ``C`` and the final counts, or
``E`` and an error.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..runtime.errors import InputError
from .raw_text import is_compressed, read_lines

MEMORY = 3 << 29
"""Memory limit of a reader in bytes; published corpora need a tenth of it."""
SECONDS = 60.0
"""Limit of CPU time in seconds between two pages, documents or lines."""
_FLUSH_SECONDS = 0.02
ROOT = Path(__file__).parents[2]


def confined_lines(
    path: Path | str,
    kind: str,
    counts: Counter[str] | None = None,
    seconds: float = SECONDS,
) -> Iterator[str]:
    """``raw_text.read_lines`` in a process with limits, if a library does the parsing.

    Plain text is read line by line and needs no limits.

    Args:
        path, kind, counts: arguments of ``read_lines``.
        seconds: limit of CPU time per page, document or batch of rows.

    Raises:
        InputError: as for ``read_lines``, or a limit is exceeded.
    """
    counts = Counter() if counts is None else counts
    if kind == "text" and not is_compressed(path):
        yield from read_lines(path, kind, counts)
        return
    yield from confined(__name__, [str(path), kind], path, counts, seconds)


def confined(
    module: str,
    arguments: Sequence[str],
    path: Path | str,
    counts: Counter[str],
    seconds: float = SECONDS,
) -> Iterator[str]:
    """The lines that a module writes with ``serve``, run in a process with limits.

    Args:
        module: full name of the module.
        arguments: its command line, to which the limit of time is appended.
        path: name of what is read, in messages.
        counts: counter that is set to that of the process.
        seconds: limit of CPU time, as in ``confined_lines``.

    Raises:
        InputError: the process reports one, or exceeds a limit.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        # Other allocators reserve more memory than they use.
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
    command = [sys.executable, "-m", module, *arguments, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            done = yield from _received(process.stdout, path, counts)
        except BaseException:
            process.kill()
            raise
    if done is None:
        raise _unfinished(process.returncode, path, counts, seconds)


def _received(file: IO[bytes], path: Path | str, counts: Counter[str]) -> Iterator[str]:
    """Lines of text; the return value is ``None`` unless the reader finished."""
    for message in file:
        kind, content = message[:1], message[1:-1].decode("utf-8", "surrogatepass")
        if kind == b"L":
            yield content
        elif kind == b"E":
            raise InputError(json.loads(content))
        elif kind in (b"P", b"C"):
            counts.clear()
            counts.update(json.loads(content))
            if kind == b"C":
                return True
    return None


def _unfinished(code: int, path: Path | str, counts: Counter[str], seconds: float) -> Exception:
    """The error for a reader that ended too early."""
    units = max(counts.values(), default=0)
    place = f"{path}: after about {units:,} pages or documents" if units else str(path)
    if code == -signal.SIGPROF:
        return InputError(
            f"{place}: one took more than {seconds:g} seconds to read; take it out of the file, or "
            "choose another version of the corpus"
        )
    if code < 0:
        return InputError(
            f"{place}: the reader ended with {signal.Signals(-code).name}; the file is damaged or "
            f"needs more than {MEMORY >> 20} MiB; fetch it again or choose another version"
        )
    return RuntimeError(f"{place}: the reader ended with exit code {code}")


class _Watched(Counter[str]):
    """Counts that reset the time limit at every change."""

    def __init__(self, seconds: float, output: IO[bytes]) -> None:
        super().__init__()
        self._seconds, self._output = seconds, output
        self._flushed = 0.0
        self.rest()

    def rest(self) -> None:
        # Without a handler, the signal ends the process even inside a library.
        signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def __setitem__(self, name: str, count: int) -> None:
        super().__setitem__(name, count)
        self.rest()
        if name in ("pages", "documents"):
            now = time.monotonic()
            # The last of these messages shows how far the reader got.
            if now - self._flushed > _FLUSH_SECONDS:
                self._flushed = now
                self._output.write(b"P" + json.dumps({name: count}).encode() + b"\n")
                self._output.flush()


def serve(read: Callable[[Counter[str]], Iterable[str]], path: str, seconds: str) -> None:
    """Write lines for ``confined``, in a process that this limits.

    Args:
        read: function of a counter that returns the lines; a line has no line end.
        path: name of what is read, in messages.
        seconds: limit of CPU time per line or count, from the command line.
    """
    # The stage ends this process; handling the signal here would only print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    output = sys.stdout.buffer
    counts = _Watched(float(seconds), output)
    try:
        for line in read(counts):
            output.write(b"L" + line.encode("utf-8", "surrogatepass") + b"\n")
            counts.rest()
        message = b"C" + json.dumps(counts).encode()
    except InputError as error:
        message = b"E" + json.dumps(str(error)).encode()
    except MemoryError:
        reason = (
            f"{path}: needs more than {MEMORY >> 20} MiB of memory to be read; is it the "
            "right file? fetch it again or choose another version of the corpus"
        )
        message = b"E" + json.dumps(reason).encode()
    except BrokenPipeError:
        return
    with suppress(BrokenPipeError):
        output.write(message + b"\n")
        output.flush()


def main() -> None:
    """The reader process; arguments: file, kind and limit of seconds."""
    path, kind, seconds = sys.argv[1:]
    serve(lambda counts: read_lines(path, kind, counts), path, seconds)


if __name__ == "__main__":
    main()
