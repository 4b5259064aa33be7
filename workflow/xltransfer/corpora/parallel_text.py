"""Reading parallel corpora of all layouts as streams of pairs of sentences.

Files are from other people and are decompressed and parsed by libraries, so stages read them with
``confined_pairs``. Run as a module, this file is the process that it starts.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

from ..runtime.errors import InputError
from .confined import confined, serve
from .parallel_corpora import LAYOUTS
from .raw_text import (
    bounded,
    decompressed,
    explained,
    parquet_values,
    read_row,
    text_lines,
    without_surrogates,
)
from .sentence_pairs import Pair
from .tmx import translation_units

LONGEST_IDENTIFIER = 200
"""Maximum characters; a longer one indicates another layout."""
TRANSLATION = "translation"
"""Field of datasets with the texts by language code."""
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Layout:
    """How the files of a parallel corpus are read.

    Attributes:
        name: one of ``parallel_corpora.LAYOUTS``.
        first, second: codes by which files name the languages, without regions (``en``, ``eng``).
        columns, header: of the layout ``tsv``, as in ``parallel_corpora.ParallelCorpus``.
    """

    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    columns: tuple[str, ...] = ()
    header: bool = False

    @classmethod
    def from_json(cls, config: Mapping[str, Any]) -> Layout:
        """The layout whose attributes are keys of a JSON object."""
        names = ("first", "second", "columns")
        lists = {name: tuple(config[name]) for name in names}
        return cls(name=config["name"], header=config["header"], **lists)

    def side(self, code: str) -> int | None:
        """Which language a code names, 0 or 1, or ``None``; ``en-GB`` matches ``en``."""
        language = code.lower().replace("_", "-").partition("-")[0]
        return next((n for n, own in enumerate((self.first, self.second)) if language in own), None)


def read_pairs(
    files: Sequence[Path], layout: Layout, counts: Counter[str] | None = None
) -> Iterator[Pair]:
    """The pairs of one part of a corpus, in the order of its first file.

    Args:
        files: one file, or that of the first and that of the second language. ``.gz``, ``.bz2``,
            ``.xz`` and ``.zst`` are decompressed while reading; a ``.zip`` of the layout ``moses``
            has a member per language, whose name ends with its code.
        layout: how they are read.
        counts: counter of what is left out: ``identifiers_without_partner_in_the_first_file`` and
            ``…_in_the_second_file``, ``units_without_both_languages``, ``further_variants``.

    Raises:
        InputError: a file is missing, damaged, not UTF-8 or of another layout; names the line.
    """
    counts = Counter() if counts is None else counts
    if layout.name not in _READERS:
        raise InputError(f"{files[0]}: layout '{layout.name}' is none of {', '.join(LAYOUTS)}")
    with explained(files[0]):
        yield from _READERS[layout.name](files, layout, counts)


def confined_pairs(
    files: Sequence[Path], layout: Layout, counts: Counter[str] | None = None
) -> Iterator[Pair]:
    """``read_pairs`` in a process with limits.

    Args:
        files, layout, counts: arguments of ``read_pairs``.

    Raises:
        InputError: as for ``read_pairs``, or a limit is exceeded.
    """
    arguments = [json.dumps(asdict(layout)), json.dumps([str(path) for path in files])]
    counts = Counter() if counts is None else counts
    for line in confined(__name__, arguments, files[0], counts):
        yield Pair(*json.loads(line))


def _read_tsv(files: Sequence[Path], layout: Layout, counts: Counter[str]) -> Iterator[Pair]:
    (path,) = files
    columns = layout.columns
    known: dict[str, int] = {}
    first, second = columns.index("first"), columns.index("second")
    named = columns.index("identifier") if "identifier" in columns else None
    with decompressed(path) as file:
        for number, line in _numbered(file, str(path)):
            cells = line.split("\t")
            if len(cells) != len(columns):
                raise InputError(
                    f"{path}:{number}: {len(cells)} cells separated by tabs instead of "
                    f"{len(columns)} ({' '.join(columns)}); correct the line, or `columns` in the "
                    "catalogue"
                )
            if number == 1 and layout.header:
                continue
            identifier = str(number)
            if named is not None:
                identifier = _identifier(cells[named], path, number, known)
            yield Pair(identifier, cells[first], cells[second])


def _read_identifiers(
    files: Sequence[Path], layout: Layout, counts: Counter[str]
) -> Iterator[Pair]:
    first, second = files
    with decompressed(second) as file:
        texts = dict(_named_texts(file, second))
    paired = 0
    with decompressed(first) as file:
        for identifier, text in _named_texts(file, first):
            if identifier not in texts:
                counts["identifiers_without_partner_in_the_first_file"] += 1
                continue
            paired += 1
            yield Pair(identifier, text, texts[identifier])
    if paired < len(texts):
        counts["identifiers_without_partner_in_the_second_file"] += len(texts) - paired
    if not paired:
        raise InputError(
            f"{first}: no identifier is also in {second}; are the files of one corpus?"
        )


def _named_texts(file: IO[bytes], path: Path) -> Iterator[tuple[str, str]]:
    known: dict[str, int] = {}
    for number, line in _numbered(file, str(path)):
        cells = line.split("\t")
        if len(cells) != 2:
            raise InputError(
                f"{path}:{number}: not an identifier, a tab and a text: '{line[:60]}'; correct the "
                "line"
            )
        yield _identifier(cells[0], path, number, known), cells[1]


def _identifier(identifier: str, path: Path, number: int, lines: dict[str, int]) -> str:
    """The identifier of a line, after checks.

    Args:
        identifier: identifier, which names one sentence of a file.
        path: path of the file.
        number: number of the line.
        lines: number of the line of each identifier so far, to which this one is added.
    """
    place = f"{path}:{number}"
    if not identifier or len(identifier) > LONGEST_IDENTIFIER or not identifier.isprintable():
        raise InputError(
            f"{place}: '{identifier[:60]}' is no identifier: 1 to {LONGEST_IDENTIFIER} "
            "printable characters; correct the line"
        )
    line = lines.setdefault(identifier, number)
    if line != number:
        raise InputError(
            f"{place}: identifier '{identifier}' is also in line {line}; remove one of the lines"
        )
    return identifier


def _read_moses(files: Sequence[Path], layout: Layout, counts: Counter[str]) -> Iterator[Pair]:
    if len(files) == 1:
        yield from _read_zip(files[0], layout)
        return
    first, second = files
    with decompressed(first) as one, decompressed(second) as other:
        yield from _aligned(one, other, str(first), str(second))


def _read_zip(path: Path, layout: Layout) -> Iterator[Pair]:
    if path.suffix != ".zip":
        raise InputError(
            f"{path}: one file of the layout moses is a .zip with a file per language; rename it, "
            "or catalogue two files"
        )
    with zipfile.ZipFile(path) as archive:
        names = [item.filename for item in archive.infolist() if not item.is_dir()]
        members = [
            [name for name in names if layout.side(name.rpartition(".")[2]) == side]
            for side in (0, 1)
        ]
        if [len(found) for found in members] != [1, 1]:
            codes = " and ".join("/".join(own) for own in (layout.first, layout.second))
            raise InputError(
                f"{path}: needs one file per language, whose name ends with the code ({codes}); "
                f"has {', '.join(names[:8]) or 'none'}; is it the archive of this pair?"
            )
        (first,), (second,) = members
        try:
            with archive.open(first) as one, archive.open(second) as other:
                yield from _aligned(
                    bounded(one, path),
                    bounded(other, path),
                    f"{path}({first})",
                    f"{path}({second})",
                )
        except RuntimeError as error:
            # A password is needed, or (a subclass) the compression is not supported.
            raise InputError(
                f"{path}: cannot be decompressed ({error}); unpack it by hand"
            ) from None


def _aligned(one: IO[bytes], other: IO[bytes], first: str, second: str) -> Iterator[Pair]:
    lines = zip_longest(_numbered(one, first), _numbered(other, second))
    for count, (left, right) in enumerate(lines):
        if left is None or right is None:
            longer, shorter = (first, second) if right is None else (second, first)
            raise InputError(
                f"{longer}:{count + 1}: a line without a partner: {shorter} has {count} lines, so "
                "the files are not aligned line by line; fetch both again"
            )
        yield Pair(str(count + 1), left[1], right[1])


def _numbered(file: IO[bytes], place: str) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without a byte-order mark."""
    for number, line in enumerate(text_lines(file, place), start=1):
        yield number, line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line


