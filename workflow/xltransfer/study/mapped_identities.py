"""Identities of the jobs of mapped word vectors: see ``identities``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..records.code import stage_digest
from ..runtime.files import digest
from .contents import remembered
from .mapped_vectors import ENCODER, GIVEN

if TYPE_CHECKING:
    from .identities import Identities


class MappedIdentities:
    """The identities of the jobs of a study's word vectors.

    Args:
        identities: identities of the study.
    """

    def __init__(self, identities: Identities) -> None:
        self._all, self._mapped = identities, identities.study.mapped
        self.known: dict[tuple[Any, ...], str] = {}

    @remembered
    def vectors(self, name: str, language: str) -> str:
        """Identity of the word vectors of a language.

        Args:
            name: name of the embeddings.
            language: code of the language.
        """
        item = self._mapped.embeddings[name]
        if item.kind == GIVEN:
            file = item.files[language]
            if "url" in file:
                content = self._all.download(self._mapped.download(name, language))
            else:
                content = self._all.local_file(self._mapped.given_file(name, language, ""))
            most = self._mapped.section["maximum_words"]
            return digest([content, file["checksum"], most, stage_digest("check_vectors")])
        of = [self._mapped.vectors_config(name), self._all.made.text(item.texts[language])]
        if item.kind == ENCODER:
            encoder = self._all.encoder(item.settings["name"])
            return digest([*of, encoder, stage_digest("represent_words")])
        return digest([*of, stage_digest("train_vectors")])

    def dictionary(self, code: str, part: str) -> str:
        """Identity of a part of a dictionary."""
        if self._mapped.study.catalogue.dictionaries[code].is_embedded:
            config = self._mapped.embedded_dictionary_config(code)
            words = self._mapped.embedded_words(code)
            return digest([config, words, part, stage_digest("embedded_dictionary")])
        file = self._all.download(self._mapped.study.downloads.dictionary(code, part))
        return digest([file, stage_digest("check_dictionary")])

    @remembered
    def map(self, name: str, code: str, method: str) -> str:
        """Identity of a map.

        Args:
            name: name of the embeddings.
            code: code of the dictionary.
            method: name of the method.
        """
        mapped = self._mapped
        of = [mapped.map_config(method), self._sides(name, code), stage_digest("map_vectors")]
        if mapped.uses_dictionary(method):
            of.append(self.dictionary(code, "train"))
        return digest(of)

    def translation(self, name: str, code: str, method: str) -> str:
        """Identity of the translation of test words by a map; arguments as for ``map``."""
        parallel = self._mapped.study.parallel
        return digest(
            [
                self._mapped.translation_config(name, code),
                self.map(name, code, method),
                self._sides(name, code),
                self.dictionary(code, "test"),
                [
                    self._all.corpus("treebanks", bank, parallel.split)
                    for bank in self._mapped.treebanks(code)
                ],
                stage_digest("translate_words"),
            ]
        )

    def translation_job(self, name: str, code: str) -> str:
        """Identity of the job that translates test words by all maps, whatever their order."""
        methods = sorted(self._mapped.methods)
        return digest([self.translation(name, code, method) for method in methods])

    def translations(self) -> dict[str, str]:
        """Identities of all translations by embeddings, dictionary and method."""
        return {" ".join(of): self.translation(*of) for of in self._mapped.maps}

    def _sides(self, name: str, code: str) -> list[str]:
        entry = self._mapped.dictionaries[code]
        return [self.vectors(name, side) for side in (entry.source, entry.target)]
