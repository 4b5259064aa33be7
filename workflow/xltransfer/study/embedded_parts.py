"""The embedded world of a study: its sentences, languages and encoder."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from ..corpora.catalogue import EMBEDDED
from ..corpora.embedded_world.languages import Language, place_among_codes, read_language
from ..runtime.files import canonical_json, read_text

if TYPE_CHECKING:
    from .study import Study


STAGES = {
    "questions": "embedded_questions",
    "classification": "embedded_classification",
    "relations": "embedded_relations",
    "roles": "embedded_relations",
}
"""The stages that write corpora of the embedded world, by folder of results; ``embedded_world``
writes the others."""
COMPARABLE = "comparable"
"""Part of raw text with the same sentences in all languages."""


def text_part(code: str) -> str:
    """The part of the world that a raw corpus consists of.

    Args:
        code: code of the raw corpus: ``qaa_embedded`` or ``qaa_comparable_embedded``.
    """
    return COMPARABLE if code.endswith(f"_{COMPARABLE}_{EMBEDDED}") else "text"


class EmbeddedWorld:
    """The embedded world of a study, whose seed is in the configuration.

    Args:
        study: study that uses it.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._tables = study.root / "resources" / "embedded_world"

    def language(self, code: str) -> Language:
        """The parameters of a language."""
        row = self._study.catalogue.languages[code]
        return read_language(self._tables / "languages.tsv", row.code, row.family, row.script)

    def part(self, language: str, name: str) -> str:
        """Canonical JSON of everything that decides a part of the world in a language.

        Args:
            language: code of the language.
            name: name of the part: ``train``, ``dev`` or ``test`` of treebanks and named entities,
                ``text`` or ``comparable``, raw text, or ``parallel_text``.
        """
        return canonical_json(self._part(language, name))

    def corpus(self, folder: str, language: str, split: str) -> str:
        """Canonical JSON of everything that decides a part of an annotated corpus.

        Args:
            folder: folder of results with corpora of this kind.
            language: code of the language.
            split: ``train``, ``dev`` or ``test``.
        """
        own = self._world.get(folder)
        if own is None:
            return self.part(language, split)
        seed = self._study.config["embedded_world"]["seed"]
        return canonical_json(
            {"seed": seed, **own[split], "language": asdict(self.language(language))}
        )

    def parallel_text(self, first: str, second: str) -> str:
        """Canonical JSON of everything that decides the parallel text of two languages."""
        translation = asdict(self.language(second))
        return canonical_json({**self._part(first, "parallel_text"), "translation": translation})

    def _part(self, language: str, name: str) -> dict[str, Any]:
        numbers = self._world["parts"][name]
        first = numbers["first"]
        if not numbers["parallel"]:
            first += place_among_codes(language) * numbers["sentences"]
        return {
            "seed": self._study.config["embedded_world"]["seed"],
            "first": first,
            "sentences": numbers["sentences"],
            "language": asdict(self.language(language)),
        }

    def dictionary(self, source: str, target: str) -> str:
        """Canonical JSON of everything that decides a dictionary of two languages.

        Words are counted in the comparable text.
        """
        part = json.loads(self.part(source, COMPARABLE))
        numbers = {key: part[key] for key in ("seed", "first", "sentences")}
        sides = {"source": part["language"], "target": asdict(self.language(target))}
        return canonical_json({**numbers, **sides})

    @cached_property
    def _world(self) -> dict[str, Any]:
        return yaml.safe_load(read_text(self._tables / "world.yaml"))

    @cached_property
    def encoder(self) -> dict[str, Any]:
        """The pretraining settings of the encoder of the embedded world."""
        return yaml.safe_load(read_text(self._tables / "encoder.yaml"))