def _read_tmx(files: Sequence[Path], layout: Layout, counts: Counter[str]) -> Iterator[Pair]:
    (path,) = files
    found: Counter[str] = Counter()
    paired = 0
    with decompressed(path) as file:
        for number, variants in translation_units(file, str(path)):
            texts: list[str | None] = [None, None]
            for code, text in variants:
                side = layout.side(code)
                if len(found) < 1000:
                    found[code] += 1
                if side is not None and texts[side] is not None:
                    counts["further_variants"] += 1
                elif side is not None:
                    texts[side] = text
            if None in texts:
                counts["units_without_both_languages"] += 1
                continue
            paired += 1
            yield Pair(str(number), *texts)
    if not paired:
        _refuse_other_languages(path, layout, [code for code, _ in found.most_common(8)])


def _read_dataset(files: Sequence[Path], layout: Layout, counts: Counter[str]) -> Iterator[Pair]:
    (path,) = files
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    for number, (place, row) in enumerate(rows, start=1):
        texts: dict[int, str] = {}
        for code, text in row.items():
            side = layout.side(code)
            if side is not None:
                if not isinstance(text, str):
                    raise InputError(f"{place}: '{code[:60]}' is no text; remove the row")
                texts.setdefault(side, without_surrogates(text, place))
        if len(texts) < 2:
            _refuse_other_languages(place, layout, list(row)[:8])
        yield Pair(str(number), texts[0], texts[1])


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with decompressed(path) as file:
        for number, line in _numbered(file, str(path)):
            place = f"{path}:{number}"
            row = read_row(line, place)
            texts = row.get(TRANSLATION) if isinstance(row, dict) else None
            if not isinstance(texts, dict):
                raise InputError(
                    f"{place}: no object with a field '{TRANSLATION}' of texts by language; "
                    "correct the line, or the layout in the catalogue"
                )
            yield place, texts


