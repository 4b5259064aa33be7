"""Loading of schemes by name."""

from __future__ import annotations

from pathlib import Path

from .japanese import JapaneseScheme
from .rules import read_rules
from .scheme import Scheme
from .schemes import find_scheme
from .table import TableScheme
from .universal import UniversalScheme


def load_scheme(name: str, directory: Path | str, running_text: bool = False) -> Scheme:
    """A scheme of ``schemes.tsv``.

    Args:
        name: name of the scheme.
        directory: folder of ``schemes.tsv`` and the tables.
        running_text: whether to insert spaces between words if the scheme segments text (Japanese);
            not for annotated corpora.

    Raises:
        InputError: the scheme does not exist, or its tables are malformed. Missing packages are
            reported at the first word.
    """
    row = find_scheme(name, directory)
    if row.kind == "uroman":
        return UniversalScheme(name, row.language)
    rules = read_rules([Path(directory) / table for table in row.tables])
    table = TableScheme(name, rules, row.reversible)
    if row.kind == "hepburn":
        return JapaneseScheme(name, table, " " if running_text else "")
    return table
