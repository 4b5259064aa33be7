"""Reading the World Atlas of Language Structures (Dryer & Haspelmath 2013) from its CSV files."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import InputError

log = logging.getLogger(__name__)

FILES = ("languages.csv", "value.csv", "domainelement.csv")
INDIVIDUAL = {"ara": "arb", "bxr": "bxm", "fas": "pes", "swa": "swh"}
"""Codes that catalogues of corpora use, and what WALS calls these languages: it has the individual
language where ISO 639-3 has a macrolanguage as well, and one Buriat."""


def read_wals(
    languages: Path, values: Path, elements: Path, codes: Sequence[str], features: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The values of some features of some languages.

    Several languages of WALS may have one ISO code (dialects, stages); the one with most of the
    features is taken, the first of those that have equally many.

    Args:
        languages: ``cldf/languages.csv``: ``ID`` and ``ISO639P3code``.
        values: ``raw/value.csv``: ``id`` (``81A-eng``) and ``domainelement_pk``.
        elements: ``raw/domainelement.csv``: ``pk`` and ``name``.
        codes: ISO 639-3; those of ``INDIVIDUAL`` are looked up as what they stand for.
        features: e.g. ``81A``.

    Returns:
        ISO code → feature → name of its value; languages and features without a value are left
        out.

    Raises:
        InputError: a file is missing or has not the columns it should have.
    """
    asked = {INDIVIDUAL.get(code, code): code for code in codes}
    iso = {
        row["ID"]: asked[row["ISO639P3code"]]
        for row in _rows(languages, ("ID", "ISO639P3code"))
        if row["ISO639P3code"] in asked
    }
    names = {row["pk"]: row["name"] for row in _rows(elements, ("pk", "name"))}
    found: dict[str, dict[str, str]] = {}
    for row in _rows(values, ("id", "domainelement_pk")):
        feature, _, language = row["id"].partition("-")
        if feature in features and language in iso:
            found.setdefault(language, {})[feature] = names[row["domainelement_pk"]]
    best: dict[str, dict[str, str]] = {}
    for language in sorted(found, key=lambda code: (-len(found[code]), code)):
        if iso[language] in best:
            log.info("%s: WALS language '%s' is left out", iso[language], language)
        best.setdefault(iso[language], found[language])
    return best


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    try:
        with open(path, encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}:1: column '{missing[0]}' is missing; is this WALS?")
            yield from reader
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
