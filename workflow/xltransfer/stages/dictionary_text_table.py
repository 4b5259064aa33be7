"""Make the table of the coverage of texts that are translated word for word by a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses.tables import study_note, write_table
from ..records.trace import table_provenance
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..runtime.signatures import Keys

_NOTE = (
    "Words have a letter. known_share: words with an entry in the dictionary, in percent; "
    "replaced_share: words that were replaced; kept_share: sentences that were kept; "
    "replaced_share_of_kept: replaced words in these sentences."
)
_KEYS = ("name", "dictionary", "source", "target", "shuffled", "share", "folder", "corpus", "part")
_COUNTS = ("sentences", "kept_sentences", "words", "known", "replaced", "kept_words")


def dictionary_text_table(
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "translations")],
    results: str,
    directory: Path,
) -> None:
    """Write ``dictionary_text.csv``: how much of each text a dictionary translates.

    Args:
        config: ``translations``, with the path of their ``report`` below the results; and
            ``study``, ``config`` and ``seeds``.
        results: folder of results.
        directory: output folder.

    Raises:
        InputError: a report is missing or damaged.
    """
    files = [Path(results, item["report"]) for item in config["translations"]]
    provenance = table_provenance(config, files, "dictionary_text_table")
    rows = [
        {**{key: item[key] for key in _KEYS}, **_coverage(path)}
        for item, path in zip(config["translations"], files, strict=True)
    ]
    notes = [f"{study_note(config)} {_NOTE}"]
    write_table(directory / "dictionary_text.csv", pd.DataFrame(rows), provenance, notes=notes)


def _coverage(path: Path) -> dict[str, float]:
    """The columns of numbers of a translation, by its report."""
    report = read_json(path)
    try:
        counts = {name: int(report["counts"][name]) for name in (*_COUNTS, "kept_replaced")}
        pairs = int(report["pairs"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}:1: not a report of a translation; delete it, run again") from None
    return {
        "pairs": pairs,
        "sentences": counts["sentences"],
        "words": counts["words"],
        "known_share": _percent(counts["known"], counts["words"]),
        "replaced_share": _percent(counts["replaced"], counts["words"]),
        "kept_share": _percent(counts["kept_sentences"], counts["sentences"]),
        "replaced_share_of_kept": _percent(counts["kept_replaced"], counts["kept_words"]),
    }


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
