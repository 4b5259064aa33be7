"""Reading raw corpora of all kinds as streams of lines or paragraphs.

At any time, only a line, a page or a batch of rows is in memory.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from ..runtime.errors import InputError
from .lines import decoded
from .raw_corpora import KINDS
from .wikitext import dump_paragraphs

LONGEST_LINE = 1 << 26
"""Maximum bytes of a line; longer ones indicate another file format."""
HIGHEST_RATIO = 200
"""Maximum compression ratio; dumps and web text have 3 to 10."""
UNSUSPICIOUS = 1 << 26
"""Bytes of text that any compressed file may expand to."""
TEXT_FIELDS = ("text", "content")
"""Fields with a document's text in datasets."""
_ROWS_AT_ONCE = 256
_SENTENCES = "-sentences.txt"
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_lines(path: Path | str, kind: str, counts: Counter[str] | None = None) -> Iterator[str]:
    """Lines or paragraphs of a raw corpus in order.

    Args:
        path: path of the downloaded file. ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` are decompressed
            while reading.
        kind: format ``text``: plain lines; ``wikipedia``: an XML dump (``wikitext.py``);
            ``leipzig``: sentences in an archive of the Leipzig Corpora Collection; ``oscar`` and
            ``hub``: a dataset in JSON lines or Parquet, whose documents are split at line ends.
        counts: counter that is updated in units of the kind (``pages``, ``documents``).

    Raises:
        InputError: the file is missing, damaged, not UTF-8 or of another kind; names the line.
    """
    path = Path(path)
    counts = Counter() if counts is None else counts
    if kind not in _READERS:
        raise InputError(f"{path}: kind '{kind}' is none of {', '.join(KINDS)}")
    with explained(path):
        yield from _READERS[kind](path, counts)


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Errors of reading and decompressing a file become errors that a user can act on.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        yield
    except (
        EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error, tarfile.TarError, zipfile.BadZipFile
    ) as error:  # fmt: skip
        raise InputError(
            f"{path}: cannot be decompressed ({error}); is the download complete?"
        ) from None
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read ({reason})") from None


def is_compressed(path: Path | str) -> bool:
    """Whether a file is compressed, by its suffix."""
    return Path(path).suffix in _OPENERS


@contextmanager
def decompressed(path: Path) -> Iterator[IO[bytes]]:
    """A file opened for reading; a compressed one may not expand beyond ``HIGHEST_RATIO``."""
    if not is_compressed(path):
        with open(path, "rb") as file:
            yield file
        return
    with _OPENERS[path.suffix](path) as file:
        yield bounded(file, path)


def bounded(file: IO[bytes], path: Path) -> IO[bytes]:
    """A decompressed file that raises an error if it expands beyond ``HIGHEST_RATIO``.

    Args:
        file: the decompressed file.
        path: the compressed file.
    """
    return io.BufferedReader(_Bounded(file, path), 1 << 16)


class _Bounded(io.RawIOBase):
    """A decompressed file that raises an error if its compression ratio is too high."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._budget = file, Budget(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer)
        self._budget.spend(count)
        return count


class Budget:
    """The remaining bytes that a compressed file may expand to.

    Args:
        path: path of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left = max(UNSUSPICIOUS, HIGHEST_RATIO * path.stat().st_size)

    def spend(self, count: int) -> None:
        """Count bytes of text.

        Raises:
            InputError: the compression ratio exceeds ``HIGHEST_RATIO``.
        """
        self.left -= count
        if self.left < 0:
            raise InputError(
                f"{self.path}: expands to more than {HIGHEST_RATIO} times its size, which text "
                "does not; if it is right, decompress it by hand and catalogue that file"
            )


def _open_zstandard(path: Path) -> IO[bytes]:
    import pyarrow

    stream = pyarrow.input_stream(str(path), compression="zstd")
    return io.BufferedReader(stream, 1 << 20)


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".tgz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _open_zstandard,
}


def text_lines(file: IO[bytes], place: str) -> Iterator[str]:
    """The lines of a UTF-8 file, without line ends.

    Args:
        file: the file.
        place: its name in messages.

    Raises:
        InputError: a line is too long or not UTF-8; names it.
    """
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), start=1):
        if len(line) == LONGEST_LINE:
            raise InputError(
                f"{place}:{number}: the line has no end after {LONGEST_LINE >> 20} MiB; "
                "is this a text with a sentence or paragraph a line?"
            )
        yield decoded(line, place, number).removesuffix("\n").removesuffix("\r")


