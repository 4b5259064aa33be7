"""Parallel texts of a study: which are used, how they are cleaned, what they must lack."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..corpora.checksums import UNCHECKED
from ..corpora.parallel_corpora import (
    DEV,
    GENERATED,
    PARTS,
    TEST,
    TRAIN,
    ParallelCorpus,
    ParallelFile,
)
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .raw_texts import evaluation_files_of
from .recipes import PARALLEL_TEXT

if TYPE_CHECKING:
    from .study import Study


class ParallelTexts:
    """The parallel texts that encoders are trained on.

    Args:
        study: study that uses them.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def codes(self) -> list[str]:
        """Codes of all parallel texts that recipes or analyses name."""
        named = [
            code
            for encoder in self.study.declared_encoders.values()
            if encoder.recipe is not None
            for code in encoder.recipe.texts(PARALLEL_TEXT)
        ]
        return list(dict.fromkeys([*named, *self.study.measured_translations.texts]))

    def check(self) -> None:
        """Raise an error for unknown parallel texts and for settings that would leave no pair.

        Raises:
            InputError: names the key and the remedy.
        """
        for code in self.codes:
            if code not in self.study.catalogue.parallel_corpora:
                raise InputError(
                    f"config: encoders: no parallel text '{code}' in the catalogue of "
                    "parallel_corpora; add its row there, or correct `parallel_text`"
                )
        settings = self.study.config.get("parallel_cleaning")
        if settings is None:
            if self.codes:
                raise InputError(
                    "config: parallel_cleaning: the key is missing, and encoders are trained on "
                    "parallel text; config.yaml shows and explains it"
                )
            return
        if settings["minimum_characters"] > settings["maximum_characters"]:
            raise InputError(
                "config: parallel_cleaning.minimum_characters: above maximum_characters, so that "
                "no pair is long enough; lower it"
            )
        for code in self.codes:
            published = self._corpus(code).files
            for share, part in (("held_out_share", DEV), ("test_share", TEST)):
                if not settings[share] and part not in published:
                    raise InputError(
                        f"config: parallel_cleaning.{share}: is 0, but {code} publishes no such "
                        "part; raise it"
                    )
        if settings["held_out_share"] + settings["test_share"] >= 1:
            raise InputError(
                "config: parallel_cleaning: held_out_share and test_share leave no pair to train "
                "on; lower one of them"
            )

    def languages(self, code: str) -> tuple[str, str]:
        """Codes of the first and the second language of a parallel text."""
        corpus = self._corpus(code)
        return corpus.first, corpus.second

    def evaluation_files(self, code: str) -> tuple[list[str], list[str]]:
        """The development and test parts of all annotated corpora, for both languages of a text.

        Returns:
            Files below the folder of results, of the first and of the second language.
        """
        first, second = self.languages(code)
        return evaluation_files_of(self.study, first), evaluation_files_of(self.study, second)

    def is_generated(self, code: str) -> bool:
        """Whether the embedded world generates a parallel text."""
        return code.endswith(GENERATED)

    def generated_file(self, code: str) -> str:
        """The file that the embedded world generates, below the folder of results."""
        first, second = self.languages(code)
        return f"corpora/{first}-{second}-embedded.tsv"

    def downloads(self, code: str) -> list[str]:
        """The files of a parallel text, below the folder of downloads, in the order of ``config``.

        Empty if the embedded world generates it.
        """
        return [f"parallel/{file.name}" for _, file in self._files(code)]

    def config(self, code: str) -> str:
        """Canonical JSON of the cleaning of a parallel text."""
        corpus = self._corpus(code)
        files = self._files(code)
        generated = self.is_generated(code)
        return canonical_json(
            {
                **self.study.config["parallel_cleaning"],
                "first": corpus.first,
                "second": corpus.second,
                "layout": {
                    "name": corpus.layout,
                    "first": self._names(corpus.first),
                    "second": self._names(corpus.second),
                    "columns": list(corpus.columns),
                    "header": corpus.header,
                },
                "parts": [TRAIN] if generated else [part for part, _ in files],
                "checksums": [UNCHECKED] if generated else [file.checksum for _, file in files],
            }
        )

    def _names(self, language: str) -> list[str]:
        """Codes by which files name a language: its own without the script, and ISO 639-3."""
        code = language.partition("_")[0]
        return list(dict.fromkeys([code, self.study.catalogue.languages[language].iso]))

    def _corpus(self, code: str) -> ParallelCorpus:
        return self.study.catalogue.parallel_corpora[code]

    def _files(self, code: str) -> list[tuple[str, ParallelFile]]:
        """Part and file of each file of a parallel text."""
        files = self._corpus(code).files
        return [(part, file) for part in PARTS for file in files.get(part, ())]
