"""What readers of typological databases share: CSV files, ISO codes, and a choice of dialects."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .lines import read_text_lines

log = logging.getLogger(__name__)

INDIVIDUAL = {"ara": "arb", "bxr": "bxm", "fas": "pes", "swa": "swh"}
"""Codes in catalogues of corpora → codes in typological databases, which use the individual
language instead of the macrolanguage, and of which WALS has a single Buriat language."""


def wanted_codes(codes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """ISO 639-3 code → the codes that databases may have for it, by preference."""
    return {code: tuple(dict.fromkeys([code, INDIVIDUAL.get(code, code)])) for code in codes}


def values_by_code(
    found: Mapping[str, Mapping[str, str]], iso: Mapping[str, str], codes: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The values of features by ISO code.

    If several languages of a database have the same ISO code (dialects, stages), the one with most
    features is used, and the first one in ties.

    Args:
        found: language of the database → feature → value.
        iso: language of the database → ISO 639-3 code.
        codes: requested ISO 639-3 codes.

    Returns:
        ISO code → feature → value; codes without a value are omitted.
    """
    best: dict[str, dict[str, str]] = {}
    for language in sorted(found, key=lambda code: (-len(found[code]), code)):
        if iso[language] in best:
            log.info("%s: language '%s' is left out", iso[language], language)
        best.setdefault(iso[language], dict(found[language]))
    chosen = {
        code: next((best[one] for one in known if one in best), None)
        for code, known in wanted_codes(codes).items()
    }
    return {code: values for code, values in chosen.items() if values is not None}


def csv_rows(
    path: Path, columns: Sequence[str], database: str, optional: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV file with their places (``file:line``).

    Args:
        path: UTF-8 file with a header.
        columns: required columns.
        database: what the file should be part of, for messages.
        optional: columns that may be absent; they are empty then.

    Raises:
        InputError: the file is missing, not UTF-8, not CSV, lacks a column or repeats one, or a row
            has another number of cells; names the line.
    """
    reader = csv.reader(io.StringIO(read_text_lines(path), newline=""), strict=True)
    try:
        header = next(reader, [])
        for column in [*columns, *(name for name in optional if name in header)]:
            if header.count(column) != 1:
                problem = "missing" if column not in header else "there twice"
                raise InputError(f"{path}:1: column '{column}' is {problem}; is this {database}?")
        absent = {name: "" for name in optional if name not in header}
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(f"{place}: {len(row)} columns instead of {len(header)}")
            yield place, dict(zip(header, row, strict=True)) | absent
    except csv.Error as error:
        # A field of more than 128 KiB indicates an unbalanced quotation mark.
        raise InputError(f"{path}:{reader.line_num}: not CSV ({error}); fetch it again") from None
