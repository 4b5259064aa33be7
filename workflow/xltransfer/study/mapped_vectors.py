"""Word vectors of a study, the maps between them, and their files."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..corpora.corpus_files import CorpusFile
from ..corpora.dictionary_catalogue import INFLECTED, Dictionary
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from ..runtime.safe_values import check_checksum, check_path, check_url
from .parts import expand

if TYPE_CHECKING:
    from .study import Study

TRAINED, GIVEN, ENCODER = "training", "files", "encoder"
"""Where the vectors of an item of `embeddings` come from: the key that it has."""
WITHOUT_DICTIONARY = ("self-learning", "adversarial")
"""Kinds of methods that use no pairs."""


@dataclass(frozen=True)
class Embeddings:
    """Word vectors of several languages that are made in one way.

    Attributes:
        name: name in paths and tables.
        kind: ``TRAINED``, ``GIVEN`` or ``ENCODER``.
        settings: settings of the training or of the encoder; empty for given files.
        texts: language → code of its raw text; empty for given files.
        files: language → its file, with ``path`` or ``url``, and ``checksum``.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    texts: Mapping[str, str]
    files: Mapping[str, Mapping[str, str]]

    @property
    def languages(self) -> list[str]:
        """Codes of the languages that have vectors."""
        return [*self.texts, *self.files]


