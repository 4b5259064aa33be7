"""Reading raw text in a process of its own, with limits on its memory and time.

Libraries that decompress and parse believe what a file says: 2 kB of Parquet may ask for gigabytes,
and a page of wikitext may take hours. Such a reader ends, not the stage, and the user learns which
file it was. Run as a module it is that process, which writes what it reads to its standard output,
a line each: ``L`` and a line of text, ``P`` and how many units have been read, ``C`` and the counts
of the whole, or ``E`` and an error.
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
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..runtime.errors import InputError
from .raw_text import is_compressed, read_lines

MEMORY = 3 << 29
"""Bytes that a reader may have; corpora as they are published need a tenth of that."""
SECONDS = 60.0
"""Seconds of processor time between two pages, documents or lines."""
_FLUSH_SECONDS = 0.02
ROOT = Path(__file__).parents[2]


def confined_lines(
    path: Path | str,
    kind: str,
    counts: Counter[str] | None = None,
    memory: int = MEMORY,
    seconds: float = SECONDS,
) -> Iterator[str]:
    """As ``raw_text.read_lines``, by a process with limits where a library does the reading.

    Plain text, which is read line by line, needs none.

    Args:
        path, kind, counts: as there.
        memory: bytes that reading may take.
        seconds: of processor time that a page, a document or a batch of rows may take.

    Raises:
        InputError: as there, or reading takes too much memory or time.
    """
    counts = Counter() if counts is None else counts
    if kind == "text" and not is_compressed(path):
        yield from read_lines(path, kind, counts)
        return
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        # Other allocators reserve more than is used.
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
    command = [sys.executable, "-m", __name__, str(path), kind, str(memory), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            done = yield from _received(process.stdout, path, counts)
        except BaseException:
            process.kill()
            raise
    if done is None:
        raise _unfinished(process.returncode, path, counts, memory, seconds)


def _received(file: IO[bytes], path: Path | str, counts: Counter[str]) -> Iterator[str]:
    """Lines of text; the value at the end is not ``None`` if the reader came to its end."""
    for message in file:
        kind, content = message[:1], message[1:-1].decode("utf-8", "surrogatepass")
        if kind == b"L":
            yield content
        elif kind == b"P":
            counts.clear()
            counts.update(json.loads(content))
        elif kind == b"E":
            raise InputError(json.loads(content))
        elif kind == b"C":
            counts.clear()
            counts.update(json.loads(content))
            return True
    return None


def _unfinished(
    code: int, path: Path | str, counts: Counter[str], memory: int, seconds: float
) -> Exception:
    """Why a reader ended too early."""
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
            f"needs more than {memory >> 20} MiB; fetch it again or choose another version"
        )
    return RuntimeError(f"{place}: the reader ended with exit code {code}")


class _Watched(Counter[str]):
    """Counts after each of which the time limit starts again."""

    def __init__(self, seconds: float, output: IO[bytes]) -> None:
        super().__init__()
        self._seconds, self._output = seconds, output
        self._flushed = 0.0
        self.rest()

    def rest(self) -> None:
        # Without a handler the signal ends the process, also within a library.
        signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def __setitem__(self, name: str, count: int) -> None:
        super().__setitem__(name, count)
        self.rest()
        if name in ("pages", "documents"):
            now = time.monotonic()
            # The last of these before the end says where the end was.
            if now - self._flushed > _FLUSH_SECONDS:
                self._flushed = now
                self._output.write(b"P" + json.dumps({name: count}).encode() + b"\n")
                self._output.flush()


def main() -> None:
    """The process that reads: file, kind, bytes of memory and seconds."""
    path, kind, memory, seconds = sys.argv[1:]
    # The stage ends this process: a signal to both would only add a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    output = sys.stdout.buffer
    counts = _Watched(float(seconds), output)
    try:
        for line in read_lines(path, kind, counts):
            output.write(b"L" + line.encode("utf-8", "surrogatepass") + b"\n")
            counts.rest()
        message = b"C" + json.dumps(counts).encode()
    except InputError as error:
        message = b"E" + json.dumps(str(error)).encode()
    except MemoryError:
        reason = (
            f"{path}: needs more than {int(memory) >> 20} MiB of memory to be read; is it the "
            "right file? fetch it again or choose another version of the corpus"
        )
        message = b"E" + json.dumps(reason).encode()
    except BrokenPipeError:
        return
    with suppress(BrokenPipeError):
        output.write(message + b"\n")
        output.flush()


if __name__ == "__main__":
    main()