def _read_text(path: Path, counts: Counter[str]) -> Iterator[str]:
    with decompressed(path) as file:
        yield from text_lines(file, str(path))


def _read_wikipedia(path: Path, counts: Counter[str]) -> Iterator[str]:
    with decompressed(path) as file:
        yield from dump_paragraphs(file, path, counts)


def _read_leipzig(path: Path, counts: Counter[str]) -> Iterator[str]:
    with decompressed(path) as file, tarfile.open(fileobj=file, mode="r|*") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(_SENTENCES):
                place = f"{path}({member.name})"
                for number, line in enumerate(
                    text_lines(archive.extractfile(member), place), start=1
                ):
                    identifier, tab, sentence = line.partition("\t")
                    if not tab or not (identifier.isascii() and identifier.isdecimal()):
                        raise InputError(
                            f"{place}:{number}: not a number, a tab and a sentence: '{line[:60]}'"
                        )
                    yield sentence
                return
    raise InputError(f"{path}: no member *{_SENTENCES}; is it an archive of the Leipzig corpora?")


def _read_dataset(path: Path, counts: Counter[str]) -> Iterator[str]:
    is_parquet = path.suffix == ".parquet"
    documents = parquet_values(path, TEXT_FIELDS, "text") if is_parquet else _json_texts(path)
    for document in documents:
        if document is not None:
            counts["documents"] += 1
            yield from document.splitlines()


def _json_texts(path: Path) -> Iterator[str]:
    with decompressed(path) as file:
        for number, line in enumerate(text_lines(file, str(path)), start=1):
            place = f"{path}:{number}"
            row, text = read_row(line, place), None
            if isinstance(row, dict):
                text = next((row[field] for field in TEXT_FIELDS if field in row), None)
            if not isinstance(text, str):
                raise InputError(f"{place}: no document with a field {' or '.join(TEXT_FIELDS)}")
            yield without_surrogates(text, place)


def read_row(line: str, place: str) -> Any:
    """The value of a line of JSON.

    Raises:
        InputError: the line is not JSON, or cannot be read.
    """
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: not JSON ({error.msg})") from None
    except (RecursionError, ValueError) as error:
        # Thousands of nesting levels, or an integer of thousands of digits.
        raise InputError(f"{place}: JSON that cannot be read ({error}); remove the line") from None


def without_surrogates(text: str, place: str) -> str:
    """A text of JSON, which may escape halves of surrogate pairs that no file can hold.

    Raises:
        InputError: the text has one.
    """
    if not text.isascii() and _SURROGATE.search(text):
        raise InputError(f"{place}: half of a surrogate pair (\\ud800 to \\udfff); remove the line")
    return text


def parquet_values(path: Path, columns: Sequence[str], kind: str) -> Iterator[Any]:
    """The values of the first of some columns that a Parquet file has, in order.

    Args:
        path: the file.
        columns: names of columns.
        kind: type of the values: ``text``, ``integer``, or ``struct``, whose values are
            dictionaries.

    Raises:
        InputError: the file is damaged or expands too much, or no column has this type.
    """
    import pyarrow
    from pyarrow.parquet import ParquetFile

    budget = Budget(path)
    try:
        # Without a buffer, a whole column of a row group would be read at once.
        with ParquetFile(path, buffer_size=1 << 20) as file:
            column = next((f for f in columns if f in file.schema_arrow.names), None)
            if column is None:
                raise InputError(f"{path}: no column {' or '.join(columns)}")
            found = file.schema_arrow.field(column).type
            if not _is_of_kind(found, kind):
                raise InputError(
                    f"{path}: column '{column}' has values of type {found}, not {kind}"
                )
            batches = file.iter_batches(_ROWS_AT_ONCE, columns=[column], use_threads=False)
            for batch in batches:
                budget.spend(batch.nbytes)
                yield from batch.column(0).to_pylist()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: a text that is not UTF-8 ({error.reason})") from None
    except pyarrow.ArrowException as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a Parquet file ({reason})") from None


def _is_of_kind(found: Any, kind: str) -> bool:
    from pyarrow import types

    if kind == "struct":
        return types.is_struct(found)
    if kind == "integer":
        return types.is_integer(found)
    values = found.value_type if types.is_dictionary(found) else found
    return types.is_string(values) or types.is_large_string(values)


_READERS: dict[str, Callable[[Path, Counter[str]], Iterator[str]]] = {
    "text": _read_text,
    "wikipedia": _read_wikipedia,
    "leipzig": _read_leipzig,
    "oscar": _read_dataset,
    "hub": _read_dataset,
}
