"""Files of CLDF StructureDatasets, whose languages have Glottocodes only.

CSV is split by the oracle of ``wals.py``.
"""

from __future__ import annotations

import random
from typing import Any

from xltransfer.corpora.cldf import read_cldf

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text
from .wals import table_of

COLUMNS = {
    "languages": ("ID", "Glottocode"),
    "values": ("Language_ID", "Parameter_ID", "Value", "Code_ID"),
    "codes": ("ID", "Parameter_ID", "Name"),
    "glottocodes": ("Glottocode", "ISO639P3code"),
}
CODES, FEATURES = ["eng", "jpn", "fra"], ["GB020", "GB021", "N1"]
POOL = ["eng", "jpn", "GB020-0", "GB020-9", "GB021", "N1", "?", "", '"', '"a,b"', "ID", "Value"]


def files(rng: random.Random) -> dict[str, bytes]:
    """The four files, of which one is mutated."""
    tables = {
        "languages": ["ID,Name,Glottocode", "e,English,stan1293", "j,Japanese,nucl1643"],
        "glottocodes": ["Glottocode,ISO639P3code", "stan1293,eng", "nucl1643,jpn", "indo1319,"],
        "codes": ["ID,Parameter_ID,Name", 'GB020-0,GB020,"no, never"', "GB020-1,GB020,yes"],
        "values": ["ID,Language_ID,Parameter_ID,Value,Code_ID", "v,z,N1,7,", "w,z,GB021,1,GB021-1"],
    }
    tables["languages"] += ["s,Scots,stan1293", "z,Zulu,zulu1248"]
    tables["codes"].append("GB021-1,GB021,1")
    for language in "ejsz":
        if rng.random() < 0.8:
            value = rng.choice(["0,GB020-0", "1,GB020-1", "?,"])
            tables["values"].append(f"a{language},{language},GB020,{value}")
        if rng.random() < 0.5 and language != "z":
            tables["values"].append(f"b{language},{language},N1,{rng.choice('0?5')},")
    changed = rng.choice(list(tables))
    texts = {name: "\n".join([*lines, ""]) for name, lines in tables.items()}
    return {
        name: mutated_text(rng, text, ",", POOL) if name == changed else text.encode()
        for name, text in texts.items()
    }


def judge(content: dict[str, bytes]) -> Verdict:
    """The meaning: language → feature → name of its value."""
    tables: dict[str, list[dict[str, str]]] = {}
    beyond_doubt = True
    for name, columns in COLUMNS.items():
        table = table_of(content[name], columns)
        if isinstance(table, Verdict):
            return table
        if table is None:
            beyond_doubt = False
            continue
        if name == "languages" and any("ISO639P3code" in row for row in table):
            beyond_doubt = False
        tables[name] = table
    return _meaning(tables) if beyond_doubt else either()


def _meaning(tables: dict[str, list[dict[str, str]]]) -> Verdict:
    by_glottocode = {row["Glottocode"]: row["ISO639P3code"] for row in tables["glottocodes"]}
    iso = {row["ID"]: by_glottocode.get(row["Glottocode"], "") for row in tables["languages"]}
    if not any(iso.values()):
        return refuse("no ISO code")
    names = {row["ID"]: row for row in tables["codes"]}
    coded = {row["Parameter_ID"] for row in names.values()}
    if {*FEATURES} - {row["Parameter_ID"] for row in tables["values"]}:
        return refuse("unknown feature")
    found: dict[str, dict[str, str]] = {}
    for row in tables["values"]:
        feature, language = row["Parameter_ID"], row["Language_ID"]
        if feature not in FEATURES or iso.get(language) not in CODES:
            continue
        value = "" if feature in coded else row["Value"]
        if row["Code_ID"]:
            code = names.get(row["Code_ID"])
            if code is None or code["Parameter_ID"] != feature or not code["Name"].strip():
                return refuse("no name")
            value = code["Name"]
        if value.strip() in ("", "?"):
            continue
        if feature in found.setdefault(language, {}):
            return refuse("two values")
        found[language][feature] = value
    best = {}
    for code in CODES:
        some = sorted((-len(found[k]), k) for k in found if iso[k] == code)
        if some:
            best[code] = found[some[0][1]]
    return accept(best)


class Cldf(Reader):
    """``read_cldf``."""

    def make(self, rng: random.Random) -> dict[str, bytes]:
        return files(rng)

    def judge(self, content: dict[str, bytes]) -> Verdict:
        return judge(content)

    def read(self, content: dict[str, bytes]) -> Any:
        paths = {name: self.folder / f"{name}.csv" for name in content}
        for name, path in paths.items():
            path.write_bytes(content[name])
        return read_cldf(paths, CODES, FEATURES)


SUBJECT = Cldf
