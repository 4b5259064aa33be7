"""Languages that the encoder has never seen: their data, and the arms that are compared on them.

Corpora that are made from catalogued ones (split anew, transliterated) are entered into the
catalogue here; after that nothing can tell that they were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .. import paths
from ..catalogue import SPLITS, Corpus, CorpusFile
from ..errors import InputError
from ..files import canonical_json
from ..transliteration.catalogue import scheme_files

if TYPE_CHECKING:
    from .study import Study

ADAPTED = "-adapted"
"""Ends the name of an encoder whose pretraining went on with text of an unseen language."""
MONOLINGUAL = "monolingual"
BILSTM = "bilstm"
PARAGRAPHS = ("wikipedia", "oscar", "hub")
"""Kinds of raw corpora whose lines are paragraphs."""
HASHED = "_hashed"
"""Ends the code of a corpus that was split anew."""


@dataclass(frozen=True)
class Variety:
    """One script of an unseen language.

    Attributes:
        code: in the catalogue of languages.
        original: the variety it is transliterated from, or ``""``.
        scheme: of the transliteration, or ``""``.
        text: code of its raw text.
        corpora: annotated corpus by task.
    """

    code: str
    original: str
    scheme: str
    text: str
    corpora: Mapping[str, str]


@dataclass(frozen=True)
class Made:
    """What a corpus is made of.

    Attributes:
        original: code of the other corpus.
        scheme: of the transliteration; ``""`` if the corpus is split anew instead.
    """

    original: str
    scheme: str


class UnseenLanguages:
    """The section ``unseen`` of a study.

    Args:
        study: the study; its catalogue gains the corpora that are made.

    Raises:
        InputError: a language, corpus or variety is not in the catalogue, or a corpus lacks a part.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.section: Mapping[str, Any] = study.config["unseen"]
        self.made: dict[str, dict[str, Made]] = {"treebanks": {}, "entities": {}, "raw_text": {}}
        self.varieties: dict[str, Variety] = {}
        if self.section["languages"]:
            self._check_section()
        for place, item in enumerate(self.section["languages"]):
            for variety in self._varieties(item, f"config: unseen.languages.{place}"):
                if variety.code in self.varieties:
                    raise InputError(
                        f"config: unseen.languages.{place}: '{variety.code}' is listed twice"
                    )
                self.varieties[variety.code] = variety

    def _check_section(self) -> None:
        if self.encoder not in self.study.encoders:
            raise InputError(
                f"config: unseen.encoder: no encoder '{self.encoder}' under `encoders`; "
                f"it has: {', '.join(self.study.encoders)}"
            )
        for name in self.study.encoders:
            if name in (self.encoder + ADAPTED, MONOLINGUAL, BILSTM):
                raise InputError(
                    f"config: encoders: '{name}' is what models of unseen languages are called; "
                    "rename the encoder"
                )
        for task in self.section["tasks"]:
            if task not in self.study.tasks:
                raise InputError(
                    f"config: unseen.tasks: '{task}' is not in `tasks`; add it there, "
                    "or empty `unseen.languages`"
                )
            if task not in self.section["training"]:
                raise InputError(
                    f"config: unseen.training.{task}: the settings for this task are missing; "
                    "config.yaml shows and explains them"
                )

    def _varieties(self, item: Mapping[str, Any], key: str) -> Iterator[Variety]:
        catalogue, code = self.study.catalogue, item["language"]
        if code not in catalogue.languages:
            raise InputError(f"{key}: no language '{code}' in {catalogue.directory}/languages.tsv")
        if item["text"] not in catalogue.raw_corpora:
            raise InputError(
                f"{key}.text: no '{item['text']}' in {catalogue.directory}/raw_corpora.tsv; "
                "add its row there"
            )
        corpora = {}
        for task in self.tasks:
            table = self.study.kind(task).corpora
            if item[table] is not None:
                corpora[task] = self._whole(table, item[table], item["split"], f"{key}.{table}")
        if not corpora:
            raise InputError(f"{key}: no annotated corpus for any task of `unseen.tasks`")
        yield Variety(code, "", "", item["text"], corpora)
        for variety in item["transliterated"]:
            yield self._transliterated(code, variety, item, corpora, f"{key}.transliterated")

    def _whole(self, table: str, code: str, split: str, key: str) -> str:
        """A corpus with all parts; made of what there is if one is missing and may be made."""
        known = getattr(self.study.catalogue, table)
        if code not in known:
            raise InputError(f"{key}: no '{code}' in the catalogue of {table}; add its row there")
        missing = [part for part in SPLITS if part not in known[code].splits]
        if not known[code].splits:
            raise InputError(f"{key}: {code} has no files; choose another corpus")
        if missing and split == "hashed":
            return self._add(table, code + HASHED, code, "", known[code].language)
        if missing:
            raise InputError(
                f"{key}: {code} has no {missing[0]} part; write `split: hashed` to split "
                "what there is by a hash of its sentences"
            )
        return code

    def _transliterated(
        self, code: str, variety: str, item: Mapping[str, Any], corpora: Mapping[str, str], key: str
    ) -> Variety:
        known = self.study.catalogue.transliterations.get(variety)
        if known is None or known.original != code:
            raise InputError(
                f"{key}: no row that makes '{variety}' of '{code}' in "
                f"{self.study.catalogue.directory}/transliterations.tsv; add it there"
            )
        made = {
            task: self._add(
                self.study.kind(task).corpora,
                _renamed(corpus, code, variety),
                corpus,
                known.scheme,
                variety,
            )
            for task, corpus in corpora.items()
        }
        text = _renamed(item["text"], code, variety)
        self.made["raw_text"][text] = Made(item["text"], known.scheme)
        return Variety(variety, code, known.scheme, text, made)

    def _add(self, table: str, code: str, original: str, scheme: str, language: str) -> str:
        known: dict[str, Corpus] = getattr(self.study.catalogue, table)
        nothing = CorpusFile("", "", "", None)
        known[code] = replace(
            known[original], code=code, language=language, files=dict.fromkeys(SPLITS, nothing)
        )
        self.made[table][code] = Made(original, scheme)
        return code

    @property
    def tasks(self) -> list[str]:
        """The tasks that models are compared on."""
        return self.section["tasks"] if self.section["languages"] else []

    @property
    def tables(self) -> list[str]:
        """The tables about unseen languages."""
        names = ["unseen", "typology", "tokenizer_stats", "languages"]
        return names if self.varieties else []

    @property
    def figures(self) -> list[str]:
        """The figures about unseen languages."""
        names = ["unseen", "tokenizer_stats"] if self.varieties else []
        return [*names, "transliteration"] if self.transliterated("raw_text") else names

    @property
    def encoder(self) -> str:
        """The multilingual encoder that has not seen the languages."""
        return self.section["encoder"]

    @property
    def arms(self) -> list[str]:
        """What is compared: the encoder, the encoder adapted, a monolingual one, a BiLSTM."""
        if not self.varieties:
            return []
        return [self.encoder, self.encoder + ADAPTED, MONOLINGUAL, BILSTM]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every task with every corpus it is learnt and tested on."""
        return [
            (task, variety.corpora[task])
            for task in self.tasks
            for variety in self.varieties.values()
            if task in variety.corpora
        ]

    @cached_property
    def _texts(self) -> dict[str, str]:
        """Annotated corpus → raw text of its variety."""
        return {
            corpus: variety.text
            for variety in self.varieties.values()
            for corpus in variety.corpora.values()
        }

    def encoder_files(self, arm: str, corpus: str) -> list[str]:
        """The files of the encoder that an arm starts from on a corpus."""
        if arm == BILSTM:
            return [f"{paths.made_encoder('<results>', BILSTM)}/config.json"]
        directory = paths.made_encoder("<results>", arm, self._texts[corpus])
        return [
            f"{directory}/{name}" for name in ("config.json", "model.safetensors", "tokenizer.json")
        ]

    def settings(self, arm: str, task: str) -> dict[str, Any]:
        """What an arm's fine-tuning has otherwise than the task's section says."""
        training = self.section["training"][task]
        if arm != BILSTM:
            return {"training": training}
        # All arms learn from the same sentences.
        same = {"training_sentences": training["training_sentences"]}
        crf = {"crf": True} if self.study.kind(task).corpora == "entities" else {}
        return {"training": {**self.section["bilstm"]["training"], **same}, **crf}

    def models(self, results: str, name: str) -> list[str]:
        """A file of every model of the wildcards ``task`` and ``source``."""
        return [
            paths.model_directory(results, arm, "{task}", "{source}", "none", seed) + f"/{name}"
            for arm in self.arms
            for seed in self.study.seeds
        ]

    def predictions(self, results: str, suffix: str) -> list[str]:
        """What these models predict on the test part of their corpus."""
        return [
            paths.predictions(
                results, arm, "{task}", "{source}", "none", seed, "{source}-test" + suffix
            )
            for arm in self.arms
            for seed in self.study.seeds
        ]

    def score_files(self, results: str) -> list[str]:
        """The scores of every arm, task and corpus."""
        return [
            paths.scores(results, arm, task, corpus, f"{corpus}-test")
            for task, corpus in self.pairs
            for arm in self.arms
        ]

    def training_reports(self, results: str) -> list[str]:
        """The training report of every model."""
        return [
            paths.model_directory(results, arm, task, corpus, "none", seed) + "/training.json"
            for task, corpus in self.pairs
            for arm in self.arms
            for seed in self.study.seeds
        ]

    @property
    def texts(self) -> list[str]:
        """Raw text of every variety."""
        return [variety.text for variety in self.varieties.values()]

    def transliterated(self, kind: str) -> list[str]:
        """The corpora in a folder of results that are written in another script."""
        return [code for code, made in self.made[kind].items() if made.scheme]

    def scheme_config(self, kind: str, code: str) -> str:
        """Canonical JSON of the scheme that a corpus is transliterated by."""
        return canonical_json(asdict(self.study.catalogue.schemes[self.made[kind][code].scheme]))

    def scheme_files(self, kind: str, code: str) -> list[str]:
        """The tables that a corpus is transliterated by."""
        directory = self.study.catalogue.directory / "transliteration"
        return [str(path) for path in scheme_files(self.made[kind][code].scheme, directory)]

    def statistics_files(self, results: str) -> list[str]:
        """How the tokenizers split every file that models of a variety see."""
        return [
            paths.tokenizer_statistics(results, encoder, kind, file)
            for encoder in (self.encoder, MONOLINGUAL)
            for kind, file in self._counted
        ]

    @cached_property
    def _counted(self) -> dict[tuple[str, str], Variety]:
        """Folder and file of everything that models of a variety see."""
        files: dict[tuple[str, str], Variety] = {}
        for variety in self.varieties.values():
            files["raw_text", f"{variety.text}-training"] = variety
            for task, corpus in variety.corpora.items():
                kind = self.study.kind(task).corpora
                files |= {(kind, f"{corpus}-{split}"): variety for split in SPLITS}
        return files

    def counted_file(self, kind: str, file: str) -> str:
        """Where a file lies whose pieces are counted, below the folder of results."""
        code, _, part = file.rpartition("-")
        suffix = {"treebanks": ".conllu", "entities": ".iob2", "raw_text": ".txt"}[kind]
        return f"{kind}/{code}/{part}{suffix}"

    def tokenizer(self, encoder: str, kind: str, file: str) -> str:
        """The tokenizer that an encoder splits a file with."""
        if encoder == MONOLINGUAL:
            text = self._counted[kind, file].text
            return f"{paths.made_encoder('<results>', MONOLINGUAL, text)}/tokenizer.json"
        return self.study.encoder_files(encoder, "")[2]

    def statistics_columns(self, encoder: str, kind: str, file: str) -> str:
        """Canonical JSON of what a row of statistics is about."""
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

    def adaptation_config(self) -> str:
        """Canonical JSON of how the encoder is adapted."""
        return canonical_json(self.section["adaptation"])

    def monolingual_config(self) -> str:
        """Canonical JSON of how monolingual encoders are pretrained."""
        return canonical_json(self.section["monolingual"])

    def bilstm_config(self) -> str:
        """Canonical JSON of the architecture of the baseline."""
        architecture = self.section["bilstm"]["architecture"]
        return canonical_json({"model_type": "xltransfer-bilstm", **architecture})

    def split_config(self) -> str:
        """Canonical JSON of how corpora are split anew."""
        return canonical_json(self.section["hashed_split"])

    def identifier_files(self) -> list[str]:
        """The model that languages of lines are identified with, if it is a file."""
        path = self.section["cleaning"]["identifier"] if self.varieties else ""
        return [path] if (self.study.root / path).is_file() else []

    def cleaning_config(self, text: str) -> str:
        """Canonical JSON of how a raw corpus is cleaned."""
        corpus = self.study.catalogue.raw_corpora[text]
        row = self.study.catalogue.languages[corpus.language]
        return canonical_json(
            {
                **self.section["cleaning"],
                "language": row.iso,
                "script": row.script,
                "split_sentences": corpus.kind in PARAGRAPHS,
            }
        )

    def table_config(self) -> str:
        """Canonical JSON of what the tables about unseen languages must hold."""
        languages = self.study.catalogue.languages
        return canonical_json(
            {
                "study": self.study.name,
                "config": self.study.decisive,
                "seeds": self.study.seeds,
                "metrics": {task: self.study.kind(task).metric for task in self.tasks},
                "arms": self.arms,
                "varieties": [
                    {
                        "code": variety.code,
                        "name": languages[variety.code].name,
                        "iso": languages[variety.code].iso,
                        "script": languages[variety.code].script,
                        "family": languages[variety.code].family,
                        "original": variety.original,
                        "text": variety.text,
                        "corpora": dict(variety.corpora),
                    }
                    for variety in self.varieties.values()
                ],
                "seen": self.section.get("seen_languages", []),
            }
        )


def _renamed(corpus: str, language: str, variety: str) -> str:
    """The code of a corpus in another variety: ``ug_udt`` becomes ``ug_latn_udt``."""
    return variety + corpus.removeprefix(language)
