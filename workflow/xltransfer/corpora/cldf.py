"""Reading typological databases that are CLDF StructureDatasets (Forkel et al. 2018).

Cross-Linguistic Data Formats have a table per kind of object. Columns are found by their default
names (``Language_ID``, ``Code_ID``), which WALS, Grambank and most other datasets use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .typological_tables import csv_rows, values_by_code, wanted_codes

DATASET = "a CLDF StructureDataset"
UNKNOWN = ("", "?")
"""Values of features that nobody has determined; Grambank writes ``?``."""


def read_cldf(
    tables: Mapping[str, Path], codes: Sequence[str], features: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The values of some features of some languages.

    Args:
        tables: files of the dataset: ``languages`` with ``ID`` and ``ISO639P3code``, ``values``
            with ``Language_ID``, ``Parameter_ID`` and ``Value``; optionally ``codes`` with ``ID``,
            ``Parameter_ID`` and ``Name``, to which ``Code_ID`` of values refers; and
            ``glottocodes``, a table of languages with ``Glottocode`` and ``ISO639P3code``, for
            datasets whose languages have a Glottocode only.
        codes: ISO 639-3 codes; databases have other codes for those in
            ``typological_tables.INDIVIDUAL``.
        features: identifiers of parameters, e.g. ``GB020``.

    Returns:
        ISO code → feature → name of its code, or the value itself if the feature has no codes.
        Languages and features without a value are omitted, as are values without a code of
        features that have codes (``?`` in Grambank).

    Raises:
        InputError: a file is missing, not UTF-8, not CSV or lacks a column; no language has an ISO
            code; a feature is unknown, has two values, or has a code that the table lacks; names
            the line.
    """
    wanted = {one for known in wanted_codes(codes).values() for one in known}
    languages = tables["languages"]
    iso = {row: code for row, code in _iso_codes(languages, tables).items() if code in wanted}
    names = _Names(tables["codes"], features) if "codes" in tables else None
    columns = ["Language_ID", "Parameter_ID", "Value", *(["Code_ID"] if names else [])]
    found: dict[str, dict[str, str]] = {}
    unknown = dict.fromkeys(features)
    for place, row in csv_rows(tables["values"], columns, DATASET):
        feature, language = row["Parameter_ID"], row["Language_ID"]
        unknown.pop(feature, None)
        if feature not in features or language not in iso:
            continue
        value = names.of(row, place) if names else row["Value"]
        if value.strip() in UNKNOWN:
            continue
        if feature in found.setdefault(language, {}):
            raise InputError(
                f"{place}: language '{language}' has two values of '{feature}'; remove one row"
            )
        found[language][feature] = value
    if unknown:
        raise InputError(
            f"{tables['values']}: no feature '{next(iter(unknown))}'; correct "
            "`typology_features` (file parameters.csv of the dataset lists all features)"
        )
    return values_by_code(found, iso, codes)


class _Names:
    """The names of codes.

    Args:
        path: table of codes.
        features: features whose codes are needed.
    """

    def __init__(self, path: Path, features: Sequence[str]) -> None:
        self._path = path
        self._codes = {
            row["ID"]: (row["Parameter_ID"], row["Name"])
            for _, row in csv_rows(path, ("ID", "Parameter_ID", "Name"), DATASET)
            if row["Parameter_ID"] in features
        }
        self._coded = {feature for feature, _ in self._codes.values()}

    def of(self, row: Mapping[str, str], place: str) -> str:
        """Name of the code of a row of values; its value if the feature has no codes."""
        feature, identifier = row["Parameter_ID"], row["Code_ID"]
        if not identifier:
            return "" if feature in self._coded else row["Value"]
        of_feature, name = self._codes.get(identifier, ("", ""))
        if of_feature != feature or not name.strip():
            raise InputError(
                f"{place}: no name of code '{identifier}' of '{feature}' in {self._path}; are all "
                "files of one release of the dataset?"
            )
        return name


def _iso_codes(languages: Path, tables: Mapping[str, Path]) -> dict[str, str]:
    """ISO 639-3 codes of the languages that have one, by identifier."""
    by_glottocode = {}
    if "glottocodes" in tables:
        columns = ("Glottocode", "ISO639P3code")
        for _, row in csv_rows(tables["glottocodes"], columns, "a CLDF table of languages"):
            by_glottocode[row["Glottocode"]] = row["ISO639P3code"]
    columns = ("ID", "Glottocode") if by_glottocode else ("ID", "ISO639P3code")
    optional = ("ISO639P3code",) if by_glottocode else ()
    rows = csv_rows(languages, columns, DATASET, optional)
    codes = {
        row["ID"]: row["ISO639P3code"] or by_glottocode.get(row.get("Glottocode", ""), "")
        for _, row in rows
    }
    if not any(codes.values()):
        raise InputError(
            f"{languages}: no language has an ISO 639-3 code; add a file of the table "
            "'glottocodes' in typology_files.tsv, as grambank has"
        )
    return {language: code for language, code in codes.items() if code}
