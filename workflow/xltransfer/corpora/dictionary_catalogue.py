"""The catalogue of bilingual dictionaries. Imports are light, because the Snakefile reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    CORPUS,
    LANGUAGE,
    check_code,
    check_prefix,
    check_text,
)
from .corpus_files import GENERATED
from .table_reader import ListedFile, check_choices, file_cells, read_table

PARTS = ("train", "test")
"""Parts of a dictionary: pairs that a mapping may be computed from, and pairs to test it with."""
COLUMNS = ("dictionary", "source", "target", "name", "part", "file", "checksum", "url", "licence")
INFLECTED = f"_inflected{GENERATED}"
"""End of the codes of dictionaries of inflected forms that the embedded world generates."""


@dataclass(frozen=True)
class Dictionary:
    """A bilingual dictionary of words.

    Attributes:
        code: short name that starts with the codes of both languages (``en_fr_muse``).
        source, target: codes of the languages.
        name: display name.
        licence: SPDX-like identifier.
        files: files by part.
    """

    code: str
    source: str
    target: str
    name: str
    licence: str
    files: dict[str, ListedFile] = field(default_factory=dict)

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded world generates it."""
        return self.code.endswith(GENERATED)


def read_dictionary_catalogue(path: Path | str) -> dict[str, Dictionary]:
    """The catalogue of dictionaries by code.

    Args:
        path: path of ``dictionaries.tsv``, with the columns ``COLUMNS`` and a row for each part.

    Raises:
        InputError: the table cannot be read, lacks a column, repeats a part, has an invalid value,
            or the rows of a dictionary contradict each other; names the line. The caller checks
            that languages exist.
    """
    dictionaries: dict[str, Dictionary] = {}
    for place, row in read_table(path, COLUMNS):
        entry, file = _entry(row, place), ListedFile(*file_cells(row, place))
        known = dictionaries.setdefault(entry.code, entry)
        for column in ("source", "target", "name", "licence"):
            if getattr(known, column) != getattr(entry, column):
                raise InputError(
                    f"{place}: {column} '{getattr(entry, column)}' differs from "
                    f"'{getattr(known, column)}' in another row of '{entry.code}'; correct one"
                )
        if row["part"] in known.files:
            raise InputError(
                f"{place}: the {row['part']} part of '{entry.code}' stands in the table twice; "
                "remove one row"
            )
        known.files[row["part"]] = file
    return dictionaries


def _entry(row: dict[str, str], place: str) -> Dictionary:
    code, source, target = row["dictionary"], row["source"], row["target"]
    check_code(CORPUS, code, place, "dictionary")
    for column in ("source", "target"):
        check_code(LANGUAGE, row[column], place, column)
    if source == target:
        raise InputError(f"{place}: source and target are both '{source}'; correct one")
    check_prefix(code, [source, target], place, "dictionary")
    for column in ("name", "licence"):
        check_text(row[column], place, column)
    check_choices(row, {"part": PARTS}, place)
    return Dictionary(code, source, target, row["name"], row["licence"])
