"""The table of languages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..corpora.table_reader import read_table
from ..runtime.errors import InputError
from .tokenizers.statistics_table import check_listed

CATEGORY_COLUMNS = ("iso", "category", "note")
CATEGORIES = ("", "0", "1", "2", "3", "4", "5")
"""Joshi et al. (2020): "left behind" (0) to "winners" (5); empty for unknown."""
UNVERIFIED = "unverified"
_FILE = ["language", "kind", "corpus", "part"]
_COUNTS = ["sentences", "tokens"]


def read_categories(path: Path) -> dict[str, tuple[str, str]]:
    """Resource categories of languages (Joshi et al. 2020), by ISO 639-3 code.

    Args:
        path: tab-separated file with ``iso``, ``category`` and ``note``; a note that starts with
            ``unverified:`` marks an unchecked value.

    Returns:
        ISO code → category, and ``unverified`` or an empty string.

    Raises:
        InputError: the file is missing or malformed; names the line.
    """
    categories: dict[str, tuple[str, str]] = {}
    for place, row in read_table(path, CATEGORY_COLUMNS):
        iso, category, note = (row[column] for column in CATEGORY_COLUMNS)
        if category not in CATEGORIES:
            raise InputError(f"{place}: '{category}' is no category from 0 to 5")
        if iso in categories:
            raise InputError(f"{place}: '{iso}' is listed twice; drop one")
        unverified = category and note.startswith(f"{UNVERIFIED}:")
        categories[iso] = category, UNVERIFIED if unverified else ""
    return categories


def data_table(rows: pd.DataFrame, varieties: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The amount of data per language, one row per file of a corpus.

    Args:
        rows: statistics from ``read_statistics``.
        varieties: varieties with ``code`` and ``original``; transliterated ones are skipped.

    Returns:
        ``language`` (code), ``kind``, ``corpus``, ``part``, ``sentences`` and ``tokens``, in the
        order of varieties.

    Raises:
        InputError: a variety is not listed, or two rows have different counts of one file.
    """
    check_listed(rows, [variety["code"] for variety in varieties])
    codes = [variety["code"] for variety in varieties if not variety["original"]]
    data = rows.rename(columns={"variety": "language", "words": "tokens"})[_FILE + _COUNTS]
    data = data[data["language"].isin(codes)].drop_duplicates()
    twice = data[data.duplicated(_FILE)]
    if len(twice):
        first = twice.iloc[0]
        raise InputError(
            f"{first['corpus']}, {first['part']}: files of counts differ in the number of "
            "sentences or words; remove the older ones"
        )
    places = data["language"].map({code: place for place, code in enumerate(codes)})
    return data.iloc[places.argsort(kind="stable")].reset_index(drop=True)


def language_table(
    data: pd.DataFrame,
    varieties: Sequence[Mapping[str, Any]],
    categories: Mapping[str, tuple[str, str]],
    seen: Collection[str],
) -> pd.DataFrame:
    """Properties and amount of data of languages, one row each.

    Args:
        data: table from ``data_table``.
        varieties: varieties with ``code``, ``name``, ``iso``, ``script``, ``family`` and
            ``original``.
        categories: categories from ``read_categories``.
        seen: codes of the languages in the encoder's pretraining data; empty if unknown.

    Returns:
        ``language`` (name), ``code``, ``iso``, ``script``, ``family``, ``category`` and
        ``category_note`` (``unverified`` or empty), ``sentences`` and ``tokens`` of each kind of
        data (``treebank_sentences``, all parts of all corpora of the kind, of raw text those that
        are trained on; empty if there is none), and ``seen``: ``yes``, ``no``, or empty.
    """
    sums = data.groupby(["language", "kind"], sort=False)[_COUNTS].sum()
    kinds = [kind for kind in ("treebank", "entities", "raw text") if kind in set(data["kind"])]
    rows = []
    for variety in varieties:
        if variety["original"]:
            continue
        code = variety["code"]
        row = {"language": variety["name"], "code": code}
        row |= {name: variety[name] for name in ("iso", "script", "family")}
        row["category"], row["category_note"] = categories.get(variety["iso"], ("", ""))
        for kind in kinds:
            for name in _COUNTS:
                known = (code, kind) in sums.index
                cell = str(sums.at[(code, kind), name]) if known else ""
                row[f"{kind.replace(' ', '_')}_{name}"] = cell
        row["seen"] = ("yes" if code in seen else "no") if seen else ""
        rows.append(row)
    return pd.DataFrame(rows)
