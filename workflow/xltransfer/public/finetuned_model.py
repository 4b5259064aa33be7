"""A fine-tuned model that annotates new sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..corpora.conllu import DEPREL, DEPS, HEAD, ID, Sentence
from ..corpora.iob import TaggedSentence
from ..corpora.unannotated import sentences_of_tokens
from ..records.verification import verified_model
from ..runtime.errors import InputError
from ..tasks.properties import KINDS
from ..training.dataset import Dataset
from ..training.devices import prepare_device
from ..training.model import TASK_FILE, load_model
from ..training.prediction import annotate

READ = ("treebanks", "entities")
"""Formats of corpora whose sentences are made of words alone."""


class FinetunedModel:
    """A fine-tuned model on disk.

    Args:
        directory: directory of the model (``results/models/…/seed-1``), or of an exported one.
        threads: number of CPU threads.

    Attributes:
        labels: labels in the order of the head's outputs.

    Raises:
        InputError: the model is missing, damaged, or differs from its training report, or its task
            reads more than words.
    """

    def __init__(self, directory: Path | str, threads: int = 1) -> None:
        self.directory = Path(directory)
        if not (self.directory / TASK_FILE).is_file():
            raise InputError(
                f"{directory}: no fine-tuned model, {TASK_FILE} is missing; name a directory like "
                "results/models/<encoder>/<task>/<source>/none/seed-1"
            )
        verified_model(self.directory)
        self._device = prepare_device(threads)
        model, self._task, self.labels = load_model(self.directory)
        if KINDS[self.task].corpora not in READ:
            raise InputError(
                f"{directory}: a model for {self.task}, which needs more than words; annotate with "
                "the stage `predict`"
            )
        self._model = model.to(self._device)

    @property
    def task(self) -> str:
        """The kind of its task: ``parsing``, ``tagging`` or ``entities``."""
        return self._task.kind

    def annotate(self, sentences: Sequence[Any], language: str = "") -> list[Any]:
        """Sentences with the columns that the model predicts.

        Args:
            sentences: sentences of ``corpora.conllu``, or a list of words for each sentence.
            language: code of their language, for encoders with language embeddings and for those
                with word vectors of several languages.

        Returns:
            CoNLL-U sentences; of a model of named entities, tagged ones. As UD asks, the word with
            the head 0 and no other is ``root``: where the model says otherwise, the relation is
            ``dep``. Enhanced dependencies of the input, which would contradict the new trees, are
            left out.

        Raises:
            InputError: a word is empty or has blanks, the encoder has no such language, or the
                model diverged in its training.
        """
        given = [one if isinstance(one, Sentence) else _sentence(one) for one in sentences]
        if not given:
            return []
        if self.task == "entities":
            given = [TaggedSentence(s.comments, s.forms, ["O"] * len(s.forms)) for s in given]
        kind = self._model.kind
        kind.select_language(self._model.encoder, language)
        longest = kind.longest_input(self._model.encoder)
        reader = kind.reader_of(kind.reader(self.directory), language)
        data = Dataset(given, reader, longest, self._task.word_state)
        found = annotate(self._model, self._task, self.labels, data, self._device)
        return [_valid_tree(one) for one in found] if self.task == "parsing" else found


def _valid_tree(sentence: Sentence) -> Sentence:
    rows = []
    for row in sentence.rows:
        if row[ID].isdigit():
            named = "dep" if row[DEPREL].partition(":")[0] == "root" else row[DEPREL]
            relation = "root" if row[HEAD] == "0" else named
            row = [*row[:DEPREL], relation, "_", *row[DEPS + 1 :]]
        rows.append(row)
    return Sentence(sentence.comments, rows, [row for row in rows if row[ID].isdigit()])


def _sentence(words: Sequence[str]) -> Sentence:
    if not words or any(not isinstance(word, str) or len(word.split()) != 1 for word in words):
        raise InputError(f"{list(words)!r}: no words without blanks; give a list of words")
    return sentences_of_tokens(" ".join(words))[0]
