"""Reading the World Atlas of Language Structures (Dryer & Haspelmath 2013) from its CSV files."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .lines import read_text_lines

log = logging.getLogger(__name__)

FILES = ("languages.csv", "value.csv", "domainelement.csv")
INDIVIDUAL = {"ara": "arb", "bxr": "bxm", "fas": "pes", "swa": "swh"}
"""Codes in catalogues of corpora → codes in WALS, which uses the individual language instead of the
macrolanguage, and has a single Buriat language."""


def read_wals(
    languages: Path, values: Path, elements: Path, codes: Sequence[str], features: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The values of some features of some languages.

    If several languages of WALS have the same ISO code (dialects, stages), the one with most
    features is used, and the first one in ties.

    Args:
        languages: file ``cldf/languages.csv`` with ``ID`` and ``ISO639P3code``.
        values: file ``raw/value.csv`` with ``id`` (``81A-eng``) and ``domainelement_pk``.
        elements: file ``raw/domainelement.csv`` with ``pk`` and ``name``.
        codes: ISO 639-3 codes; those in ``INDIVIDUAL`` are mapped first.
        features: feature identifiers, e.g. ``81A``.

    Returns:
        ISO code → feature → name of its value; languages and features without a value are omitted.

    Raises:
        InputError: a file is missing, not UTF-8, not CSV or lacks a column, or a value has no name;
            names the line.
    """
    asked = {code: INDIVIDUAL.get(code, code) for code in codes}
    individual = set(asked.values())
    iso = {
        row["ID"]: row["ISO639P3code"]
        for _, row in _rows(languages, ("ID", "ISO639P3code"))
        if row["ISO639P3code"] in individual
    }
    names = {row["pk"]: row["name"] for _, row in _rows(elements, ("pk", "name"))}
    found: dict[str, dict[str, str]] = {}
    for place, row in _rows(values, ("id", "domainelement_pk")):
        feature, dash, language = row["id"].partition("-")
        if not (dash and feature and language):
            raise InputError(f"{place}: id '{row['id']}' is not like 81A-eng; is this WALS?")
        if feature not in features or language not in iso:
            continue
        name = names.get(row["domainelement_pk"], "")
        if not name.strip():
            raise InputError(
                f"{place}: no name of value '{row['domainelement_pk']}' in {elements}; are all "
                "files of one release of WALS?"
            )
        if feature in found.setdefault(language, {}):
            raise InputError(f"{place}: '{row['id']}' has two values; remove one row")
        found[language][feature] = name
    best: dict[str, dict[str, str]] = {}
    for language in sorted(found, key=lambda code: (-len(found[code]), code)):
        if iso[language] in best:
            log.info("%s: WALS language '%s' is left out", iso[language], language)
        best.setdefault(iso[language], found[language])
    return {code: best[own] for code, own in asked.items() if own in best}


def family_of(languages: Path, iso: str) -> str:
    """Family and genus of a language (``Uralic, Finnic``), ``""`` if it is not in WALS.

    Args:
        languages: file ``cldf/languages.csv``.
        iso: ISO 639-3 code.

    Raises:
        InputError: the file is not UTF-8, not CSV or lacks a column.
    """
    wanted = INDIVIDUAL.get(iso, iso)
    for _, row in _rows(languages, ("ISO639P3code", "Family", "Genus")):
        if row["ISO639P3code"] == wanted and row["Family"].strip():
            return ", ".join(dict.fromkeys([row["Family"].strip(), row["Genus"].strip()]))
    return ""


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV file with their places (``file:line``)."""
    reader = csv.reader(io.StringIO(read_text_lines(path), newline=""), strict=True)
    try:
        header = next(reader, [])
        for column in columns:
            if header.count(column) != 1:
                problem = "missing" if column not in header else "there twice"
                raise InputError(f"{path}:1: column '{column}' is {problem}; is this WALS?")
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(f"{place}: {len(row)} columns instead of {len(header)}")
            yield place, dict(zip(header, row, strict=True))
    except csv.Error as error:
        # A field of more than 128 KiB indicates an unbalanced quotation mark.
        raise InputError(f"{path}:{reader.line_num}: not CSV ({error}); fetch it again") from None
