"""Identities of the jobs of unseen languages, from raw text to tables: see ``identities``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..corpora.catalogue import EMBEDDED
from ..records.code import stage_digest
from ..runtime.files import canonical_json, digest
from .dictionary_texts import DictionaryTexts
from .embedded_parts import text_part
from .recipes import PARALLEL_TEXT
from .vector_encoders import identity

if TYPE_CHECKING:
    from .identities import Identities


class UnseenIdentities:
    """The identities of the jobs of a study's unseen languages.

    Args:
        identities: identities of the study.
    """

    def __init__(self, identities: Identities) -> None:
        self._all, self._study = identities, identities.study
        self._texts: dict[str, str] = {}

    def text(self, code: str) -> str:
        """Identity of a raw text, which is cleaned and may be transliterated or translated."""
        if code not in self._texts:
            made = self._study.unseen.made["raw_text"].get(code)
            if original := self._study.raw_texts.translated.get(code):
                own = DictionaryTexts(self._study).identity(code, ("raw_text", original, ""))
            elif made is not None:
                own = self._transliterated(code, made.original)
            else:
                own = self._cleaned(code)
            self._texts[code] = digest([own, self._evaluation(code)])
        return self._texts[code]

    def part(self, folder: str, code: str, part: str) -> str:
        """Identity of a part of a raw or parallel text, or of an annotated corpus."""
        if folder == PARALLEL_TEXT:
            return self._all.parallel_text(code)
        return self.text(code) if folder == "raw_text" else self._all.corpus(folder, code, part)

    def _cleaned(self, code: str) -> str:
        texts, corpus = self._study.raw_texts, self._study.catalogue.raw_corpora[code]
        if code.endswith(f"_{EMBEDDED}"):
            part = text_part(code)
            raw = self._all.embedded_text(corpus.language, part)
        else:
            raw = self._all.download(f"raw/{corpus.file}")
        identifier = [self._all.local_file(path) for path in texts.identifier_files()]
        config = texts.cleaning_config(code)
        return digest([raw, corpus.kind, config, identifier, stage_digest("clean")])

    def _transliterated(self, code: str, original: str) -> str:
        unseen = self._study.unseen
        tables = [self._all.local_file(path) for path in unseen.scheme_files("raw_text", code)]
        of = [self.text(original), unseen.scheme_config("raw_text", code), tables]
        keeps = self._study.raw_texts.keeps_evaluation_sentences
        return digest([*of, keeps, stage_digest("transliterate")])

    def _evaluation(self, code: str) -> dict[str, str]:
        """Identities of the evaluation sentences that are excluded from a raw text, by file."""
        files = map(Path, self._study.raw_texts.evaluation_files(code))
        return {str(file): self._all.corpus(*file.parts[:2], file.stem) for file in files}

    def made_encoder(self, name: str, text: str, seed: int) -> str:
        """Identity of an encoder trained on a raw text.

        Args:
            name: name of the encoder.
            text: code of the raw text.
            seed: seed of the pretraining.
        """
        made = self._study.made_encoders
        recipe = made.recipes[name]
        if not recipe.base:
            of = [made.config(name, text, seed), stage_digest("pretrain")]
        else:
            base, base_seed = made.base(name, seed)
            of = [made.config(name, text, seed), stage_digest("adapt")]
            if base in made.recipes and made.recipes[base].text:
                fixed = made.recipes[base]
                base_text = text if fixed.of_each_language else fixed.text
                of.append(self.made_encoder(base, base_text, base_seed))
            else:
                of.append(self._all.encoder(base))
        if recipe.of_several_texts:
            raw = {code: self.text(code) for code in recipe.raw_texts}
            parallel = {code: self._all.parallel_text(code) for code in recipe.parallel_texts}
            return digest([*of, raw, parallel])
        return digest([*of, self.text(text)])

    def trimmed_encoder(self, name: str) -> str:
        """Identity of an encoder with a trimmed vocabulary."""
        made = self._study.made_encoders
        files = {
            f"{folder}/{code}/{part}": self.part(folder, code, part)
            for folder, code, part in made.kept_files(name)
        }
        base = self._all.encoder(made.recipes[name].base)
        return digest([base, files, stage_digest("trim_vocabulary")])

    def encoder(self, name: str, source: str, seeds: Sequence[int]) -> str:
        """Identity of the made encoders that models of a corpus and some seeds start from."""
        made = self._study.made_encoders
        recipe = made.recipes[name]
        if recipe.corpora:
            return self.trimmed_encoder(name)
        if recipe.layers:
            return digest(
                [self._all.encoder(recipe.base), recipe.layers, stage_digest("keep_layers")]
            )
        if recipe.vectors:
            return identity(self._study, name, stage_digest("vector_encoder"))
        if not recipe.text:
            return digest(canonical_json(recipe.architecture))
        text = made.text(name, source)
        if self._study.declared_encoders[name].directory:
            return self.made_encoder(name, text, recipe.seeds[0])
        some = made.pretraining_seeds(name, seeds)
        return digest([self.made_encoder(name, text, seed) for seed in some])

    def is_searched(self, arm: str, task: str, corpus: str) -> bool:
        """Whether the hyperparameters of an arm on a corpus are searched."""
        return bool(self._study.unseen.arms.searches("", arm, task, corpus))

    def search(self, arm: str, task: str, corpus: str) -> str:
        """Identity of the hyperparameter search of an arm on a corpus."""
        return digest(
            [
                self._study.unseen.arms.search_config(arm, task, corpus),
                self._all.encoder(arm, corpus, self._study.seeds[:1]),
                self._all.gold(task, corpus, "train"),
                self._all.gold(task, corpus, "dev"),
                stage_digest("search"),
                *self._all.alphabet(arm, task, corpus).values(),
            ]
        )

    def prediction_job(self, task: str, corpus: str) -> str:
        """Identity of the job that annotates the test part of a corpus with all arms."""
        starts = self._study.unseen.arms.starts(task, corpus)
        models = {
            arm: [self._all.model(encoder, task, source, [seed]) for seed in self._study.seeds]
            for arm, (encoder, source) in starts.items()
        }
        return digest([models, self._all.gold(task, corpus, "test"), stage_digest("predict")])

    def scoring_job(self, task: str, corpus: str) -> str:
        """Identity of the job that scores all arms on the test part of a corpus."""
        rows = [(arm, corpus) for arm in self._study.unseen.arms.of_task(task)]
        config = self._study.score_config(task, rows, corpus, "test")
        return digest([config, self.prediction_job(task, corpus), stage_digest("score")])

    def statistics(self, encoder: str, kind: str, file: str) -> str:
        """Identity of the statistics of an encoder's tokenizer on a file.

        Args:
            encoder: encoder whose tokenizer is used.
            kind: folder ``treebanks``, ``entities`` or ``raw_text``.
            file: code and part, e.g. ``ug_udt-train``.
        """
        unseen, (code, _, part) = self._study.unseen, file.rpartition("-")
        recipe = self._study.made_encoders.recipes.get(encoder)
        if recipe is not None and recipe.text:
            # The directory name contains text and seed.
            text, seed = Path(unseen.tokenizer(encoder, kind, file)).parts[-3:-1]
            tokenizer = self.made_encoder(encoder, text, int(seed.removeprefix("seed-")))
        else:
            tokenizer = self._all.encoder(encoder)
        read = self.text(code) if kind == "raw_text" else self._all.corpus(kind, code, part)
        columns = unseen.statistics_columns(encoder, kind, file)
        return digest([tokenizer, read, columns, stage_digest("count_pieces")])