def _parquet_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(parquet_values(path, (TRANSLATION,), "struct"), start=1):
        place = f"{path}: row {number}"
        if row is None:
            raise InputError(f"{place}: has no {TRANSLATION}; remove the row")
        yield place, row


def _refuse_other_languages(place: object, layout: Layout, codes: Sequence[str]) -> None:
    wanted = " and ".join("/".join(own) for own in (layout.first, layout.second))
    has = ", ".join(code[:40] for code in codes) or "none"
    raise InputError(
        f"{place}: no text in both languages ({wanted}); it has {has}; is it the file of this pair?"
    )


_READERS: dict[str, Callable[[Sequence[Path], Layout, Counter[str]], Iterator[Pair]]] = {
    "tsv": _read_tsv,
    "identifiers": _read_identifiers,
    "moses": _read_moses,
    "tmx": _read_tmx,
    "dataset": _read_dataset,
}


def main() -> None:
    """The reader process; arguments: layout, files and limit of seconds."""
    layout, files, seconds = sys.argv[1:]
    paths = [Path(name) for name in json.loads(files)]
    form = Layout.from_json(json.loads(layout))
    serve(
        lambda counts: (json.dumps(pair) for pair in read_pairs(paths, form, counts)),
        str(paths[0]),
        seconds,
    )


if __name__ == "__main__":
    main()
