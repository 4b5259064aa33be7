"""Text that is translated word for word by a dictionary, as a study configures it.

An item of the section ``dictionary_text`` is raw text, which recipes of encoders name by the item's
name, or a translation of annotated corpora, which the training of a task names, or both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..corpora.checksums import UNCHECKED
from ..corpora.dictionary_catalogue import Dictionary
from ..corpora.formats import FORMATS
from ..records import paths
from ..records.code import stage_digest
from ..runtime.errors import InputError
from ..runtime.files import canonical_json, digest
from ..runtime.safe_values import check_prefix
from .named_texts import Part
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

KEY = "dictionary_text"
"""Key of the section, and of the trainings that name one of its items."""
RAW_PARTS = ("training", "held_out")
TRAINING_PARTS = ("train", "dev")
_DECISIVE = ("share", "minimum_words", "seed", "shuffled", "inverted", "with_original")


@dataclass(frozen=True)
class DictionaryText:
    """An item of the section.

    Attributes:
        name: name of the item, which is also the code of the raw text.
        dictionary: the dictionary.
        parts: parts of the dictionary that are used.
        raw_text: code of the raw text that is translated; ``""`` for none.
        settings: the other keys of the item.
    """

    name: str
    dictionary: Dictionary
    parts: tuple[str, ...]
    raw_text: str
    settings: Mapping[str, Any]

    @property
    def source(self) -> str:
        """Code of the language that is translated."""
        inverted = self.settings["inverted"]
        return self.dictionary.target if inverted else self.dictionary.source

    @property
    def target(self) -> str:
        """Code of the language that is translated into."""
        inverted = self.settings["inverted"]
        return self.dictionary.source if inverted else self.dictionary.target

    @property
    def config(self) -> str:
        """Canonical JSON of the settings of the translation."""
        return canonical_json({key: self.settings[key] for key in _DECISIVE})


class DictionaryTexts:
    """The section ``dictionary_text`` of a study; without it, there are no items.

    Args:
        study: study with this section.

    Raises:
        InputError: two items have one name, or a dictionary is not in the catalogue.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self.items: dict[str, DictionaryText] = {}
        for item in study.config.get(KEY, ()):
            if item["name"] in self.items:
                raise InputError(f"config: {KEY}: two items are named '{item['name']}'; rename one")
            self.items[item["name"]] = self._read(item)

    def _read(self, item: Mapping[str, Any]) -> DictionaryText:
        known = self._study.catalogue.dictionaries
        if item["dictionary"] not in known:
            raise InputError(
                f"config: {KEY}: '{item['name']}': no '{item['dictionary']}' in "
                f"{self._study.catalogue.directory / 'dictionaries.tsv'}; add its rows there"
            )
        entry = known[item["dictionary"]]
        parts = tuple(sorted(item["parts"]))
        return DictionaryText(item["name"], entry, parts, item.get("raw_text", ""), item)

    @property
    def raw_texts(self) -> list[str]:
        """Names of the items that are raw text."""
        return [name for name, item in self.items.items() if item.raw_text]

    def dictionary_files(self, results: str, name: str) -> list[str]:
        """The parts of the dictionary of an item."""
        item = self.items[name]
        return [paths.dictionary(results, item.dictionary.code, part) for part in item.parts]

    def of_training(self, encoder: str, task: str, source: str) -> str:
        """The item whose translation of a source corpus a model is trained on; ``""`` for none."""
        if (task, source) in self._study.unseen.pairs:
            return ""
        training = self._study.finetuning_settings(encoder, task, source)["training"]
        return training.get(KEY, "")

    def training_file(self, name: str, task: str, source: str, part: str) -> str:
        """Path of a translated part of a source corpus, below the folder of results."""
        kind = self._study.kind(task)
        place = paths.dictionary_text("", name, kind.corpora, source, f"{part}{kind.suffix}")
        return place.removeprefix("/")

    def files(self) -> dict[tuple[str, Part], None]:
        """The items and the corpora and raw texts that they translate, without repetitions."""
        study, found = self._study, {}
        used = set(study.raw_texts.codes)
        for name in self.raw_texts:
            if name in used:
                found |= {(name, ("raw_text", self.items[name].raw_text, p)): None
                          for p in RAW_PARTS}  # fmt: skip
        for task, name in self._trainings():
            folder = study.kind(task).corpora
            for source in study.sources(task):
                found |= {(name, (folder, source, part)): None for part in TRAINING_PARTS}
        return found

    def _trainings(self) -> Iterator[tuple[str, str]]:
        """Task and item of every training that names an item."""
        for task in self._study.tasks:
            if name := self._study.config[task]["training"].get(KEY):
                yield task, name

    def reports(self, results: str) -> list[str]:
        """The report of every translation."""
        return [self._report(results, *of) for of in self.files()]

    @staticmethod
    def _report(results: str, name: str, file: Part) -> str:
        folder, corpus, part = file
        # One text is made from one other, whose name is not in the path.
        corpus = name if folder == "raw_text" else corpus
        return paths.dictionary_text_report(results, name, folder, corpus, part)

    def identity(self, name: str, file: Part) -> str:
        """Identity of the translation of a part of a corpus or raw text."""
        item, identities = self.items[name], self._study.identities
        words = {p: identities.mapped.dictionary(item.dictionary.code, p) for p in item.parts}
        keeps = file[0] == "raw_text" and self._study.raw_texts.keeps_evaluation_sentences
        of = [item.config, words, keeps, stage_digest("translate_by_dictionary")]
        return digest([*of, identities.made.part(*file)])

    def identities(self) -> list[Any]:
        """Identities of all translations."""
        return [[name, *file, self.identity(name, file)] for name, file in self.files()]

    def table_config(self) -> str:
        """Canonical JSON of the content of the table."""
        return canonical_json(
            {
                **self._study.described,
                "translations": [
                    {
                        "name": name,
                        "dictionary": self.items[name].dictionary.code,
                        "source": self.items[name].source,
                        "target": self.items[name].target,
                        "shuffled": self.items[name].settings["shuffled"],
                        "share": self.items[name].settings["share"],
                        "report": self._report("", name, file).removeprefix("/"),
                        "folder": file[0],
                        "corpus": file[1],
                        "part": file[2],
                    }
                    for name, file in self.files()
                ],
            }
        )

    def check(self) -> None:
        """Raise an error for items that contradict the catalogue or the tasks.

        Raises:
            InputError: names the key and the remedy.
        """
        study = self._study
        for name, item in self.items.items():
            key = f"config: {KEY}: '{name}'"
            check_prefix(name, [item.target], key, "name")
            if name in study.catalogue.raw_corpora:
                raise InputError(
                    f"{key}: a raw text of the catalogue has this name; choose another"
                )
            missing = [part for part in item.parts if part not in item.dictionary.files]
            if missing:
                raise InputError(
                    f"{key}: '{item.dictionary.code}' has no {missing[0]} part; correct `parts`"
                )
            if item.raw_text:
                self._check_raw_text(key, item)
            files = item.dictionary.files.values()
            unchecked = any(file.checksum == UNCHECKED for file in files)
            if unchecked and not (
                item.dictionary.is_embedded or study.config["keep"]["ablated_weights"]
            ):
                raise InputError(
                    f"config: keep.ablated_weights: the catalogue has no checksum of "
                    f"{item.dictionary.code}, so that a changed file would go unnoticed; write it "
                    "there, or keep the weights"
                )
        for task, name in self._trainings():
            self._check_training(task, name)
        for task, training in (study.unseen.section.get("training") or {}).items():
            if study.unseen.tasks and KEY in training:
                raise InputError(
                    f"config: unseen.training.{task}.{KEY}: models of unseen languages are trained "
                    "in their own language, which needs no translation; remove the key"
                )

    def _check_raw_text(self, key: str, item: DictionaryText) -> None:
        known = self._study.catalogue.raw_corpora
        if item.raw_text not in known:
            raise InputError(
                f"{key}: no text '{item.raw_text}' in the catalogue of raw_corpora; add its row "
                "there, or correct `raw_text`"
            )
        language = known[item.raw_text].language
        if language != item.source:
            raise InputError(
                f"{key}: '{item.raw_text}' is of the language '{language}', but "
                f"'{item.dictionary.code}' translates '{item.source}'; correct one"
            )

    def _check_training(self, task: str, name: str) -> None:
        study, key = self._study, f"config: {task}.training.{KEY}"
        if name not in self.items:
            raise InputError(
                f"{key}: no item '{name}' under `{KEY}`; it has: {', '.join(self.items) or 'none'}"
            )
        if not FORMATS[study.kind(task).corpora].has_varieties:
            raise InputError(
                f"{key}: only treebanks and named entities are translated by a dictionary; remove "
                "the key"
            )
        for encoder in encoders_of(study, task):
            if not study.declared_encoders[encoder].pretrained:
                raise InputError(
                    f"{key}: '{encoder}' would look up the translations among the word vectors of "
                    f"the source language; remove the key, or name others under `{task}.encoders`"
                )
            if study.made_encoders.languages(encoder):
                raise InputError(
                    f"{key}: '{encoder}' has language embeddings, and would be told that the "
                    "translations are of the source language; remove the key, or name others under "
                    f"`{task}.encoders`"
                )
        for source in study.sources(task):
            language = study.language(task, source)
            if language != self.items[name].source:
                raise InputError(
                    f"{key}: {source} is of the language '{language}', but '{name}' translates "
                    f"'{self.items[name].source}'; choose another item"
                )


def dictionaries_of(study: Study) -> dict[str, Dictionary]:
    """The dictionaries that a study uses, for maps of word vectors or for text, by code."""
    items = DictionaryTexts(study).items.values()
    return dict(study.mapped.dictionaries) | {i.dictionary.code: i.dictionary for i in items}


def dictionary_codes(study: Study, embedded: bool) -> list[str]:
    """Codes of the dictionaries that the embedded world generates, or of the others."""
    return [c for c, entry in dictionaries_of(study).items() if entry.is_embedded == embedded]
