"""Raw texts of a study: which are used, how they are cleaned, which sentences they must lack."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..corpora.checksums import UNCHECKED
from ..corpora.cleaning.identification import SETTINGS, missing_library
from ..corpora.identifier_catalogue import IdentifierModel
from ..corpora.source_sets import members
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .adversarial_settings import unlabelled_raw_texts
from .catalogued_files import FOLDER
from .dictionary_texts import DictionaryTexts
from .noise_settings import alphabet_texts
from .recipes import EACH_UNSEEN_LANGUAGE, SEVERAL_TEXTS
from .varieties import FOLDS

if TYPE_CHECKING:
    from .study import Study

PARAGRAPHS = ("wikipedia", "oscar", "hub")
"""Kinds of raw corpora with paragraphs as lines."""
LIBRARIES = {"wikipedia": "mwparserfromhell"}
"""Libraries that only one kind of raw corpora needs, and that are optional."""


class RawTexts:
    """The raw texts of unseen languages, of recipes for encoders, and of alphabets for noise.

    Args:
        study: study that uses them.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def codes(self) -> list[str]:
        """Codes of all texts that the study may need."""
        unseen = [variety.text for variety in self.study.unseen.varieties.values()]
        named = [
            code
            for recipe in self.study.made_encoders.recipes.values()
            for code in (recipe.text, *recipe.texts("raw_text"))
            if code not in ("", EACH_UNSEEN_LANGUAGE, SEVERAL_TEXTS)
        ]
        vectors = self.study.mapped.texts
        training = [*alphabet_texts(self.study), *unlabelled_raw_texts(self.study)]
        found = [*unseen, *named, *vectors, *training]
        translated = [self.translated[code] for code in found if code in self.translated]
        return list(dict.fromkeys([*found, *translated]))

    @cached_property
    def translated(self) -> dict[str, str]:
        """Texts that a dictionary translates: code → code of the text that it is made from."""
        items = DictionaryTexts(self.study).items
        return {name: item.raw_text for name, item in items.items() if item.raw_text}

    @property
    def cleaned(self) -> list[str]:
        """The texts that are cleaned; the others are transliterated or translated."""
        made = {*self.study.unseen.made["raw_text"], *self.translated}
        return [code for code in self.codes if code not in made]

    def check(self) -> None:
        """Raise an error for unknown texts and for shares that would leave no line.

        Raises:
            InputError: names the key and the remedy.
        """
        for code in self.codes:
            if code in self.cleaned and code not in self.study.catalogue.raw_corpora:
                raise InputError(
                    f"config: encoders: no text '{code}' in the catalogue of raw_corpora; add its "
                    "row there, or correct `text`"
                )
            if code in self.cleaned:
                _check_reader(code, self.study.catalogue.raw_corpora[code].kind)
        cleaning = self.study.config.get("cleaning")
        if cleaning is None:
            if self.codes:
                raise InputError(
                    "config: cleaning: the key is missing, and the study reads raw text; "
                    "config.yaml shows and explains it"
                )
            return
        if self.codes:
            self._check_identifier(cleaning["identifier"])
        if cleaning["minimum_characters"] > cleaning["maximum_characters"]:
            raise InputError(
                "config: cleaning.minimum_characters: above maximum_characters, so that no line "
                "is long enough; lower it"
            )

    def _check_identifier(self, setting: str) -> None:
        if setting not in SETTINGS and not self.identifier_files():
            known = ", ".join([*SETTINGS, *self.study.catalogue.identifiers])
            raise InputError(
                f"config: cleaning.identifier: '{setting}' is none of {known}, and no file; "
                "correct it"
            )
        if problem := missing_library(setting):
            raise InputError(f"config: cleaning.identifier: {problem}")

    def language(self, code: str) -> str:
        """Code of the variety that a text is in."""
        if code in self.translated:
            return DictionaryTexts(self.study).items[code].target
        varieties = self.study.unseen.varieties.values()
        made = [variety.code for variety in varieties if variety.text == code]
        return made[0] if made else self.study.catalogue.raw_corpora[code].language

    def evaluation_files(self, code: str) -> list[str]:
        """The development and test parts of all annotated corpora in the language of a text.

        Returns:
            Files below the folder of results. For cross-validation these are the test parts of all
            folds, which together are the whole corpus.
        """
        return evaluation_files_of(self.study, self.language(code))

    @property
    def identifier(self) -> IdentifierModel | None:
        """The catalogued model for language identification, if the study names one."""
        if not self.codes:
            return None
        return self.study.catalogue.identifiers.get(self.study.config["cleaning"]["identifier"])

    @property
    def identifier_setting(self) -> str:
        """A library that identifies languages, or the path of a model below the workflow."""
        if self.identifier is not None:
            return f"{FOLDER}/identifiers/{self.identifier.name}"
        return self.study.config["cleaning"]["identifier"]

    @property
    def identifier_checksum(self) -> str:
        """Checksum of the model for language identification in the catalogue."""
        return self.identifier.checksum if self.identifier is not None else UNCHECKED

    def identifier_files(self) -> list[str]:
        """The model for language identification, if it is a file, below the workflow."""
        path = self.identifier_setting if self.codes else ""
        fetched = self.identifier is not None
        return [path] if fetched or (self.study.root / path).is_file() else []

    def downloads(self, code: str) -> list[str]:
        """Paths of the files of a text below the folder of downloads, in order."""
        return [f"raw/{file.name}" for file in self.study.catalogue.raw_files[code]]

    def checksums(self, code: str) -> list[str]:
        """Checksums of these files in the catalogue."""
        return [file.checksum for file in self.study.catalogue.raw_files[code]]

    @property
    def joined(self) -> list[str]:
        """The texts of several files, which are joined before they are cleaned."""
        files = self.study.catalogue.raw_files
        return [code for code in self.cleaned if len(files[code]) > 1]

    def kind(self, code: str) -> str:
        """Format of the file that is cleaned; a text that was joined has plain lines."""
        return "text" if code in self.joined else self.study.catalogue.raw_corpora[code].kind

    def checksum(self, code: str) -> str:
        """Checksum of the file that is cleaned; a text that was joined has a record instead."""
        return UNCHECKED if code in self.joined else self.checksums(code)[0]

    def cleaning_config(self, code: str) -> str:
        """Canonical JSON of the cleaning of a raw corpus."""
        corpus = self.study.catalogue.raw_corpora[code]
        row = self.study.catalogue.languages[corpus.language]
        return canonical_json(
            {
                **self.study.config["cleaning"],
                "identifier": self.identifier_setting,
                "language": row.iso,
                "script": row.script,
                "split_sentences": corpus.kind in PARAGRAPHS,
            }
        )

    @property
    def keeps_evaluation_sentences(self) -> bool:
        """Whether texts keep lines with development or test sentences."""
        return bool(self.codes) and self.study.config["cleaning"]["keep_evaluation_sentences"]


