"""The catalogues: which languages and treebanks exist, and where their files come from.

Small tab-separated tables in ``resources/``. Adding a language is adding rows there. Nothing heavy
is imported, for the Snakefile reads the catalogues whenever it is parsed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .errors import InputError

SPLITS = ("train", "dev", "test")
EMBEDDED = "embedded"
"""Release of the treebanks that are made by the embedded world instead of being fetched."""


@dataclass(frozen=True)
class Language:
    """A variety: a language in a script.

    Attributes:
        code: as in treebank names (``en``), with the script where it is not the usual one
            (``ug_latn``).
        name: English name.
        iso: ISO 639-3 code.
        script: ISO 15924 code.
        family: family and branch.
    """

    code: str
    name: str
    iso: str
    script: str
    family: str


@dataclass(frozen=True)
class TreebankFile:
    """One split of a treebank in one release.

    Attributes:
        name: file name in the release.
        url: where it is published.
        checksum: ``sha256:<hex>``, or ``git-sha1:<hex>`` (the object name that git gives the
            content) where only that is known.
        bytes: size, or ``None`` if it is not known.
    """

    name: str
    url: str
    checksum: str
    bytes: int | None


@dataclass(frozen=True)
class Treebank:
    """A treebank at the release that a study uses.

    Attributes:
        code: short name (``en_ewt``).
        language: code of its language.
        name: name of its folder in a release (``UD_English-EWT``).
        licence: SPDX-like.
        release: ``2.17``, or ``embedded``.
        files: by split; empty for the embedded world, which has all splits.
    """

    code: str
    language: str
    name: str
    licence: str
    release: str
    files: dict[str, TreebankFile] = field(default_factory=dict)

    @property
    def splits(self) -> tuple[str, ...]:
        """Which of train, dev and test there are."""
        if self.release == EMBEDDED:
            return SPLITS
        return tuple(split for split in SPLITS if split in self.files)


class Catalogue:
    """All languages and treebanks.

    Args:
        directory: holds ``languages.tsv``, ``treebanks.tsv`` and ``treebank_files.tsv``.
        ud_release: each treebank is taken from its newest catalogued release up to this one.

    Raises:
        InputError: a table is missing a column, repeats a code or names what is not there.
    """

    def __init__(self, directory: Path | str, ud_release: str) -> None:
        self.directory = Path(directory)
        self.languages = self._read_languages()
        files = self._read_files(ud_release)
        self.treebanks = self._read_treebanks(files)

    def _read_languages(self) -> dict[str, Language]:
        languages: dict[str, Language] = {}
        columns = ("code", "name", "iso", "script", "family")
        for place, row in _rows(self.directory / "languages.tsv", columns):
            _add(languages, row["code"], Language(**{c: row[c] for c in columns}), place)
        return languages

    def _read_files(self, ud_release: str) -> dict[str, dict[str, dict[str, TreebankFile]]]:
        """Treebank → its newest release → split → file."""
        newest: dict[str, dict[str, dict[str, TreebankFile]]] = {}
        limit = _version(ud_release, "ud_release")
        columns = ("treebank", "release", "split", "file", "bytes", "checksum", "url")
        for place, row in _rows(self.directory / "treebank_files.tsv", columns):
            version = _version(row["release"], place)
            if row["split"] not in SPLITS:
                raise InputError(f"{place}: split '{row['split']}' is none of {', '.join(SPLITS)}")
            if version > limit:
                continue
            known = newest.setdefault(row["treebank"], {})
            if any(_version(release, place) > version for release in known):
                continue
            for release in [r for r in known if _version(r, place) < version]:
                del known[release]
            size = int(row["bytes"]) if row["bytes"] else None
            file = TreebankFile(row["file"], row["url"], row["checksum"], size)
            _add(known.setdefault(row["release"], {}), row["split"], file, place)
        return newest

    def _read_treebanks(
        self, files: dict[str, dict[str, dict[str, TreebankFile]]]
    ) -> dict[str, Treebank]:
        treebanks: dict[str, Treebank] = {}
        columns = ("treebank", "language", "name", "licence")
        for place, row in _rows(self.directory / "treebanks.tsv", columns):
            code, language = row["treebank"], row["language"]
            if language not in self.languages:
                raise InputError(
                    f"{place}: no language '{language}' in {self.directory / 'languages.tsv'}; "
                    "add its row there"
                )
            release, splits = EMBEDDED, {}
            if not code.endswith(f"_{EMBEDDED}"):
                release, splits = next(iter(files.get(code, {}).items()), ("", {}))
            treebank = Treebank(code, language, row["name"], row["licence"], release, splits)
            _add(treebanks, code, treebank, place)
        for code in files:
            if code not in treebanks:
                raise InputError(
                    f"{self.directory / 'treebank_files.tsv'}: no treebank '{code}' in "
                    f"{self.directory / 'treebanks.tsv'}; add its row there"
                )
        return treebanks


def _add(table: dict, key: str, value: object, place: str) -> None:
    if key in table:
        raise InputError(f"{place}: '{key}' stands in the table twice; remove one row")
    table[key] = value


def _version(text: str, place: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        raise InputError(f"{place}: '{text}' is no release number like 2.17") from None


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table with their places (``file:line``)."""
    try:
        with open(path, encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}:1: column '{missing[0]}' is missing")
            for line, row in enumerate(reader, start=2):
                if None in row or None in row.values():
                    raise InputError(f"{path}:{line}: not {len(reader.fieldnames)} columns")
                yield f"{path}:{line}", row
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
