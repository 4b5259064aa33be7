"""Batches and datasets beyond words: targets of any shape, two segments, examples by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from encoders import make_encoder
from torch import nn
from torch.nn import functional
from xltransfer.encoders.batching import Batch, collate, joined_example, padded
from xltransfer.encoders.kinds import kind_of
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.tasks.task import Prediction, Task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.loop import train
from xltransfer.training.model import WordModel
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.prediction import annotate

CPU = torch.device("cpu")
TRAINING = {
    "epochs": 12, "patience": None, "batch_pieces": 32, "encoder_learning_rate": 2e-3,
    "head_learning_rate": 1e-2, "warmup_share": 0.1, "weight_decay": 0.0, "adam_beta2": 0.98,
    "gradient_clip": 1.0, "precision": "float32",
}  # fmt: skip


@dataclass
class Labelled:
    """A sentence with one label."""

    forms: list[str]
    label: str
    comments: tuple[str, ...] = ()
    sent_id: str | None = None


class Classification(Task):
    """A label for a sentence: a linear layer on the mean of the states of its words."""

    kind: ClassVar[str] = "classification"

    def label_vocabulary(self, sentences: Sequence[Labelled]) -> list[str]:
        return sorted({sentence.label for sentence in sentences})

    def targets(self, sentence: Labelled, labels: Mapping[str, int]) -> dict[str, np.ndarray]:
        return {"label": np.array(labels[sentence.label])}

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        return nn.Linear(hidden_size, labels)

    @staticmethod
    def _scores(head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        mask = batch.word_mask[..., None]
        return head((states * mask).sum(dim=1) / mask.sum(dim=1))

    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        return functional.cross_entropy(self._scores(head, states, batch), batch.targets["label"])

    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        found = self._scores(head, states, batch).argmax(dim=1).numpy()
        return [{"label": label} for label in found]

    def annotate(
        self, sentence: Labelled, prediction: Prediction, labels: Sequence[str]
    ) -> Labelled:
        return Labelled(sentence.forms, labels[prediction["label"]])

    def score(self, gold: Sequence[Labelled], predicted: Sequence[Labelled]) -> dict[str, float]:
        equal = [one.label == other.label for one, other in zip(gold, predicted, strict=True)]
        return {"accuracy": 100 * float(np.mean(equal))}


SENTENCES = [
    Labelled(words.split(), "animals" if {"dog", "cat"} & set(words.split()) else "none")
    for words in (
        "the dog barked", "a cat", "the mat", "unbelievable feats", "at the other dog",
        "sat on the mat", "the other", "a feats", "cat", "on", "barked at the cat", "of the mat",
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoder"), dropout=0.0)


def test_arrays_are_padded_to_their_largest_shape() -> None:
    assert padded([np.array(3), np.array(1)]).tolist() == [3, 1]
    assert padded([np.array([1, 2]), np.array([3])]).tolist() == [[1, 2], [3, 0]]
    found = padded([np.array([[1, 2], [3, 4]]), np.zeros((0, 2), dtype=np.int64)])
    assert found.tolist() == [[[1, 2], [3, 4]], [[0, 0], [0, 0]]]
    assert padded([np.array([True]), np.array([True, False])]).dtype == torch.bool


def test_a_task_about_sentences_is_learnt_by_the_same_loop(encoder: Path, tmp_path: Path) -> None:
    task = Classification({})
    labels = task.label_vocabulary(SENTENCES)
    torch.manual_seed(1)
    network = load_encoder(encoder)
    model = WordModel(network, task.head(network.config.hidden_size, len(labels)))
    data = Dataset(SENTENCES, WordTokenizer(encoder), 32)
    data.add_targets(task, labels)
    assert collate(data.examples, np.arange(3), 0).targets["label"].tolist() == [0, 0, 1]
    objective = FineTuning(model, task, labels, data, data, TRAINING, 1)
    report = train(objective, TRAINING, Checkpoint(tmp_path, "x"), CPU, 1e9, "sentences")
    assert report.history[0]["accuracy"] < 100 == report.best["accuracy"]
    assert annotate(model, task, labels, data, CPU) == SENTENCES


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta"])
def test_two_segments_are_those_of_transformers(architecture: str, tmp_path: Path) -> None:
    directory = make_encoder(tmp_path, architecture)
    network, tokenizer = load_encoder(directory).eval(), WordTokenizer(directory)
    first, second = tokenizer([["the", "dog"], ["unbelievable", "cat"]])
    example = joined_example(first, second, tokenizer)
    row = [*tokenizer.prefix, *first.pieces, *tokenizer.suffix, *second.pieces, *tokenizer.suffix]
    length = len(tokenizer.prefix) + len(first.pieces) + len(tokenizer.suffix)
    segments = [0] * length + [1] * (len(row) - length)
    assert example.rows[0].tolist() == row
    assert example.segments[0].tolist() == segments
    batch = collate([example, joined_example(second, first, tokenizer)], np.arange(2), 0)
    given = {"token_type_ids": torch.tensor([segments])} if architecture == "bert" else {}
    with torch.no_grad():
        states = kind_of(directory).word_states(network, batch)
        whole = network(torch.tensor([row]), **given).last_hidden_state[0]
    assert len(example.word_position) == 4
    torch.testing.assert_close(states[0], whole[example.word_position], atol=1e-6, rtol=1e-5)


class Shortened:
    """A reader that leaves out the last letter of words in odd epochs, as noise could."""

    def __init__(self, reader: WordTokenizer, epoch: int) -> None:
        self.reader, self.epoch = reader, epoch
        self.prefix, self.suffix, self.padding = reader.prefix, reader.suffix, reader.padding
        self.whole_words = reader.whole_words

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list:
        if self.epoch % 2:
            sentences = [[word[:-1] or word for word in sentence] for sentence in sentences]
        return self.reader(sentences)


def test_examples_may_differ_by_epoch(encoder: Path) -> None:
    reader, task = WordTokenizer(encoder), Classification({})
    data = Dataset(SENTENCES, reader, 32, varied=lambda epoch: Shortened(reader, epoch))
    data.add_targets(task, ["animals", "none"])
    network = load_encoder(encoder)
    model = WordModel(network, task.head(network.config.hidden_size, 2))
    objective = FineTuning(model, task, ["animals", "none"], data, data, TRAINING, 1)
    rows = [[e.rows[0].tolist() for e in data.of_epoch(epoch)] for epoch in range(3)]
    assert rows[0] == rows[2] == [example.rows[0].tolist() for example in data.examples] != rows[1]
    # As many batches in each epoch, so that the schedule and a resumed training know their steps.
    assert len({len(objective.batches(epoch)) for epoch in range(4)}) == 1
    # A batch carries its epoch: its loss is the same whatever was asked for before.
    batch = objective.batches(1)[0]
    alone = objective.loss(batch, CPU)
    objective.loss(objective.batches(0)[0], CPU)
    assert torch.equal(alone, objective.loss(batch, CPU))
    plain = objective.loss(batch._replace(epoch=0), CPU)
    assert not torch.equal(alone, plain)
