"""Reading the World Atlas of Language Structures (Dryer & Haspelmath 2013) from its raw tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .typological_tables import INDIVIDUAL, csv_rows, values_by_code, wanted_codes


def read_wals(
    languages: Path, values: Path, elements: Path, codes: Sequence[str], features: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The values of some features of some languages.

    Args:
        languages: file ``cldf/languages.csv`` with ``ID`` and ``ISO639P3code``.
        values: file ``raw/value.csv`` with ``id`` (``81A-eng``) and ``domainelement_pk``.
        elements: file ``raw/domainelement.csv`` with ``pk`` and ``name``.
        codes: ISO 639-3 codes; WALS has other codes for those in ``typological_tables.INDIVIDUAL``.
        features: feature identifiers, e.g. ``81A``.

    Returns:
        ISO code → feature → name of its value; languages and features without a value are omitted.

    Raises:
        InputError: a file is missing, not UTF-8, not CSV or lacks a column, or a value has no name;
            names the line.
    """
    wanted = {one for known in wanted_codes(codes).values() for one in known}
    iso = {
        row["ID"]: row["ISO639P3code"]
        for _, row in csv_rows(languages, ("ID", "ISO639P3code"), "WALS")
        if row["ISO639P3code"] in wanted
    }
    names = {row["pk"]: row["name"] for _, row in csv_rows(elements, ("pk", "name"), "WALS")}
    found: dict[str, dict[str, str]] = {}
    for place, row in csv_rows(values, ("id", "domainelement_pk"), "WALS"):
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
    return values_by_code(found, iso, codes)


def family_of(languages: Path, iso: str) -> str:
    """Family and genus of a language (``Uralic, Finnic``), ``""`` if it is not in WALS.

    Args:
        languages: file ``cldf/languages.csv``.
        iso: ISO 639-3 code.

    Raises:
        InputError: the file is not UTF-8, not CSV or lacks a column.
    """
    wanted = INDIVIDUAL.get(iso, iso)
    for _, row in csv_rows(languages, ("ISO639P3code", "Family", "Genus"), "WALS"):
        if row["ISO639P3code"] == wanted and row["Family"].strip():
            return ", ".join(dict.fromkeys([row["Family"].strip(), row["Genus"].strip()]))
    return ""
