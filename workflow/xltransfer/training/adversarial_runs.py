"""The data of adversarial trainings, and the report of how well languages can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..corpora.formats import read_sentences
from ..corpora.sentences import AnnotatedSentence, draw_sentences
from ..encoders.interface import EncoderKind, StartingPoint
from ..runtime.errors import InputError
from ..tasks.metrics import check_gold
from ..tasks.task import Task
from .dataset import Dataset
from .language_probe import probe, word_states
from .model import WordModel
from .objectives.adversarial_finetuning import Adversarial
from .objectives.finetuning import FineTuning
from .unlabelled_text import languages_of_game, never_trained, read_unlabelled


class JoinedDataset(Dataset):
    """Several datasets as one; each may be read by another reader.

    Args:
        parts: datasets with targets.
    """

    def __init__(self, parts: Sequence[Dataset]) -> None:
        self._parts = parts
        self.sentences = [sentence for part in parts for sentence in part.sentences]
        self.padding = parts[0].padding
        self.examples = [example for part in parts for example in part.examples]

    def of_epoch(self, epoch: int) -> list:
        """The examples of an epoch, in the order of ``examples``."""
        return [example for part in self._parts for example in part.of_epoch(epoch)]


class Game:
    """The unlabelled texts of adversarial trainings, and labelled sentences of a target.

    Args:
        texts: an unlabelled text for each language.
        labelled: annotated corpus of one of the languages; ``None`` for none.
        languages: language of each text and, last, of the labelled corpus.
        source: language of the sources.
        settings: task and training, of which ``adversarial`` is read.

    Raises:
        InputError: files and settings do not belong together.
    """

    def __init__(
        self,
        texts: Sequence[Path],
        labelled: Path | None,
        languages: Sequence[str],
        source: str,
        settings: Mapping[str, Any],
    ) -> None:
        wanted = settings["training"]["adversarial"]
        self.texts, self.path, self.source = list(texts), labelled, source
        self.languages = list(languages[: len(texts)])
        self.number = wanted["labelled"]["sentences"] if "labelled" in wanted else 0
        named = len(texts) + (labelled is not None)
        if len(languages) != named or languages_of_game(wanted) != 1 + len(texts):
            raise InputError(
                f"adversarial.texts: {languages_of_game(wanted) - 1} texts, but {len(texts)} "
                f"--unlabelled and {len(languages)} --game-languages; give one of each"
            )
        if ("labelled" in wanted) != (labelled is not None):
            raise InputError("adversarial.labelled and the option --labelled belong together")
        self.labelled_language = languages[-1] if labelled is not None else ""
        self._sentences = read_sentences(labelled) if labelled is not None else []
        if labelled is not None:
            check_gold(labelled, self._sentences, settings)

    @property
    def files(self) -> list[Path]:
        """The files that are read."""
        return [*self.texts, *([self.path] if self.path else [])]

    def facts(self, read: Mapping[str, str]) -> dict[str, Any]:
        """What decides a model, as JSON content; ``read`` has the checksums of the files."""
        texts = [
            [code, read[str(path)]] for code, path in zip(self.languages, self.texts, strict=True)
        ]
        labelled = [self.labelled_language, read[str(self.path)]] if self.path else []
        return {"source": self.source, "texts": texts, "labelled": labelled}

    def labelled(self, seed: int) -> list[AnnotatedSentence]:
        """The labelled target sentences of a training."""
        return draw_sentences(self._sentences, self.number, seed) if self.path else []

    def joined(
        self,
        data: Dataset,
        more: Sequence[AnnotatedSentence],
        start: StartingPoint,
        kind: EncoderKind,
        task: Task,
        labels: Sequence[str],
    ) -> Dataset:
        """A training set with labelled sentences of a target."""
        if not more:
            return data
        reader = kind.reader_of(start.reader, self.labelled_language)
        added = Dataset(more, reader, start.longest, task.word_state)
        added.add_targets(task, labels)
        return JoinedDataset([data, added])

    def objective(
        self,
        plain: FineTuning,
        drawn: Sequence[AnnotatedSentence],
        corpus: Sequence[AnnotatedSentence],
        start: StartingPoint,
        settings: Mapping[str, Any],
    ) -> Adversarial:
        """The objective of a training.

        Args:
            plain: fine-tuning on the drawn sentences and the labelled ones of a target.
            drawn: drawn sentences of the source.
            corpus: all training sentences of the source.
            start: start of the training.
            settings: settings of the training.
        """
        number, kind, task = settings["adversarial"]["sentences"], plain.model.kind, plain.task
        more = plain.training.sentences[len(drawn) :]
        texts = [read_unlabelled(path, number, plain.seed, more) for path in self.texts]
        sources = [*plain.development.sentences, *never_trained(corpus, drawn)]
        held_out = [(self.source, sources)]
        held_out += [(code, t.held_out) for code, t in zip(self.languages, texts, strict=True)]
        of_labelled = np.zeros(len(plain.training.examples), dtype=np.int64)
        if self.path:
            of_labelled[len(drawn) :] = 1 + self.languages.index(self.labelled_language)

        def dataset(sentences: Sequence, language: str) -> Dataset:
            reader = kind.reader_of(start.reader, language)
            return Dataset(sentences, reader, start.longest, task.word_state)

        return Adversarial(
            plain,
            of_labelled,
            [dataset(text.game, code) for code, text in zip(self.languages, texts, strict=True)],
            [dataset(some, code) for code, some in held_out],
            dict(settings),
            plain.seed,
        )


def told_apart(
    model: WordModel, held_out: Sequence[Dataset], seed: int, device: torch.device
) -> float:
    """Accuracy in percent of a fresh discriminator on held-out sentences (``language_probe``)."""
    model.to(device)
    return probe([word_states(model, data, device) for data in held_out], seed).accuracy


def game_report(objective: Adversarial, before: float, after: float, own: float) -> dict[str, Any]:
    """How well languages can be told apart, as JSON content.

    Args:
        objective: finished training.
        before, after: accuracy of a fresh discriminator on the states of the model before the
            training and of the trained model.
        own: accuracy of the game's own discriminator on the states of the trained model.
    """
    return {
        "fresh_discriminator_before": before,
        "fresh_discriminator_after": after,
        "own_discriminator_after": own,
        "chance": 100 / len(objective.held_out),
        "unlabelled_sentences": [len(data.sentences) for data in objective.texts],
        "held_out_sentences": [len(data.sentences) for data in objective.held_out],
        "labelled_target_sentences": int((objective.labelled > 0).sum()),
    }
