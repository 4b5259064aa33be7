"""The varieties of unseen languages, and the corpora derived for them.

Corpora made from catalogued ones (split, transliterated) are added to the catalogue here; later
stages treat them like catalogued ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..corpora.catalogue import SPLITS, Corpus, CorpusFile
from ..corpora.formats import FORMATS
from ..runtime.errors import InputError

if TYPE_CHECKING:
    from .study import Study

RELEASED, HASHED, FOLDS = "released", "hashed", "folds"
"""Splits of a corpus: as released, by hash, or into folds for cross-validation."""


@dataclass(frozen=True)
class Variety:
    """An unseen language in one script.

    Attributes:
        code: code in the catalogue of languages.
        original: variety it is transliterated from, or ``""``.
        scheme: transliteration scheme, or ``""``.
        text: code of its raw text.
        corpora: annotated corpora by task: one, or one for each fold of a cross-validation.
        splits: split of the corpus of each task: ``RELEASED``, ``HASHED`` or ``FOLDS``.
    """

    code: str
    original: str
    scheme: str
    text: str
    corpora: Mapping[str, tuple[str, ...]]
    splits: Mapping[str, str]


@dataclass(frozen=True)
class Made:
    """The derivation of a corpus from another.

    Attributes:
        original: code of the other corpus.
        scheme: transliteration scheme; ``""`` if the corpus is split instead.
        split: type of split, ``HASHED`` or ``FOLDS``; ``""`` if the corpus is transliterated.
    """

    original: str
    scheme: str
    split: str


class Varieties:
    """All varieties of a study, with the corpora derived for them.

    Args:
        study: study to read; derived corpora are added to its catalogue.
        tasks: tasks of the varieties' models.
        folds: number of folds of the cross-validation.

    Attributes:
        by_code: varieties, in the order of the configuration.
        made: folder of results → code → derivation of the corpus.

    Raises:
        InputError: a language, corpus or variety is not in the catalogue, or a corpus lacks a part.
    """

    def __init__(self, study: Study, tasks: list[str], folds: int) -> None:
        self._study, self._tasks, self._folds = study, tasks, folds
        self.made: dict[str, dict[str, Made]] = {folder: {} for folder in FORMATS}
        self.by_code: dict[str, Variety] = {}
        for place, item in enumerate(study.config["unseen"]["languages"]):
            for variety in self._read(item, f"config: unseen.languages.{place}"):
                if variety.code in self.by_code:
                    raise InputError(
                        f"config: unseen.languages.{place}: '{variety.code}' is listed twice"
                    )
                self.by_code[variety.code] = variety

    def _read(self, item: Mapping[str, Any], key: str) -> Iterator[Variety]:
        catalogue, code = self._study.catalogue, item["language"]
        if code not in catalogue.languages:
            raise InputError(f"{key}: no language '{code}' in {catalogue.directory}/languages.tsv")
        if item["text"] not in catalogue.raw_corpora:
            raise InputError(
                f"{key}.text: no '{item['text']}' in {catalogue.directory}/raw_corpora.tsv; "
                "add its row there"
            )
        corpora, splits = {}, {}
        for task in self._tasks:
            table = self._study.kind(task).corpora
            if item[table] is not None:
                place = f"{key}.{table}"
                split = self._split(table, item[table], item["split"], place)
                corpora[task] = self._divided(table, item[table], split)
                splits[task] = split
        if not corpora:
            raise InputError(f"{key}: no annotated corpus for any task of `unseen.tasks`")
        original = Variety(code, "", "", item["text"], corpora, splits)
        yield original
        for variety in item["transliterated"]:
            yield self._transliterated(original, variety, f"{key}.transliterated")

    def _split(self, table: str, code: str, wanted: str, key: str) -> str:
        """The split of a corpus; a corpus with all parts is used as released."""
        known = getattr(self._study.catalogue, table)
        if code not in known:
            raise InputError(f"{key}: no '{code}' in the catalogue of {table}; add its row there")
        missing = [part for part in SPLITS if part not in known[code].splits]
        if not known[code].splits:
            raise InputError(f"{key}: {code} has no files; choose another corpus")
        if missing and wanted == RELEASED:
            raise InputError(
                f"{key}: {code} has no {missing[0]} part; write `split: folds` for "
                "cross-validation, or `split: hashed` for one split by a hash of its sentences"
            )
        return wanted if missing else RELEASED

    def _divided(self, table: str, code: str, split: str) -> tuple[str, ...]:
        """Codes of the corpora that a corpus is split into, each with all three parts."""
        if split == RELEASED:
            return (code,)
        language = getattr(self._study.catalogue, table)[code].language
        if split == HASHED:
            return (self._add(table, f"{code}_{HASHED}", Made(code, "", HASHED), language),)
        return tuple(
            self._add(table, f"{code}_fold_{number}", Made(code, "", FOLDS), language)
            for number in range(1, self._folds + 1)
        )

    def _transliterated(self, original: Variety, variety: str, key: str) -> Variety:
        code = original.code
        known = self._study.catalogue.transliterations.get(variety)
        if known is None or known.original != code:
            raise InputError(
                f"{key}: no row that makes '{variety}' of '{code}' in "
                f"{self._study.catalogue.directory}/transliterations.tsv; add it there"
            )
        corpora = {
            task: tuple(
                self._add(
                    self._study.kind(task).corpora,
                    _renamed(corpus, code, variety),
                    Made(corpus, known.scheme, ""),
                    variety,
                )
                for corpus in divided
            )
            for task, divided in original.corpora.items()
        }
        text = _renamed(original.text, code, variety)
        self.made["raw_text"][text] = Made(original.text, known.scheme, "")
        return Variety(variety, code, known.scheme, text, corpora, original.splits)

    def _add(self, table: str, code: str, made: Made, language: str) -> str:
        known: dict[str, Corpus] = getattr(self._study.catalogue, table)
        nothing = CorpusFile("", "", "", None)
        files = dict.fromkeys(SPLITS, nothing)
        known[code] = replace(known[made.original], code=code, language=language, files=files)
        self.made[table][code] = made
        return code


def _renamed(corpus: str, language: str, variety: str) -> str:
    """The code of a corpus in another variety: ``ug_udt`` becomes ``ug_latn_udt``."""
    return variety + corpus.removeprefix(language)
