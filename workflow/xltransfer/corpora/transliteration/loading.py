"""From a scheme's name to the scheme."""

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
        name: of the scheme.
        directory: holds ``schemes.tsv`` and the tables.
        running_text: separate by spaces words that the original does not separate, as far as the
            scheme knows words (Japanese). Not for corpora whose words are annotated.

    Raises:
        InputError: there is no such scheme, or its tables are malformed. A package that a scheme
            needs is missed when the first word is written.
    """
    row = find_scheme(name, directory)
    if row.kind == "uroman":
        return UniversalScheme(name, row.language)
    rules = read_rules([Path(directory) / table for table in row.tables])
    table = TableScheme(name, rules, row.reversible)
    if row.kind == "hepburn":
        return JapaneseScheme(name, table, " " if running_text else "")
    return table
