"""The catalogues of languages and corpora, and the origins of their files.

The catalogues are small tab-separated tables in ``resources/``; a new language needs rows there.
Imports are light because the Snakefile reads the catalogues whenever it is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    CORPUS,
    ISO_639_3,
    ISO_15924,
    LANGUAGE,
    check_code,
    check_path,
    check_prefix,
    check_text,
)
from .classification_corpora import ClassificationCorpus, read_classification_corpora
from .corpus_files import SPLITS, CorpusFile, CorpusWithFiles
from .dictionary_catalogue import Dictionary, read_dictionary_catalogue
from .embedded_world.languages import EMBEDDED_FAMILY
from .identifier_catalogue import read_identifiers
from .parallel_corpora import ParallelCorpus, read_parallel_corpora
from .question_corpora import QuestionCorpus, read_question_corpora
from .raw_corpora import COLUMNS as RAW_COLUMNS
from .raw_corpora import RawCorpus, read_raw_corpora, read_raw_files
from .relation_corpora import RELATIONS, ROLES, RelationCorpus, read_relation_corpora
from .table_reader import add_once, check_choices, file_cells, read_table
from .transliteration.schemes import read_schemes
from .typology_catalogue import TypologicalDatabase, read_typological_databases

EMBEDDED = "embedded"
"""Suffix of the codes of corpora that the embedded world generates."""
LARGEST_ANNOTATED = 1 << 30
"""Maximum bytes of an annotated or typological file whose size is not in the catalogue. Files of
Universal Dependencies have up to several hundred megabytes."""
LARGEST_RAW = 1 << 36
"""Maximum bytes of a raw corpus. The dump of the English Wikipedia has about 25 GB."""
EXTENSIBLE = (
    *("languages.tsv", "treebanks.tsv", "treebank_files.tsv", "entity_corpora.tsv"),
    *("entity_files.tsv", "raw_corpora.tsv", "raw_files.tsv", "encoders.tsv"),
    *("typology_databases.tsv", "typology_files.tsv", "language_identifiers.tsv"),
)
"""Tables to which a study can append rows of its own."""
_ENTITY_CHOICES = {
    "layout": ("columns", "wikiann", "uner"),
    "scheme": ("iob1", "iob2", "bioes"),
    "broken_tags": ("refuse", "repair"),
}
COLUMNS = {
    "languages.tsv": ("code", "name", "iso", "script", "family"),
    "treebanks.tsv": ("treebank", "language", "name", "licence"),
    "treebank_files.tsv": ("treebank", "release", "split", "file", "bytes", "checksum", "url"),
    "entity_corpora.tsv": (
        *("corpus", "language", "name", "licence", *_ENTITY_CHOICES, "encoding"),
    ),
    "entity_files.tsv": ("corpus", "split", "file", "checksum", "url"),
    "raw_corpora.tsv": RAW_COLUMNS,
    "encoders.tsv": (
        *("hub", "revision", "vocabulary", "positions", "hidden", "layers", "intermediate"),
    ),
}
"""Columns of the tables to which rows are added; tables in this order refer only to earlier ones,
but for files, which follow their corpus."""


@dataclass(frozen=True)
class Language:
    """A variety: a language in a script.

    Attributes:
        code: code as in treebank names (``en``), with the script if it is not the usual one
            (``ug_latn``).
        name: English name.
        iso: ISO 639-3 code.
        script: ISO 15924 code.
        family: family and branch.
    """

    code: str
    name: str
    iso: str
    script: str
    family: str

    @property
    def top_family(self) -> str:
        """The family without its branch: the text before the first comma.

        Families of the embedded world have no common ancestor, so for them it is the whole entry.
        """
        name = self.family.partition(",")[0].strip()
        return self.family if self.family.startswith(EMBEDDED_FAMILY) else name


Entries = TypeVar("Entries", bound=dict)


@dataclass(frozen=True, kw_only=True)
class Corpus(CorpusWithFiles):
    """A treebank, or a corpus of named entities.

    Attributes:
        release: release of Universal Dependencies (``2.17``); ``""`` for other corpora.
        layout, scheme, broken_tags, encoding: format of named entities (``corpora/iob.py``).
    """

    release: str = ""
    layout: str = ""
    scheme: str = ""
    broken_tags: str = ""
    encoding: str = ""


@dataclass(frozen=True)
class Transliteration:
    """A variety made by transliteration.

    Attributes:
        original: code of the original variety.
        scheme: name of the scheme in ``transliteration/schemes.tsv``.
    """

    original: str
    scheme: str


class Catalogue:
    """All languages and corpora.

    Args:
        directory: folder of ``languages.tsv``, ``treebanks.tsv``, ``treebank_files.tsv``,
            ``entity_corpora.tsv``, ``entity_files.tsv``, ``raw_corpora.tsv``, ``raw_files.tsv``,
            ``parallel_corpora.tsv``, ``parallel_files.tsv``, ``relation_corpora.tsv``,
            ``relation_files.tsv``, ``relation_labels.tsv``, ``transliterations.tsv``,
            ``typology_databases.tsv``, ``typology_files.tsv``, ``dictionaries.tsv``,
            ``question_corpora.tsv``, ``question_files.tsv``, ``classification_corpora.tsv``,
            ``classification_files.tsv`` and ``language_identifiers.tsv``.
        ud_release: newest release to use; each treebank has its latest catalogued release up to
            this one.
        added: folder of further tables, named as in ``EXTENSIBLE`` and with the same columns,
            whose rows are appended; a study's key ``catalogue``.

    Attributes:
        languages, treebanks, entities, relations, roles, raw_corpora, parallel_corpora,
            dictionaries, questions, classification, typology, identifiers: entries by code.
        raw_files: all files of raw corpora by code, in order.
        schemes: transliteration schemes by name.
        transliterations: transliterated varieties by code.

    Raises:
        InputError: a table lacks a column, repeats a code or refers to a missing entry.
    """

    def __init__(
        self, directory: Path | str, ud_release: str, added: Path | str | None = None
    ) -> None:
        self.directory = Path(directory)
        self.added = None if added is None else _checked_folder(Path(added))
        self.languages = self._read_languages()
        self.treebanks = self._read_treebanks(self._read_treebank_files(ud_release))
        self.entities = self._read_entities(self._read_entity_files())
        annotated = self._read_relations()
        self.relations: dict[str, RelationCorpus] = annotated[RELATIONS]
        self.roles: dict[str, RelationCorpus] = annotated[ROLES]
        self.typology: dict[str, TypologicalDatabase] = read_typological_databases(
            self.tables("typology_databases.tsv"), self.tables("typology_files.tsv")
        )
        self.identifiers = read_identifiers(self.tables("language_identifiers.tsv"))
        self.schemes = read_schemes(self.directory / "transliteration")
        self.transliterations = self._read_transliterations()
        self.raw_corpora: dict[str, RawCorpus] = {}
        for table in self.tables("raw_corpora.tsv"):
            for code, corpus in read_raw_corpora(table).items():
                add_once(self.raw_corpora, code, corpus, f"{table}: {code}")
        self._in_known_languages("raw_corpora.tsv", self.raw_corpora, "language")
        self.raw_files = read_raw_files(self.tables("raw_files.tsv"), self.raw_corpora)
        self.parallel_corpora: dict[str, ParallelCorpus] = self._in_known_languages(
            "parallel_corpora.tsv", read_parallel_corpora(self.directory), "first", "second"
        )
        dictionaries = read_dictionary_catalogue(self.directory / "dictionaries.tsv")
        self.dictionaries: dict[str, Dictionary] = self._in_known_languages(
            "dictionaries.tsv", dictionaries, "source", "target"
        )
        questions = read_question_corpora(self.directory)
        self.questions: dict[str, QuestionCorpus] = self._in_known_languages(
            "question_corpora.tsv", questions, "language", "question_language"
        )
        self.classification: dict[str, ClassificationCorpus] = self._in_known_languages(
            "classification_corpora.tsv", read_classification_corpora(self.directory), "language"
        )

    def tables(self, name: str) -> list[Path]:
        """The table of a name, and the one that the study adds, if there is one."""
        added = [] if self.added is None else [self.added / name]
        return [self.directory / name, *(path for path in added if path.exists())]

    def _rows(self, name: str) -> Iterator[tuple[str, dict[str, str]]]:
        for table in self.tables(name):
            yield from read_table(table, COLUMNS[name])

    def _read_languages(self) -> dict[str, Language]:
        languages: dict[str, Language] = {}
        for place, row in self._rows("languages.tsv"):
            check_code(LANGUAGE, row["code"], place, "code")
            check_code(ISO_639_3, row["iso"], place, "iso")
            check_code(ISO_15924, row["script"], place, "script")
            for column in ("name", "family"):
                check_text(row[column], place, column)
            language = Language(**{column: row[column] for column in COLUMNS["languages.tsv"]})
            add_once(languages, language.code, language, place)
        return languages

    def _read_treebank_files(self, ud_release: str) -> dict[str, dict[str, dict[str, CorpusFile]]]:
        """Treebank → its newest release → split → file."""
        newest: dict[str, dict[str, dict[str, CorpusFile]]] = {}
        limit = _version(ud_release, "ud_release")
        for place, row in self._rows("treebank_files.tsv"):
            version = _version(row["release"], place)
            check_choices(row, {"split": SPLITS}, place)
            check_code(CORPUS, row["treebank"], place, "treebank")
            file = _file(row, place)
            if version > limit:
                continue
            known = newest.setdefault(row["treebank"], {})
            if any(_version(release, place) > version for release in known):
                continue
            for release in [r for r in known if _version(r, place) < version]:
                del known[release]
            add_once(known.setdefault(row["release"], {}), row["split"], file, place)
        return newest

    def _read_treebanks(
        self, files: dict[str, dict[str, dict[str, CorpusFile]]]
    ) -> dict[str, Corpus]:
        treebanks: dict[str, Corpus] = {}
        for place, _, cells in self._corpora("treebanks.tsv"):
            release, splits = next(iter(files.get(cells["code"], {}).items()), ("", {}))
            treebank = Corpus(files=splits, release=release, **cells)
            add_once(treebanks, treebank.code, treebank, place)
        self._check_codes(files, treebanks, "treebank_files.tsv", "treebanks.tsv")
        return treebanks

    def _read_entity_files(self) -> dict[str, dict[str, CorpusFile]]:
        """Corpus → split → file."""
        files: dict[str, dict[str, CorpusFile]] = {}
        for place, row in self._rows("entity_files.tsv"):
            check_choices(row, {"split": SPLITS}, place)
            code = check_code(CORPUS, row["corpus"], place, "corpus")
            add_once(files.setdefault(code, {}), row["split"], _file(row, place), place)
        return files

    def _read_entities(self, files: dict[str, dict[str, CorpusFile]]) -> dict[str, Corpus]:
        corpora: dict[str, Corpus] = {}
        for place, row, cells in self._corpora("entity_corpora.tsv"):
            check_choices(row, _ENTITY_CHOICES, place)
            _check_encoding(row["encoding"], place)
            corpus = Corpus(files=files.get(cells["code"], {}), **cells)
            add_once(corpora, corpus.code, corpus, place)
        self._check_codes(files, corpora, "entity_files.tsv", "entity_corpora.tsv")
        return corpora

    def _corpora(self, table: str) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
        """Place, row, and attributes of each corpus of a table."""
        key, *columns = COLUMNS[table]
        for place, row in self._rows(table):
            check_path(row["name"], place, "name")
            check_text(row["licence"], place, "licence")
            code = check_code(CORPUS, row[key], place, key)
            self._check_language(row["language"], place)
            check_prefix(code, [row["language"]], place, key)
            yield place, row, {"code": code, **{column: row[column] for column in columns}}

    def _read_relations(self) -> dict[str, dict[str, RelationCorpus]]:
        """Corpora of relations and roles by annotation and code."""
        found = read_relation_corpora(self.directory)
        for code, corpus in (pair for corpora in found.values() for pair in corpora.items()):
            place = f"{self.directory}/relation_corpora.tsv: {code}"
            self._check_language(corpus.language, place)
            if corpus.treebank:
                table = "treebanks.tsv"
                self._check_row("treebank", corpus.treebank, self.treebanks, table, place)
        return found

    def _read_transliterations(self) -> dict[str, Transliteration]:
        known: dict[str, Transliteration] = {}
        columns = ("variety", "original", "scheme")
        for place, row in read_table(self.directory / "transliterations.tsv", columns):
            self._check_language(row["variety"], place)
            self._check_language(row["original"], place)
            table = "transliteration/schemes.tsv"
            self._check_row("scheme", row["scheme"], self.schemes, table, place)
            add_once(known, row["variety"], Transliteration(row["original"], row["scheme"]), place)
        return known

    def _in_known_languages(self, table: str, entries: Entries, *columns: str) -> Entries:
        """The entries of a table, after a check that these columns have known languages."""
        for code, entry in entries.items():
            for column in columns:
                self._check_language(getattr(entry, column), f"{self.directory}/{table}: {code}")
        return entries

    def _check_language(self, code: str, place: str) -> None:
        self._check_row("language", code, self.languages, "languages.tsv", place)

    def _check_row(self, what: str, name: str, known: Container, table: str, place: str) -> None:
        """Raise an error if a table has no row for what another row names."""
        if name not in known:
            raise InputError(
                f"{place}: no {what} '{name}' in {self.directory / table}; add its row there"
            )

    def _check_codes(self, files: dict, corpora: dict, table: str, catalogue: str) -> None:
        for code in files:
            if code not in corpora:
                raise InputError(
                    f"{self.directory / table}: no row '{code}' in {self.directory / catalogue}; "
                    "add it there"
                )


def _checked_folder(folder: Path) -> Path:
    """The folder of a study's own tables.

    Raises:
        InputError: it does not exist, or has a table that would not be read.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder, which `catalogue` names; correct the key, or remove it"
        )
    for table in sorted(folder.glob("*.tsv")):
        if table.name not in EXTENSIBLE:
            raise InputError(
                f"{table}: none of the tables that a study can extend ({', '.join(EXTENSIBLE)}); "
                "rename or remove it"
            )
    return folder


def _file(row: dict[str, str], place: str) -> CorpusFile:
    """The file of a row, after checks that its values are safe."""
    size = row.get("bytes") or None
    if size is not None and not re.fullmatch(r"[1-9][0-9]{0,15}", size):
        raise InputError(f"{place}: bytes '{size[:80]}' is no number of bytes; correct or empty it")
    return CorpusFile(*file_cells(row, place), int(size) if size else None)


def _version(text: str, place: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}", text):
        raise InputError(f"{place}: '{text}' is no release number like 2.17")
    return tuple(int(part) for part in text.split("."))


def _check_encoding(encoding: str, place: str) -> None:
    try:
        known = "a".encode(encoding).decode(encoding) == "a"
    except (LookupError, ValueError):
        known = False
    if not known:
        raise InputError(
            f"{place}: encoding '{encoding}' is none that Python knows; write utf-8 or its name"
        )