class MappedVectors:
    """The section `word_vectors` of a configuration; without it, all lists are empty.

    Args:
        study: study with this section.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.section: Mapping[str, Any] = study.config.get("word_vectors") or {}

    @cached_property
    def embeddings(self) -> dict[str, Embeddings]:
        """The items of `embeddings` by name."""
        return {item["name"]: self._embeddings(item) for item in self._items("embeddings")}

    @cached_property
    def methods(self) -> dict[str, Mapping[str, Any]]:
        """The items of `methods` by name."""
        return {item["name"]: item for item in self._items("methods")}

    @cached_property
    def dictionaries(self) -> dict[str, Dictionary]:
        """The dictionaries of the study by code."""
        return {code: self._dictionary(code) for code in self._items("dictionaries")}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Embeddings and dictionary of every pair of languages that are mapped."""
        return [
            (name, code)
            for name, item in self.embeddings.items()
            for code, entry in self.dictionaries.items()
            if {entry.source, entry.target} <= set(item.languages)
        ]

    @property
    def maps(self) -> list[tuple[str, str, str]]:
        """Embeddings, dictionary and method of every map."""
        return [(*pair, method) for pair in self.pairs for method in self.methods]

    @property
    def texts(self) -> list[str]:
        """Codes of the raw texts that vectors are made from."""
        return [code for item in self.embeddings.values() for code in item.texts.values()]

    def of_kind(self, kind: str) -> list[str]:
        """Names of the embeddings of a kind."""
        return [name for name, item in self.embeddings.items() if item.kind == kind]

    def _items(self, key: str) -> Sequence[Any]:
        return self.section.get(key, ())

    def _embeddings(self, item: Mapping[str, Any]) -> Embeddings:
        kind = next(kind for kind in (TRAINED, ENCODER, GIVEN) if kind in item)
        key, name = "config: word_vectors.embeddings", item["name"]
        texts: dict[str, str] = {}
        for code in item.get("texts", ()):
            corpus = self.study.catalogue.raw_corpora.get(code)
            if corpus is None:
                raise InputError(
                    f"{key}: '{name}': no text '{code}' in the catalogue of raw_corpora; add its "
                    "row there, or correct `texts`"
                )
            _add(texts, corpus.language, code, f"{key}: '{name}'")
        files: dict[str, Mapping[str, str]] = {}
        for file in item.get(GIVEN, ()):
            _add(files, file["language"], file, f"{key}: '{name}'")
        return Embeddings(name, kind, item.get(kind, {}) if kind != GIVEN else {}, texts, files)

    def _dictionary(self, code: str) -> Dictionary:
        known = self.study.catalogue.dictionaries
        if code not in known:
            near = difflib.get_close_matches(code, known, 1)
            remedy = f"did you mean '{near[0]}'?" if near else "add its rows there"
            raise InputError(
                f"config: word_vectors.dictionaries: no '{code}' in "
                f"{self.study.catalogue.directory / 'dictionaries.tsv'}; {remedy}"
            )
        return known[code]

    def uses_dictionary(self, method: str) -> bool:
        """Whether a method reads the training part of the dictionary."""
        item = self.methods[method]
        return item["kind"] not in WITHOUT_DICTIONARY and item["dictionary"] != "identical-strings"

    def downloads(self) -> dict[str, CorpusFile]:
        """The files of vectors that are fetched, by their path below the folder of downloads."""
        return {
            self.download(name, language): CorpusFile(
                file["url"].rpartition("/")[2], file["url"], file["checksum"], None
            )
            for name in self.of_kind(GIVEN)
            for language, file in self.embeddings[name].files.items()
            if "url" in file
        }

    def download(self, name: str, language: str) -> str:
        """Path of a fetched file of vectors below the folder of downloads."""
        file = self.embeddings[name].files[language]["url"].rpartition("/")[2]
        return f"vectors/{name}/{language}-{file}"

    def given_file(self, name: str, language: str, downloads: str) -> str:
        """The file of the vectors of a language, fetched or named by the configuration."""
        file = self.embeddings[name].files[language]
        if "url" in file:
            return f"{downloads}/{self.download(name, language)}"
        return expand(file["path"], f"word_vectors.embeddings: '{name}'")

    def given_paths(self) -> list[str]:
        """Files of vectors that the configuration names, with and without variables expanded."""
        found: dict[str, None] = {}
        for name in self.of_kind(GIVEN):
            for language, file in self.embeddings[name].files.items():
                if "path" in file:
                    found |= dict.fromkeys([file["path"], self.given_file(name, language, "")])
        return list(found)

    def vector_files(self, results: str, name: str, code: str) -> list[str]:
        """The vectors of the source and the target language of a dictionary."""
        entry = self.dictionaries[code]
        return [paths.word_vectors(results, name, side) for side in (entry.source, entry.target)]

    def translation_files(self, results: str) -> list[str]:
        """The results of every map on the test part of its dictionary."""
        return [paths.word_translation(results, *of) for of in self.maps]

    def treebanks(self, code: str) -> list[str]:
        """The parallel treebanks in both languages of a dictionary; empty if one is missing."""
        entry, parallel = self.dictionaries[code], self.study.parallel
        by_language = {parallel.language(bank): bank for bank in parallel.treebanks}
        sides = [by_language.get(side) for side in (entry.source, entry.target)]
        return [bank for bank in sides if bank] if all(sides) else []

    def vectors_config(self, name: str) -> str:
        """Canonical JSON of the settings by which vectors are made from text."""
        item, section = self.embeddings[name], self.section
        most = section["maximum_words"]
        if item.kind == TRAINED:
            settings = {key: value for key, value in item.settings.items() if key != "seed"}
            seed = item.settings["seed"]
            return canonical_json({"training": settings, "seed": seed, "maximum_words": most})
        settings = {key: value for key, value in item.settings.items() if key != "name"}
        word_state = self.study.config["word_state"]
        return canonical_json({**settings, "word_state": word_state, "maximum_words": most})

    def map_config(self, method: str) -> str:
        """Canonical JSON of a method and its normalisation."""
        settings = {key: value for key, value in self.methods[method].items() if key != "name"}
        return canonical_json({"method": settings, **self._common()})

    def translation_config(self, name: str, code: str) -> str:
        """Canonical JSON of the translation of the test words of a dictionary."""
        entry = self.dictionaries[code]
        columns = {
            "embeddings": name,
            "source": entry.source,
            "target": entry.target,
            "dictionary": code,
        }
        return canonical_json({"columns": columns, **self._common()})

    def _common(self) -> dict[str, Any]:
        return {key: self.section[key] for key in ("normalisation", "neighbours")}

    def embedded_dictionary_config(self, code: str) -> str:
        """Canonical JSON of everything that decides a dictionary of the embedded world."""
        entry = self.study.catalogue.dictionaries[code]
        return self.study.embedded_world.dictionary(entry.source, entry.target)

    @staticmethod
    def embedded_words(code: str) -> str:
        """Which words a dictionary of the embedded world has: ``stems`` or inflected ``forms``."""
        return "forms" if code.endswith(INFLECTED) else "stems"

    def table_config(self) -> str:
        """Canonical JSON of the tables."""
        return canonical_json(self.study.described)

    def check(self) -> None:
        """Raise an error for a section that contradicts itself, the catalogue or the encoders.

        Raises:
            InputError: names the key and the remedy.
        """
        for key in ("embeddings", "methods"):
            names = [item["name"] for item in self._items(key)]
            if twice := [name for name in names if names.count(name) > 1]:
                raise InputError(
                    f"config: word_vectors.{key}: two items are named '{twice[0]}'; rename one"
                )
        for item in self.embeddings.values():
            self._check_files(item)
            if item.kind == ENCODER:
                self._check_encoder(item)
        mapped = {code for _, code in self.pairs}
        for code, entry in self.dictionaries.items():
            if code not in mapped:
                raise InputError(
                    f"config: word_vectors.dictionaries: no embeddings have both languages of "
                    f"'{code}', {entry.source} and {entry.target}; add them, or remove it"
                )
            self._check_parts(code, entry)
        if self.dictionaries and not self.methods:
            raise InputError("config: word_vectors.methods: the list is empty; name at least one")

    def _check_files(self, item: Embeddings) -> None:
        for language, file in item.files.items():
            place = f"config: word_vectors.embeddings: '{item.name}', {language}"
            check_checksum(file["checksum"], place)
            if language not in self.study.catalogue.languages:
                raise InputError(f"{place}: no such language in languages.tsv; add its row there")
            if "url" in file:
                check_url(file["url"], place)
                check_path(file["url"].rpartition("/")[2], place, "url")

    def _check_encoder(self, item: Embeddings) -> None:
        name, layer = item.settings["name"], item.settings["layer"]
        encoder = self.study.declared_encoders.get(name)
        key = f"config: word_vectors.embeddings: '{item.name}'"
        if encoder is None or not encoder.pretrained or not encoder.directory:
            raise InputError(
                f"{key}: '{name}' is no single pretrained encoder of `encoders`; add it there"
            )
        if layer > encoder.layers:
            raise InputError(
                f"{key}: the encoder '{name}' has {encoder.layers} layers, not {layer}; choose "
                "another `layer`"
            )

    def _check_parts(self, code: str, entry: Dictionary) -> None:
        needed = {"test": True, "train": any(map(self.uses_dictionary, self.methods))}
        for part, is_needed in needed.items():
            if is_needed and part not in entry.files:
                raise InputError(
                    f"config: word_vectors.dictionaries: '{code}' has no {part} part; add its row "
                    "to dictionaries.tsv, or choose another dictionary or other methods"
                )


def _add(known: dict[str, Any], language: str, value: Any, place: str) -> None:
    if language in known:
        raise InputError(f"{place}: two vectors of the language '{language}'; keep one of them")
    known[language] = value
