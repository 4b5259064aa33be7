"""Rules of transliteration and the format of their tables.

A table has the columns ``source``, ``target``, ``after``, ``before`` and ``note``. A rule replaces
the letters of ``source`` by ``target`` if one of the items of ``after`` precedes and one of
``before`` follows; an empty cell means no condition. Items are separated by spaces: letters, ``#``
for a word boundary, or ``{class}``, whose members are the target of the row with that source.
Characters that editors hide are written ``U+064E``, or ``U+064E+0651`` for a sequence.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...runtime.errors import InputError
from ..table_reader import read_table

_COLUMNS = ("source", "target", "after", "before", "note")
_CODE_POINTS = re.compile(r"U\+([0-9A-F]{4,6})((?:\+[0-9A-F]{4,6})*)")
_CLASS = re.compile(r"\{[^{}\s]+\}")
EDGE = "#"


@dataclass(frozen=True)
class Rule:
    """One rule, in lower case.

    Attributes:
        source: letters of the original script.
        target: replacement; ``""`` deletes the letters.
        after: items one of which must precede; ``#`` is the start of a word; empty for no
            condition.
        before: items one of which must follow; ``#`` is the end of a word; empty for no condition.
        place: location ``file:line``.
    """

    source: str
    target: str
    after: tuple[str, ...]
    before: tuple[str, ...]
    place: str

    @property
    def label(self) -> str:
        """The name of the rule in reports."""
        return f"{self.source} → {self.target}" if self.target else f"{self.source} →"


def read_rules(paths: Sequence[Path]) -> list[Rule]:
    """The rules of some tables in order of application.

    Longer sources come first, then rules with a condition, then earlier rules.

    Raises:
        InputError: a table cannot be read or is malformed; names the line.
    """
    rules = [rule for path in paths for rule in _read_table(path)]
    seen: dict[tuple[str, tuple[str, ...], tuple[str, ...]], str] = {}
    for rule in rules:
        key = (rule.source, rule.after, rule.before)
        if key in seen:
            raise InputError(
                f"{rule.place}: '{rule.source}' has a rule for the same place at {seen[key]}; "
                "delete one of them"
            )
        seen[key] = rule.place
    return sorted(rules, key=lambda rule: (-len(rule.source), not (rule.after or rule.before)))


def _read_table(path: Path) -> Iterator[Rule]:
    classes: dict[str, tuple[str, ...]] = {}
    for place, row in read_table(path, _COLUMNS):
        source = row["source"].strip()
        if source.startswith("{"):
            classes[source] = tuple(_decoded(item, place) for item in row["target"].split())
            if not _CLASS.fullmatch(source) or not classes[source]:
                raise InputError(
                    f"{place}: '{source}' is no class in braces whose members are its target"
                )
            continue
        after, before = (_items(row[column], classes, place) for column in ("after", "before"))
        source, target = _decoded(source, place), _decoded(row["target"].strip(), place)
        if not source or source != source.lower():
            raise InputError(f"{place}: source '{source}' is empty or not in lower case")
        if re.search(r"\s", target):
            raise InputError(f"{place}: target '{target}' has a space, which would split a word")
        yield Rule(source, target, after, before, place)


def _items(cell: str, classes: Mapping[str, tuple[str, ...]], place: str) -> tuple[str, ...]:
    items: list[str] = []
    for item in cell.split():
        if not item.startswith("{"):
            items.append(_decoded(item, place))
        elif item in classes:
            items.extend(classes[item])
        else:
            raise InputError(f"{place}: no class {item} further up; add a row with this source")
    return tuple(items)


def _decoded(cell: str, place: str) -> str:
    """A cell with code points decoded to characters."""
    if not cell.startswith("U+"):
        return cell
    if not _CODE_POINTS.fullmatch(cell):
        raise InputError(f"{place}: '{cell}' is not like U+064E or U+064E+0651")
    codes = [int(code, 16) for code in cell[2:].split("+")]
    if max(codes) > sys.maxunicode:
        raise InputError(f"{place}: '{cell}' is beyond the last code point, U+10FFFF")
    if any(0xD800 <= code <= 0xDFFF for code in codes):
        raise InputError(f"{place}: '{cell}' is half of a surrogate pair")
    return "".join(map(chr, codes))
