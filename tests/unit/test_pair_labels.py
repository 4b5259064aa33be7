"""Labels of pairs: pooling and scores by hand, sentences without pairs, training, prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from torch.nn import functional
from xltransfer.corpora.relation_sentences import NO_LABEL, Mention, Pair, RelationSentence
from xltransfer.encoders.batching import collate
from xltransfer.encoders.kinds import kind_of
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.tasks.heads.pair import PairHead, pooled_pairs
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.loop import train
from xltransfer.training.model import WordModel
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.prediction import annotate

CPU = torch.device("cpu")
SETTINGS = {"kind": "relations", "head_dropout": 0.0, "head_layers": 1, "head_units": 32}
TRAINING = {
    "epochs": 40, "patience": None, "batch_pieces": 64, "encoder_learning_rate": 2e-3,
    "head_learning_rate": 1e-2, "warmup_share": 0.1, "weight_decay": 0.0, "adam_beta2": 0.98,
    "gradient_clip": 1.0, "precision": "float32",
}  # fmt: skip


def sentence(text: str, spans: list[tuple[int, int]], pairs: list[Pair]) -> RelationSentence:
    words = tuple(text.split())
    mentions = tuple(Mention(first, last, "X") for first, last in spans)
    return RelationSentence(text, words, mentions, tuple(pairs))


SENTENCES = [
    sentence("the dog barked at the cat", [(0, 1), (4, 5)], [Pair(0, 1, "at"), Pair(1, 0, "by")]),
    sentence("the cat sat on the mat", [(0, 1), (4, 5)], [Pair(0, 1, "on"), Pair(1, 0, "under")]),
    sentence("a dog sat at the cat", [(0, 1), (4, 5)], [Pair(0, 1, "at"), Pair(1, 0, "by")]),
    sentence("the mat", [(0, 1)], []),
    sentence("dog cat", [(0, 0), (1, 1)], [Pair(0, 1, NO_LABEL), Pair(1, 0, NO_LABEL)]),
]


def test_pooling_by_hand() -> None:
    states = torch.tensor(
        [[[1.0, -1], [2, -3], [0, 5], [9, 9]], [[-1, -2], [-4, -1], [7, 7], [7, 7]]]
    )
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    rows, spans = torch.tensor([0, 1, 0]), torch.tensor([[0, 1, 2, 2], [1, 1, 0, 0], [2, 2, 0, 2]])
    found = pooled_pairs(states, mask, rows, spans)
    assert found.tolist() == [
        [2, -1, 0, 5, 2, 5],
        [-4, -1, -1, -2, -1, -1],
        [0, 5, 2, 5, 2, 5],
    ]
    none = pooled_pairs(states, mask, torch.zeros(0, dtype=int), torch.zeros(0, 4, dtype=int))
    assert none.shape == (0, 6)


def test_scores_by_hand() -> None:
    torch.manual_seed(1)
    head = PairHead(hidden_size=2, labels=3, layers=1, units=4, dropout=0.0)
    pooled = torch.randn(5, 6)
    hidden = torch.clamp(pooled @ head.layers[0].weight.T + head.layers[0].bias, min=0)
    expected = hidden @ head.output.weight.T + head.output.bias
    torch.testing.assert_close(head(pooled), expected)
    linear = PairHead(hidden_size=2, labels=3, layers=0, units=4, dropout=0.0)
    assert linear.output.weight.shape == (3, 6) and not len(linear.layers)


def test_batches_have_the_pairs_and_their_first_labels(tmp_path: Path) -> None:
    task = make_task(SETTINGS)
    several = sentence("a b c", [(0, 0), (1, 2)], [Pair(0, 1, "y"), Pair(0, 1, "x")])
    labels = task.label_vocabulary([*SENTENCES, several])
    assert labels == ["at", "by", NO_LABEL, "on", "under", "x", "y"]
    ids = {label: place for place, label in enumerate(labels)}
    assert task.targets(several, ids)["labels"].tolist() == [ids["y"]]
    assert task.inputs(several)["pairs"].tolist() == [[0, 0, 1, 2]]
    data = Dataset([SENTENCES[0], SENTENCES[3]], WordTokenizer(make_encoder(tmp_path)), 32)
    data.add_targets(task, labels)
    batch = collate(data.examples, np.arange(2), 0)
    assert batch.inputs["are_pairs"].tolist() == [[True, True], [False, False]]
    assert batch.inputs["pairs"][0].tolist() == [[0, 1, 4, 5], [4, 5, 0, 1]]


def test_the_loss_is_the_mean_over_all_pairs_of_a_batch(tmp_path: Path) -> None:
    task, labels, model, data = prepared(make_encoder(tmp_path, dropout=0.0))
    model.eval()
    batch = collate(data.examples, np.arange(len(SENTENCES)), 0)
    together = task.loss(model.head, model.word_states(batch), batch)
    summed = 0.0
    for place, one in enumerate(SENTENCES):
        alone = collate(data.examples, np.array([place]), 0)
        loss = task.loss(model.head, model.word_states(alone), alone)
        summed += len(one.pairs) * loss.item()
    assert together.item() == pytest.approx(summed / 8, rel=1e-5)
    scores = task.scores(model.head, model.word_states(batch), batch)
    gold = torch.tensor([labels.index(pair.label) for one in SENTENCES for pair in one.pairs])
    torch.testing.assert_close(together, functional.cross_entropy(scores, gold))


def prepared(encoder: Path) -> tuple:
    task = make_task(SETTINGS)
    labels = task.label_vocabulary(SENTENCES)
    torch.manual_seed(1)
    network = load_encoder(encoder)
    model = WordModel(network, task.head(network.config.hidden_size, len(labels)))
    data = Dataset(SENTENCES, WordTokenizer(encoder), 32)
    data.add_targets(task, labels)
    return task, labels, model, data


def test_a_batch_without_pairs_has_no_loss_and_no_predictions(tmp_path: Path) -> None:
    task, _, model, data = prepared(make_encoder(tmp_path))
    batch = collate(data.examples, np.array([3]), 0)
    states = model.word_states(batch)
    loss = task.loss(model.head, states, batch)
    loss.backward()
    assert loss.item() == 0 and all(
        parameter.grad is None or not parameter.grad.abs().sum()
        for parameter in model.head.parameters()
    )
    assert [found["labels"].tolist() for found in task.predict(model.head, states, batch)] == [[]]


def test_pairs_are_learnt_and_predicted_by_the_same_loop(tmp_path: Path) -> None:
    """Both directions of a pair have labels of their own, so the order of mentions is read."""
    task, labels, model, data = prepared(make_encoder(tmp_path / "encoder", dropout=0.0))
    objective = FineTuning(model, task, labels, data, data, TRAINING, 1)
    report = train(objective, TRAINING, Checkpoint(tmp_path / "x", "x"), CPU, 1e9, "sentences")
    assert report.history[0]["F1"] < 100 == report.best["F1"]
    fresh = Dataset(SENTENCES, WordTokenizer(tmp_path / "encoder"), 32)
    assert annotate(model, task, labels, fresh, CPU) == SENTENCES


def test_long_sentences_are_read_in_windows(tmp_path: Path) -> None:
    """Pairs of words in different windows of one sentence have states like any other."""
    encoder = make_encoder(tmp_path, dropout=0.0)
    far = sentence("the dog sat on the mat " * 10, [(0, 1), (58, 59)], [Pair(0, 1, "at")])
    task = make_task(SETTINGS)
    network = load_encoder(encoder).eval()
    data = Dataset([far], WordTokenizer(encoder), kind_of(encoder).longest_input(network))
    data.add_targets(task, ["at"])
    assert len(data.examples[0].rows) > 1
    batch = collate(data.examples, np.array([0]), 0)
    states = kind_of(encoder).word_states(network, batch)
    pooled = pooled_pairs(
        states, batch.word_mask, torch.tensor([0]), batch.inputs["pairs"][batch.inputs["are_pairs"]]
    )
    torch.testing.assert_close(pooled[0, :16], states[0, :2].amax(dim=0))
    torch.testing.assert_close(pooled[0, 16:32], states[0, 58:].amax(dim=0))


def test_inputs_are_computed_once_for_a_task_and_again_for_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models of a task share a dataset, and every epoch is scored on it."""
    kind = type(make_task(SETTINGS))
    computed = kind.inputs
    read: list[str] = []

    def inputs(task, one: RelationSentence) -> dict[str, np.ndarray]:
        read.append(one.name)
        found = computed(task, one)
        return {**found, "heads": np.zeros(1)} if task.settings.get("more") else found

    monkeypatch.setattr(kind, "inputs", inputs)
    data = Dataset(SENTENCES, WordTokenizer(make_encoder(tmp_path)), 32)
    for _ in range(3):
        data.add_inputs(make_task(SETTINGS))
    assert read == [one.name for one in SENTENCES]
    data.add_inputs(make_task({**SETTINGS, "more": True}))
    assert len(read) == 2 * len(SENTENCES)
    assert all("heads" in example.inputs for example in data.examples)
