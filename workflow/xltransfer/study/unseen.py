"""Languages that the encoder has not seen: their data, and the arms compared on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..corpora.corpus_files import SPLITS
from ..corpora.formats import FORMATS
from ..corpora.transliteration.schemes import scheme_files
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .analyses import drawings_of, tables_of
from .arms import Arms
from .recipes import first_with_tokenizer
from .varieties import FOLDS, HASHED, Made, Varieties, Variety

if TYPE_CHECKING:
    from .study import Study


class UnseenLanguages:
    """The section ``unseen`` of a study.

    Args:
        study: study to read; derived corpora are added to its catalogue.

    Raises:
        InputError: a language, corpus or variety is not in the catalogue, or a corpus lacks a part.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.section: Mapping[str, Any] = study.config["unseen"]
        if self.section["languages"]:
            self._check_section()
        varieties = Varieties(study, self.tasks, self.folds)
        self.varieties: dict[str, Variety] = varieties.by_code
        self.made: dict[str, dict[str, Made]] = varieties.made
        self.arms = Arms(self)

    def _check_section(self) -> None:
        for task in self.section["tasks"]:
            if task not in self.study.tasks:
                raise InputError(
                    f"config: unseen.tasks: '{task}' is not in `tasks`; add it there, "
                    "or empty `unseen.languages`"
                )
            if self.study.kind(task).corpora not in ("treebanks", "entities"):
                raise InputError(
                    f"config: unseen.tasks: '{task}' reads neither treebanks nor named entities, "
                    "which unseen languages have; remove it"
                )
            if task not in self.section["training"]:
                raise InputError(
                    f"config: unseen.training.{task}: the settings for this task are missing; "
                    "config.yaml shows and explains them"
                )

    @property
    def tasks(self) -> list[str]:
        """The tasks that models are compared on."""
        return self.section["tasks"] if self.section["languages"] else []

    @property
    def tables(self) -> list[str]:
        """The tables about unseen languages."""
        return tables_of(self.study, of_unseen=True)

    @property
    def figures(self) -> list[str]:
        """The figures about unseen languages."""
        return [drawing.figure for drawing in drawings_of(self.study, of_unseen=True)]

    @property
    def folds(self) -> int:
        """Number of folds of the cross-validation."""
        return self.section["cross_validation"]["folds"] if self.section["languages"] else 0

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every task with each corpus for training and testing; each fold is a corpus."""
        return [
            (task, corpus)
            for task in self.tasks
            for variety in self.varieties.values()
            for corpus in variety.corpora.get(task, ())
        ]

    @cached_property
    def texts(self) -> dict[str, str]:
        """Annotated corpus → raw text of its variety."""
        return {
            corpus: variety.text
            for variety in self.varieties.values()
            for corpora in variety.corpora.values()
            for corpus in corpora
        }

    def transliterated(self, kind: str) -> list[str]:
        """The corpora in a folder of results that are transliterated."""
        return [code for code, made in self.made[kind].items() if made.scheme]

    def scheme_config(self, kind: str, code: str) -> str:
        """Canonical JSON of the transliteration scheme of a corpus."""
        return canonical_json(asdict(self.study.catalogue.schemes[self.made[kind][code].scheme]))

    def scheme_files(self, kind: str, code: str) -> list[str]:
        """The tables of the transliteration scheme of a corpus."""
        directory = self.study.catalogue.directory / "transliteration"
        return [str(path) for path in scheme_files(self.made[kind][code].scheme, directory)]

    def statistics_files(self, results: str) -> list[str]:
        """The tokenizer statistics of every file that models of a variety see."""
        return [
            paths.tokenizer_statistics(results, encoder, kind, file)
            for encoder in self._with_own_tokenizer
            for kind, file in self._counted
        ]

    @cached_property
    def _with_own_tokenizer(self) -> list[str]:
        """Encoders of arms that differ in their tokenizer; adapted ones have that of their base."""
        declared = self.study.declared_encoders
        arms = [declared[arm] for arm in self.arms.trained if declared[arm].pretrained]
        return list(dict.fromkeys(first_with_tokenizer(encoder, declared).name for encoder in arms))

    @cached_property
    def _counted(self) -> dict[tuple[str, str], Variety]:
        """Folder and file of all data of the models of a variety → the variety."""
        files: dict[tuple[str, str], Variety] = {}
        for variety in self.varieties.values():
            files["raw_text", f"{variety.text}-training"] = variety
            for task, corpora in variety.corpora.items():
                # The parts of one fold together are the whole corpus.
                kind, corpus = self.study.kind(task).corpora, corpora[0]
                files |= {(kind, f"{corpus}-{split}"): variety for split in SPLITS}
        return files

    def counted_file(self, kind: str, file: str) -> str:
        """Path of a file for tokenizer statistics, below the folder of results."""
        code, _, part = file.rpartition("-")
        suffix = FORMATS[kind].suffix
        return f"{kind}/{code}/{part}{suffix}"

    def tokenizer(self, encoder: str, kind: str, file: str) -> str:
        """The tokenizer of an encoder for a file."""
        corpora = next(iter(self._counted[kind, file].corpora.values()))
        return self.study.encoder_files(encoder, corpora[0])[2]

    def statistics_columns(self, encoder: str, kind: str, file: str) -> str:
        """Canonical JSON of the key columns of a row of tokenizer statistics."""
        variety = self._counted[kind, file]
        code, _, part = file.rpartition("-")
        return canonical_json(
            {
                "variety": variety.code,
                "script": self.study.catalogue.languages[variety.code].script,
                "encoder": encoder,
                "corpus": code,
                "part": part,
            }
        )

    def split_config(self, split: str) -> str:
        """Canonical JSON of the splitting of corpora; ``split`` is ``HASHED`` or ``FOLDS``."""
        sections = {HASHED: "hashed_split", FOLDS: "cross_validation"}
        return canonical_json(self.section[sections[split]])

    def divided(self, kind: str, split: str) -> list[str]:
        """The corpora in a folder of results that are split by the method ``split``."""
        return sorted({made.original for made in self.made[kind].values() if made.split == split})

    def evaluation_reports(self, results: str) -> list[str]:
        """The reports on evaluation sentences that were found in the raw texts."""
        originals_first = sorted(self.varieties.values(), key=lambda variety: bool(variety.scheme))
        return [
            paths.transliteration_report(results, "raw_text", variety.text, "training")
            if variety.scheme
            else paths.cleaning_report(results, variety.text)
            for variety in originals_first
        ]

    def table_config(self) -> str:
        """Canonical JSON of the content of the tables about unseen languages."""
        languages, made = self.study.catalogue.languages, self.study.made_encoders
        return canonical_json(
            {
                **self.study.described,
                "metrics": {task: self.study.kind(task).metric for task in self.tasks},
                "folders": {task: self.study.kind(task).corpora for task in self.tasks},
                "arms": {task: self.arms.of_task(task) for task in self.tasks},
                "trained": self.arms.trained,
                "verdict": dict(self.section["verdict"]),
                "pretraining_seeds": {arm: made.fewest_seeds(arm) for arm in self.arms.trained},
                "with_other_text": [arm for arm in self.arms.trained if made.has_other_text(arm)],
                "search": self.section.get("search"),
                "drawn": {
                    task: self.section["training"][task]["training_sentences"] is not None
                    for task in self.tasks
                },
                "matching_lines": "kept"
                if self.study.raw_texts.keeps_evaluation_sentences
                else "dropped",
                "varieties": [
                    {
                        "code": variety.code,
                        "name": languages[variety.code].name,
                        "iso": languages[variety.code].iso,
                        "script": languages[variety.code].script,
                        "family": languages[variety.code].family,
                        "original": variety.original,
                        "text": variety.text,
                        "corpora": {task: list(some) for task, some in variety.corpora.items()},
                        "splits": dict(variety.splits),
                    }
                    for variety in self.varieties.values()
                ],
                "seen": self.section.get("seen_languages", []),
            }
        )
