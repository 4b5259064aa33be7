"""The table of tokenizer statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...runtime.errors import InputError
from ...runtime.files import read_json

KEY = ("variety", "encoder", "corpus", "part")
"""Columns that uniquely identify a file of counts."""
NUMBERS = (
    "sentences",
    "words",
    "word_types",
    "characters",
    "pieces",
    "fertility",
    "continued_words",
    "unknown_pieces",
    "unknown_words",
    "characters_per_piece",
    "single_character_pieces",
    "vocabulary_used",
    "whole_types",
    "sentence_pieces_50",
    "sentence_pieces_90",
    "sentence_pieces_99",
    "sentence_pieces_max",
)


def read_statistics(paths: Sequence[Path]) -> pd.DataFrame:
    """The files of the stage ``count_pieces``, a row each, in their order.

    Raises:
        InputError: a file is missing or malformed, or two have the same key.
    """
    rows: list[dict[str, Any]] = []
    known: dict[tuple[str, ...], Path] = {}
    for path in paths:
        row = read_json(path)
        missing = [name for name in (*KEY, "kind", *NUMBERS) if name not in row]
        if missing:
            raise InputError(f"{path}:1: no '{missing[0]}'; remove the file to have it made anew")
        key = tuple(row[name] for name in KEY)
        if key in known:
            raise InputError(f"{path}:1: {', '.join(key)} is in {known[key]} already; drop one")
        known[key] = path
        rows.append(row)
    return pd.DataFrame(rows)


def statistics_table(rows: pd.DataFrame, varieties: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Statistics in the order of varieties, each transliteration directly below its original.

    Within a variety, rows of one file are adjacent; otherwise the order of rows is kept.

    Args:
        rows: statistics from ``read_statistics``.
        varieties: varieties with ``code``, ``name`` and ``original`` (empty if not transliterated).

    Returns:
        ``variety``, ``language`` (its name), ``original``, ``script`` if the files say it,
        ``encoder``, ``kind``, ``corpus``, ``part`` and ``NUMBERS``.

    Raises:
        InputError: a variety of the rows or an original is not listed.
    """
    order = ordered(varieties)
    by_code = {variety["code"]: variety for variety in varieties}
    check_listed(rows, list(by_code))
    table = rows.assign(
        language=rows["variety"].map({code: data["name"] for code, data in by_code.items()}),
        original=rows["variety"].map({code: d["original"] or "" for code, d in by_code.items()}),
    )
    places = table["variety"].map({code: place for place, code in enumerate(order)})
    files = table.groupby(["kind", "corpus", "part"], sort=False).ngroup()
    table = table.assign(place=places, file=files).sort_values(["place", "file"], kind="stable")
    head = ["variety", "language", "original", "script", "encoder", "kind", "corpus", "part"]
    columns = [name for name in head if name in table.columns] + list(NUMBERS)
    return table[columns].reset_index(drop=True)


def ordered(varieties: Sequence[Mapping[str, Any]]) -> list[str]:
    """Codes of varieties, each transliteration directly after its original.

    Raises:
        InputError: an original is not listed, or is itself transliterated.
    """
    originals = [variety["code"] for variety in varieties if not variety["original"]]
    for variety in varieties:
        if variety["original"] and variety["original"] not in originals:
            raise InputError(
                f"config: varieties: {variety['code']} is made from '{variety['original']}', which "
                "is not listed as an original; list it"
            )
    return [
        code
        for original in originals
        for code in (original, *(v["code"] for v in varieties if v["original"] == original))
    ]


def check_listed(rows: pd.DataFrame, varieties: Sequence[str]) -> None:
    """Check that every row belongs to a listed variety.

    Raises:
        InputError: a variety is not listed.
    """
    unlisted = rows[~rows["variety"].isin(varieties)]
    if len(unlisted):
        first = unlisted.iloc[0]
        raise InputError(
            f"config: varieties: no '{first['variety']}', which corpus {first['corpus']} is in; "
            "list it"
        )
