"""Files of the World Atlas of Language Structures.

The oracle splits CSV by a state machine of its own (RFC 4180, where a quotation mark within an
unquoted field is a character like others).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from xltransfer.corpora.wals import read_wals

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text

NAMES = ("languages.csv", "value.csv", "domainelement.csv")
COLUMNS = (("ID", "ISO639P3code"), ("id", "domainelement_pk"), ("pk", "name"))
CODES, FEATURES = ["eng", "jpn", "fra"], ["81A", "85A", "143G"]
POOL = ["eng", "jpn", "81A-eng", "81A-", "-eng", "1", "2", "99", '"', '"a,b"', 'a"b', "ID", "pk"]
LIMIT = 131_072
"""Characters of a field of Python's csv module."""


def files(rng: random.Random) -> dict[str, bytes]:
    """The three files, of which one is mutated."""
    languages = ["ID,Name,ISO639P3code", "eng,English,eng", "jpn,Japanese,jpn", "zul,Zulu,zul"]
    languages += ["fre,French,fra", 'sco,"Scots, Lowland",eng']
    elements = ["pk,id,name", "1,81A-1,SOV", '2,81A-2,"SVO, mostly"', "3,85A-1,Prepositions"]
    values = ["pk,id,domainelement_pk"]
    for number, language in enumerate(["eng", "jpn", "fre", "sco", "zul"]):
        if rng.random() < 0.8:
            values.append(f"{number},81A-{language},{rng.choice('12')}")
        if rng.random() < 0.5:
            values.append(f"{number + 50},85A-{language},3")
    texts = ["\n".join([*lines, ""]) for lines in (languages, values, elements)]
    changed = rng.randrange(3)
    return {
        name: mutated_text(rng, text, ",", POOL) if place == changed else text.encode()
        for place, (name, text) in enumerate(zip(NAMES, texts, strict=True))
    }


def rows(text: str) -> tuple[list[list[str]], bool] | None:
    """The rows of CSV text, and whether it is beyond doubt; ``None`` if it is none."""
    found: list[list[str]] = [[]]
    field, state, clear = "", "start", True
    for character in text:
        if state == "quoted":
            if character == '"':
                state = "closed"
            else:
                field += character
                clear &= character != "\n"
        elif character == '"' and state in ("start", "closed"):
            # Two quotation marks within quotes are one.
            field += '"' if state == "closed" else ""
            clear &= state == "start" or bool(field)
            state = "quoted"
        elif character in ",\n":
            clear &= state != "closed" or bool(field)
            found[-1].append(field)
            field, state = "", "start"
            if character == "\n":
                found.append([])
        elif state == "closed":
            return None
        else:
            field, state = field + character, "plain"
    if state == "quoted":
        return None
    if field or found[-1] or state == "closed":
        found[-1].append(field)
    return [row for row in found if row not in ([], [""])], clear


def table_of(raw: bytes, columns: Sequence[str]) -> list[dict[str, str]] | Verdict | None:
    """The rows of a CSV file by column, why it is refused, or ``None`` if it is in doubt."""
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    if text.startswith(("\ufeff", "\n", "\r\n")):
        return refuse("byte-order mark, or no header")
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        return refuse("carriage return")
    found = rows(text)
    if found is None:
        return refuse("quotes")
    table, clear = found
    if not clear:
        return None
    if not table or any(table[0].count(column) != 1 for column in columns):
        return refuse("header")
    if any(len(row) != len(table[0]) for row in table):
        return refuse("columns")
    if any(len(cell) > LIMIT for row in table for cell in row):
        return refuse("field too long")
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def judge(content: dict[str, bytes]) -> Verdict:
    """The meaning: language → feature → name of its value."""
    tables: list[list[dict[str, str]]] = []
    beyond_doubt = True
    for name, columns in zip(NAMES, COLUMNS, strict=True):
        table = table_of(content[name], columns)
        if isinstance(table, Verdict):
            return table
        if table is None:
            beyond_doubt = False
            continue
        tables.append(table)
    if not beyond_doubt:
        return either()
    return _meaning(*tables)


def _meaning(
    languages: list[dict[str, str]], values: list[dict[str, str]], elements: list[dict[str, str]]
) -> Verdict:
    iso = {row["ID"]: row["ISO639P3code"] for row in languages if row["ISO639P3code"] in CODES}
    names = {row["pk"]: row["name"] for row in elements}
    found: dict[str, dict[str, str]] = {}
    for row in values:
        feature, dash, language = row["id"].partition("-")
        if not (feature and dash and language):
            return refuse("id of a value")
        if feature in FEATURES and language in iso:
            if not names.get(row["domainelement_pk"], "").strip():
                return refuse("value without a name")
            if feature in found.setdefault(language, {}):
                return refuse("two values")
            found[language][feature] = names[row["domainelement_pk"]]
    best = {}
    for code in CODES:
        some = sorted((-len(found[k]), k) for k in found if iso[k] == code)
        if some:
            best[code] = found[some[0][1]]
    return accept(best)


class Wals(Reader):
    """``read_wals``."""

    def make(self, rng: random.Random) -> dict[str, bytes]:
        return files(rng)

    def judge(self, content: dict[str, bytes]) -> Verdict:
        return judge(content)

    def read(self, content: dict[str, bytes]) -> Any:
        for name, data in content.items():
            (self.folder / name).write_bytes(data)
        return read_wals(*(self.folder / name for name in NAMES), CODES, FEATURES)


SUBJECT = Wals
