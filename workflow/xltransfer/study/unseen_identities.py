"""Identities of the jobs of unseen languages: see ``identities``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..records.code import stage_digest
from ..runtime.files import digest

if TYPE_CHECKING:
    from .identities import Identities


class UnseenIdentities:
    """The identities of the jobs of a study's unseen languages.

    Args:
        identities: identities of the study.
    """

    def __init__(self, identities: Identities) -> None:
        self._all, self._study = identities, identities.study

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
            tokenizer = self._all.made.trained_encoder(
                encoder, text, int(seed.removeprefix("seed-"))
            )
        else:
            tokenizer = self._all.encoder(encoder)
        read = self._all.made.part(kind, code, part)
        columns = unseen.statistics_columns(encoder, kind, file)
        return digest([tokenizer, read, columns, stage_digest("count_pieces")])