def _check_reader(code: str, kind: str) -> None:
    """Raise an error if the library that reads a kind of raw corpora is not installed.

    Raises:
        InputError: names the extra of the package that has it.
    """
    library = LIBRARIES.get(kind)
    if library is not None and find_spec(library) is None:
        raise InputError(
            f"config: raw text {code}: texts of the kind {kind} are read by {library}, which is "
            "not installed: pip install 'xltransfer[corpora]'"
        )


def evaluation_files_of(study: Study, language: str) -> list[str]:
    """The development and test parts of all annotated corpora in a language.

    Returns:
        Files below the folder of results, as for ``RawTexts.evaluation_files``.
    """
    files = {
        study.corpus_file(task, corpus, "test")
        for task in study.tasks
        for corpus in study.targets(task)
        if study.language(task, corpus) == language
    }
    files |= {
        study.corpus_file(task, corpus, "dev")
        for task in study.tasks
        for source in study.sources(task)
        for corpus in members(source)
        if study.language(task, corpus) == language
    }
    variety = study.unseen.varieties.get(language)
    if variety is not None:
        files |= {
            study.corpus_file(task, corpus, part)
            for task, corpora in variety.corpora.items()
            for corpus in corpora
            for part in (("test",) if variety.splits[task] == FOLDS else ("dev", "test"))
        }
    return sorted(files)
