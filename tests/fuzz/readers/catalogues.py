"""The catalogues in ``resources``: languages, corpora, files, raw text, transliterations.

The oracle knows which cells become parts of paths, of commands and of addresses, and restates what
these may be; where it does not know whether a value is used, both answers are right.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from xltransfer.corpora.catalogue import Catalogue

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text

HEX = "0123456789abcdef" * 4
SUM = f"sha256:{HEX}"
TABLES = {
    "languages.tsv": "code\tname\tiso\tscript\tfamily\n"
    "ar\tArabic\tara\tArab\tAfro-Asiatic, Semitic\n"
    "ar_latn\tArabic (Latin)\tara\tLatn\tAfro-Asiatic\n"
    "wo\tWolof\twol\tLatn\tAtlantic-Congo\n",
    "treebanks.tsv": "treebank\tlanguage\tname\tlicence\n"
    "ar_pud\tar\tUD_Arabic-PUD\tCC BY-SA 3.0\nwo_wtb\two\tUD_Wolof-WTB\tCC BY-SA 4.0\n",
    "treebank_files.tsv": "treebank\trelease\tsplit\tfile\tbytes\tchecksum\turl\n"
    f"ar_pud\t2.5\ttest\tar_pud-ud-test.conllu\t1000\t{SUM}\thttps://example.org/a\n"
    f"ar_pud\t2.17\ttest\tar_pud-ud-test.conllu\t\tgit-sha1:{HEX[:40]}\thttps://example.org/b\n"
    f"wo_wtb\t2.17\ttrain\two_wtb-ud-train.conllu\t\t{SUM}\thttps://example.org/c\n",
    "entity_corpora.tsv": "corpus\tlanguage\tname\tlicence\tlayout\tscheme\tbroken_tags\tencoding\n"
    "wo_ner\two\tMasakhaNER2/wol\tCC BY-NC 4.0\tcolumns\tiob2\trepair\tutf-8\n",
    "entity_files.tsv": "corpus\tsplit\tfile\tchecksum\turl\n"
    f"wo_ner\ttrain\ttrain.txt\t{SUM}\thttps://example.org/d\nwo_ner\ttest\ttest.txt\tunchecked\t\n",
    "typology_databases.tsv": "database\tname\tlayout\tlicence\n"
    "wals\tWALS\twals\tCC BY 4.0\ngrambank\tGrambank\tcldf\tCC BY 4.0\n",
    "typology_files.tsv": "database\ttable\tfile\tchecksum\turl\n"
    f"wals\tlanguages\twals/languages.csv\t{SUM}\thttps://example.org/e\n"
    f"wals\tvalues\twals/raw/value.csv\t{SUM}\thttps://example.org/e\n"
    f"wals\tcodes\twals/raw/elements.csv\t{SUM}\thttps://example.org/e\n"
    "grambank\tlanguages\tgrambank/languages.csv\tunchecked\thttps://example.org/e\n"
    "grambank\tvalues\tgrambank/values.csv\tunchecked\t\n"
    f"grambank\tglottocodes\twals/languages.csv\t{SUM}\thttps://example.org/e\n",
    "raw_corpora.tsv": "corpus\tlanguage\tname\tkind\tfile\tchecksum\turl\tlicence\n"
    f"wo_lafand\two\tLAFAND-MT\ttext\twol/train.txt\t{SUM}\t\tGPL-3.0\n"
    "wo_wiki\two\tWikipedia\thub\two/a.parquet\tunchecked\t"
    f"hf://datasets/w/wiki@{HEX[:40]}/a.parquet\tCC BY-SA\n",
    "language_identifiers.tsv": "identifier\tname\tfile\tchecksum\turl\tlicence\n"
    f"lid-176\tlid.176\tlid.176.bin\t{SUM}\thttps://example.org/k\tCC BY-SA 3.0\n"
    "glot-3\tGlotLID\tglot/3.bin\tunchecked\t\tApache-2.0\n",
    "raw_files.tsv": "corpus\tfile\tchecksum\turl\n"
    f"wo_wiki\two/b.parquet\t{SUM}\thf://datasets/w/wiki@{HEX[:40]}/b.parquet\n"
    "wo_wiki\two/c.parquet\tunchecked\t\n",
    "parallel_corpora.tsv": "corpus\tfirst\tsecond\tname\tlayout\tcolumns\theader\tlicence\n"
    "ar_wo_news\tar\two\tNews\ttsv\tidentifier first second\tno\tCC0-1.0\n"
    "wo_ar_bible\two\tar\tBible\tmoses\t\t\tCC0-1.0\n",
    "parallel_files.tsv": "corpus\tpart\tside\tfile\tchecksum\turl\n"
    f"ar_wo_news\ttrain\tboth\tnews/a.tsv\t{SUM}\thttps://example.org/f\n"
    "ar_wo_news\ttest\tboth\tnews/b.tsv\tunchecked\t\n"
    f"wo_ar_bible\ttrain\tfirst\tbible/a.wo\t{SUM}\thttps://example.org/g\n"
    f"wo_ar_bible\ttrain\tsecond\tbible/a.ar\t{SUM}\t\n",
    "dictionaries.tsv": "dictionary\tsource\ttarget\tname\tpart\tfile\tchecksum\turl\tlicence\n"
    f"ar_wo_muse\tar\two\tMUSE\ttrain\tm/a.txt\t{SUM}\thttps://example.org/h\tCC0-1.0\n"
    "ar_wo_muse\tar\two\tMUSE\ttest\tm/b.txt\tunchecked\t\tCC0-1.0\n",
    "question_corpora.tsv": "corpus\tlanguage\tquestion_language\tname\tlicence\tnormalisation\t"
    "articles\tidentifiers\n"
    "ar_xquad\tar\tar\tXQuAD\tCC BY-SA 4.0\tsquad\tby_article\t\n"
    "ar_mlqa_question_wo\tar\two\tMLQA_V1\tCC BY-SA 3.0\tmlqa\tall\tarabic-\n",
    "question_files.tsv": "corpus\tsplit\tfile\tchecksum\turl\n"
    f"ar_xquad\ttrain\txquad.ar.json\t{SUM}\thttps://example.org/i\n"
    f"ar_xquad\ttest\txquad.ar.json\t{SUM}\thttps://example.org/i\n"
    "ar_mlqa_question_wo\ttest\ttest/a.json\tunchecked\t\n",
    "classification_corpora.tsv": "corpus\tlanguage\tname\tlicence\tlayout\n"
    "ar_xnli\tar\tXNLI\tCC BY-NC 4.0\txnli-hub\nwo_sib200\two\tSIB-200\tCC BY-SA 4.0\tsib-200\n",
    "classification_files.tsv": "corpus\tsplit\tfile\tchecksum\turl\n"
    f"ar_xnli\tdev\tar/a.parquet\tunchecked\thf://datasets/f/xnli@{HEX[:40]}/a.parquet\n"
    f"wo_sib200\ttrain\two/train.tsv\t{SUM}\thttps://example.org/j\n"
    "wo_sib200\ttest\two/test.tsv\tunchecked\t\n",
    "transliterations.tsv": "variety\toriginal\tscheme\nar_latn\tar\tbuckwalter\n",
    "transliteration/schemes.tsv": "scheme\tdescription\tkind\ttables\tlanguage\treversible\t"
    "source\n"
    "buckwalter\tArabic\ttable\ta.tsv b.tsv\t\tyes\tBuckwalter 2002\n"
    "uroman\tall\turoman\t\tara\tno\tHermjakob et al. 2018\n",
}
"""Valid tables with the columns that readers ask for."""
UNCHANGED = {
    "relation_corpora.tsv": "corpus\tannotation\tlanguage\tname\tlicence\tlayout\tlabels\tmetric\t"
    "treebank",
    "relation_files.tsv": "corpus\tsplit\tfile\tsentences\tchecksum\turl",
    "relation_labels.tsv": "set\tlabel",
}
"""Tables without rows, which are not mutated here."""
CODES = {
    *("code", "treebank", "corpus", "language", "variety", "original", "scheme", "first", "second"),
}
DICTIONARIES = "dictionaries.tsv"
SETS = {
    "split": {"train", "dev", "test"},
    "layout": {
        *("columns", "wikiann", "uner", "tsv", "identifiers", "moses", "tmx", "dataset"),
        *("xnli", "xnli-hub", "xnli-json-lines", "paws-x", "paws-x-hub", "sib-200", "table"),
        *("wals", "cldf"),
    },
    "table": {"languages", "values", "codes", "glottocodes"},
    "part": {"train", "dev", "test"},
    "side": {"both", "first", "second"},
    "header": {"yes", "no", ""},
    "broken_tags": {"refuse", "repair"},
    "reversible": {"yes", "no"},
    "normalisation": {"squad", "mlqa"},
    "articles": {"all", "by_article"},
}
KINDS = {
    "raw_corpora.tsv": {"wikipedia", "leipzig", "oscar", "hub", "text"},
    "transliteration/schemes.tsv": {"table", "uroman", "hepburn"},
}
TAGGING = {"iob1", "iob2", "bioes"}
POOL = [
    "ar", "wo", "ar_latn", "ar_pud", "wo_wtb", "wo_ner", "xx", "xx_yy", "2.5", "2.17", "2.99",
    "2.١", "2.-5", "test", "train", "sha256:1234", f"md5:{HEX[:32]}", SUM.upper(), "unchecked",
    "../../etc", "/etc/passwd", ".hidden", "a b", "a;b", "$(id)", "file:///etc/passwd", "utf-8",
    "latin-1", "hex", "utf-99", "columns", "iob2", "repair", "text", "table", "buckwalter", "0",
    "-1", "+5", "x" * 300, "https://u:p@example.org/a", "hf://datasets/a", "yes", "a.tsv",
]  # fmt: skip


def rows(data: bytes) -> list[dict[str, str]] | str:
    """The rows of a table, or what is wrong with it."""
    try:
        text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return "not UTF-8"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", text):
        return "control character"
    header, *lines = text.split("\n")
    names = header.split("\t")
    found = [line.split("\t") for line in lines if line]
    if any(len(row) != len(names) for row in found):
        return "number of columns"
    if any(len(cell) > 2000 for row in [names, *found] for cell in row):
        return "over-long cell"
    return [dict(zip(names, row, strict=True)) for row in found]


def judge(content: dict[str, bytes]) -> Verdict:
    """The meaning: the codes of each part of the catalogue, in order."""
    tables = {}
    for name, text in TABLES.items():
        columns = text.partition("\n")[0].split("\t")
        found = rows(content[name])
        if isinstance(found, str):
            return refuse(f"{name}: {found}")
        header = content[name].decode("utf-8-sig").replace("\r\n", "\n").partition("\n")[0]
        if any(header.split("\t").count(column) != 1 for column in columns):
            return refuse(f"{name}: header")
        tables[name] = found
        for row in found:
            problem = _problem(name, row)
            if problem:
                return refuse(f"{name}: {problem}: {row!r:.600}")
    problem = _problem_of_references(tables)
    if problem:
        return refuse(problem)
    if any(content[name] != text.encode() for name, text in TABLES.items()):
        return either(_meaning(tables))
    return accept(_meaning(tables))


def _problem(table: str, row: dict[str, str]) -> str:
    """What must not be in a row, whatever the other rows are."""
    for column, value in row.items():
        is_code = table == DICTIONARIES and column in ("dictionary", "source", "target")
        if is_code and (not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", value) or len(value) > 255):
            return f"code '{value}' in {column}"
        if table == DICTIONARIES and column == "part" and value == "dev":
            return "part of a dictionary"
        if column in CODES and not (table.endswith("schemes.tsv") and column == "language"):
            code = r"[a-z0-9]+(-[a-z0-9]+)*" if column == "scheme" else r"[a-z0-9]+(_[a-z0-9]+)*"
            is_tagging = table == "entity_corpora.tsv" and column == "scheme"
            if not is_tagging and (not re.fullmatch(code, value) or len(value) > 255):
                return f"code '{value}' in {column}"
        if column == "database" and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
            return f"database '{value}'"
        if column == "checksum" and not re.fullmatch(
            "sha256:[0-9a-f]{64}|git-sha1:[0-9a-f]{40}|unchecked", value
        ):
            return f"checksum '{value}'"
        if column == "file" and _leaves(value):
            return f"file '{value}'"
        if column == "tables" and any(_leaves(part) for part in value.split()):
            return f"tables '{value}'"
        if column == "bytes" and not re.fullmatch("[0-9]*", value):
            return f"bytes '{value}'"
        if column == "release" and not re.fullmatch(r"[0-9]+\.[0-9]+", value):
            return f"release '{value}'"
        if column in SETS and value not in SETS[column]:
            return f"{column} '{value}'"
        if column == "url" and value and not re.match("https?://|hf://", value):
            return f"url '{value}'"
        if column == "kind" and value not in KINDS[table]:
            return f"kind '{value}'"
        if column == "encoding" and not re.fullmatch("utf-?(8|16|32)|latin-?1", value):
            known = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]*", value)
            if not known or value in ("hex", "utf-99"):
                return f"encoding '{value}'"
    if table == "entity_corpora.tsv" and row["scheme"] not in TAGGING:
        return f"tagging scheme '{row['scheme']}'"
    return ""


def _leaves(path: str) -> bool:
    """Whether a path leaves its folder or is none."""
    parts = path.split("/")
    return any(part in ("", "..") or part.startswith(".") or len(part) > 255 for part in parts)


def _problem_of_references(tables: dict[str, list[dict[str, str]]]) -> str:
    languages = [row["code"] for row in tables["languages.tsv"]]
    keys = {
        "languages.tsv": ("code",),
        "treebanks.tsv": ("treebank",),
        "entity_corpora.tsv": ("corpus",),
        "entity_files.tsv": ("corpus", "split"),
        "typology_databases.tsv": ("database",),
        "typology_files.tsv": ("database", "table"),
        "raw_corpora.tsv": ("corpus",),
        "raw_files.tsv": ("corpus", "file"),
        "language_identifiers.tsv": ("identifier",),
        "parallel_corpora.tsv": ("corpus",),
        "parallel_files.tsv": ("corpus", "part", "side"),
        DICTIONARIES: ("dictionary", "part"),
        "question_corpora.tsv": ("corpus",),
        "question_files.tsv": ("corpus", "split"),
        "classification_corpora.tsv": ("corpus",),
        "classification_files.tsv": ("corpus", "split"),
        "transliterations.tsv": ("variety",),
        "transliteration/schemes.tsv": ("scheme",),
    }
    for name, columns in keys.items():
        found = [tuple(row[column] for column in columns) for row in tables[name]]
        if len(set(found)) != len(found):
            return f"{name}: a code twice"
        if name != "transliteration/schemes.tsv":
            for row in tables[name]:
                own = {"source", "target"} if name == DICTIONARIES else set()
                for column in ({"language", "first", "second"} | own) & set(row):
                    if row[column] not in languages:
                        return f"{name}: no language {row[column]}"
    problem = _problem_of_prefixes(tables)
    if problem:
        return problem
    corpora = {row["corpus"] for row in tables["entity_corpora.tsv"]}
    if any(row["corpus"] not in corpora for row in tables["entity_files.tsv"]):
        return "entity_files.tsv: no corpus"
    corpora = {row["corpus"] for row in tables["question_corpora.tsv"]}
    if any(row["corpus"] not in corpora for row in tables["question_files.tsv"]):
        return "question_files.tsv: no corpus"
    corpora = {row["corpus"] for row in tables["classification_corpora.tsv"]}
    if any(row["corpus"] not in corpora for row in tables["classification_files.tsv"]):
        return "classification_files.tsv: no corpus"
    problem = _problem_of_parallel_text(
        tables["parallel_corpora.tsv"], tables["parallel_files.tsv"]
    )
    if problem:
        return problem
    corpora = {row["corpus"] for row in tables["raw_corpora.tsv"]}
    if any(row["corpus"] not in corpora for row in tables["raw_files.tsv"]):
        return "raw_files.tsv: no corpus"
    problem = _problem_of_typology(tables["typology_databases.tsv"], tables["typology_files.tsv"])
    if problem:
        return problem
    schemes = {row["scheme"] for row in tables["transliteration/schemes.tsv"]}
    for row in tables["transliterations.tsv"]:
        if row["scheme"] not in schemes or not {row["variety"], row["original"]} <= set(languages):
            return "transliterations.tsv: no scheme or variety"
    return ""


def _problem_of_prefixes(tables: dict[str, list[dict[str, str]]]) -> str:
    """Codes that do not begin with those of their languages, and rows that disagree."""
    for name, column in (
        ("treebanks.tsv", "treebank"),
        ("entity_corpora.tsv", "corpus"),
        ("question_corpora.tsv", "corpus"),
        ("classification_corpora.tsv", "corpus"),
    ):
        for row in tables[name]:
            if not row[column].startswith(f"{row['language']}_"):
                return f"{name}: prefix of {row[column]}"
    known: dict[str, tuple[str, ...]] = {}
    for row in tables[DICTIONARIES]:
        if row["source"] == row["target"]:
            return "a dictionary of one language"
        if not row["dictionary"].startswith(f"{row['source']}_{row['target']}_"):
            return f"prefix of {row['dictionary']}"
        facts = tuple(row[column] for column in ("source", "target", "name", "licence"))
        if known.setdefault(row["dictionary"], facts) != facts:
            return f"rows of {row['dictionary']}"
    return ""


def _problem_of_parallel_text(corpora: list[dict[str, str]], files: list[dict[str, str]]) -> str:
    """Files that are missing or that the layout has no place for."""
    if {row["corpus"] for row in files} - {row["corpus"] for row in corpora}:
        return "parallel_files.tsv: no corpus"
    for row in corpora:
        own = [(file["part"], file["side"]) for file in files if file["corpus"] == row["corpus"]]
        if row["corpus"].endswith("_embedded"):
            if own:
                return "files of the embedded world"
            continue
        if not any(part == "train" for part, _ in own):
            return "no training part"
        for part in {part for part, _ in own}:
            sides = {side for of, side in own if of == part}
            whole = sides == {"both"} and row["layout"] != "identifiers"
            halves = sides == {"first", "second"} and row["layout"] in ("identifiers", "moses")
            if not whole and not halves:
                return f"files of {part}"
    return ""


def _problem_of_typology(databases: list[dict[str, str]], files: list[dict[str, str]]) -> str:
    """Tables that are missing or that the layout does not have."""
    if {row["database"] for row in files} - {row["database"] for row in databases}:
        return "typology_files.tsv: no database"
    for row in databases:
        own = {file["table"] for file in files if file["database"] == row["database"]}
        if not {"languages", "values"} <= own:
            return f"tables of {row['database']}"
        if row["layout"] == "wals" and own != {"languages", "values", "codes"}:
            return f"tables of {row['database']}"
    return ""


def _meaning(tables: dict[str, list[dict[str, str]]]) -> list[list[str]]:
    named = [
        ("languages.tsv", "code"),
        ("treebanks.tsv", "treebank"),
        ("entity_corpora.tsv", "corpus"),
    ]
    named += [("raw_corpora.tsv", "corpus"), ("typology_databases.tsv", "database")]
    named += [("parallel_corpora.tsv", "corpus"), ("question_corpora.tsv", "corpus")]
    named += [("classification_corpora.tsv", "corpus")]
    found = [[row[column] for row in tables[name]] for name, column in named]
    return [*found, list(dict.fromkeys(row["dictionary"] for row in tables[DICTIONARIES]))]


class Catalogues(Reader):
    """``Catalogue``, of tables of which one is mutated."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "transliteration").mkdir()
        for name, header in UNCHANGED.items():
            (folder / name).write_text(f"{header}\n", encoding="utf-8")

    def make(self, rng: random.Random) -> dict[str, bytes]:
        changed = rng.choice(list(TABLES))
        return {
            name: mutated_text(rng, text, "\t", POOL) if name == changed else text.encode()
            for name, text in TABLES.items()
        }

    def judge(self, content: dict[str, bytes]) -> Verdict:
        return judge(content)

    def read(self, content: dict[str, bytes]) -> Any:
        for name, data in content.items():
            (self.folder / name).write_bytes(data)
        found = Catalogue(self.folder, "2.18")
        parts = (
            found.languages,
            found.treebanks,
            found.entities,
            found.raw_corpora,
            found.typology,
            found.parallel_corpora,
            found.questions,
            found.classification,
            found.dictionaries,
        )
        return [list(part) for part in parts]


SUBJECT = Catalogues
