"""The conditional random field against all sequences of labels, one by one."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bilstm import QUICK, make_architecture
from test_tagging import NER
from xltransfer.corpora.formats import write_sentences
from xltransfer.corpora.iob import TaggedSentence, normalised
from xltransfer.encoders.batching import Batch
from xltransfer.encoders.bilstm import NO_LIMIT
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.finetune import finetune
from xltransfer.tasks.heads.crf import CRFHead, best_paths, broken_iob2, log_partition, path_scores
from xltransfer.tasks.registry import make_task
from xltransfer.training.dataset import Dataset
from xltransfer.training.model import load_model
from xltransfer.training.prediction import predict

TAGS = ["B-A", "B-B", "I-A", "I-B", "O"]
CRF = {**NER, "crf": True, "head_dropout": 0.0, "training": {**NER["training"], **QUICK}}


def score(path: tuple[int, ...], emissions: torch.Tensor, weights: tuple) -> float:
    """The score of one sequence, written out; emissions are those of its words alone."""
    transitions, starts, ends = weights
    total = starts[path[0]] + ends[path[-1]]
    for word, label in enumerate(path):
        total = total + emissions[word, label]
    for before, label in itertools.pairwise(path):
        total = total + transitions[before, label]
    return float(torch.as_tensor(total).detach())


def all_scores(
    paths: list[tuple[int, ...]], emissions: torch.Tensor, weights: tuple
) -> torch.Tensor:
    """The scores of some sequences of one sentence, in double precision."""
    return torch.tensor([score(path, emissions, weights) for path in paths], dtype=torch.float64)


def draw(seed: int, lengths: list[int], labels: int) -> tuple[torch.Tensor, torch.Tensor, tuple]:
    """Emissions (huge at padding, which must not matter), mask and weights in double precision."""
    numbers = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return 2 * torch.randn(*shape, generator=numbers, dtype=torch.float64)

    emissions = normal(len(lengths), max(lengths), labels)
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    emissions[~mask] = 1e6
    return emissions, mask, (normal(labels, labels), normal(labels), normal(labels))


lengths_and_labels = given(
    st.integers(0, 1000), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 4)
)


@settings(max_examples=30)
@lengths_and_labels
def test_everything_equals_all_sequences_tried(seed: int, lengths: list[int], labels: int) -> None:
    emissions, mask, weights = draw(seed, lengths, labels)
    partition = log_partition(emissions, mask, *weights)
    paths = best_paths(emissions, mask, *weights)
    for row, length in enumerate(lengths):
        every = list(itertools.product(range(labels), repeat=length))
        scores = all_scores(every, emissions[row], weights)
        assert partition[row].item() == pytest.approx(torch.logsumexp(scores, 0).item())
        assert tuple(paths[row, :length].tolist()) == every[int(scores.argmax())]
        gold = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
        gold[row, :length] = torch.tensor(every[seed % len(every)])
        found = path_scores(emissions, gold, mask, *weights)[row].item()
        assert found == pytest.approx(scores[seed % len(every)].item())


def test_probabilities_of_a_sentence_by_hand() -> None:
    """Two labels, two words: e^1 for a path that starts with 1, e^2 for 1 → 0, otherwise e^0."""
    emissions = torch.zeros(1, 2, 2)
    mask = torch.ones(1, 2, dtype=torch.bool)
    weights = torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([0.0, 1.0]), torch.zeros(2)
    expected = np.log(1 + 1 + np.e**3 + np.e)
    assert log_partition(emissions, mask, *weights).item() == pytest.approx(expected)
    assert best_paths(emissions, mask, *weights).tolist() == [[1, 0]]


def test_only_iob2_is_allowed() -> None:
    forbidden = broken_iob2(TAGS)
    allowed = {
        (before, tag)
        for row, before in enumerate([*TAGS, "start"])
        for column, tag in enumerate(TAGS)
        if not forbidden[row, column]
    }
    inside = {("B-A", "I-A"), ("I-A", "I-A"), ("B-B", "I-B"), ("I-B", "I-B")}
    anywhere = {(before, tag) for before in [*TAGS, "start"] for tag in ("B-A", "B-B", "O")}
    assert allowed == inside | anywhere


@settings(max_examples=30)
@given(st.integers(0, 1000), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_decoding_finds_the_best_iob2(seed: int, lengths: list[int]) -> None:
    emissions, mask, (transitions, starts, ends) = draw(seed, lengths, len(TAGS))
    head = CRFHead(len(TAGS), len(TAGS), 0.0).double()
    with torch.no_grad():
        head.emission.weight.copy_(torch.eye(len(TAGS)))
        head.transitions.copy_(transitions)
        head.starts.copy_(starts)
        head.ends.copy_(ends)
    head.forbid(TAGS)
    # The head computes in float32, as all heads do.
    emissions, weights = emissions.float().double(), (transitions, starts, ends)
    paths = head.decode(emissions, mask)
    for row, length in enumerate(lengths):
        every = [
            path
            for path in itertools.product(range(len(TAGS)), repeat=length)
            if normalised([TAGS[label] for label in path]) == [TAGS[label] for label in path]
        ]
        best = max(every, key=lambda path: score(path, emissions[row], weights))
        assert tuple(paths[row, :length].tolist()) == best


def make_batch(lengths: list[int], labels: torch.Tensor) -> Batch:
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    empty = torch.zeros(1, 1, dtype=torch.long)
    return Batch(np.arange(len(lengths)), empty, empty, empty, mask, {"labels": labels})


def test_loss_is_per_word_and_its_gradient_that_of_the_marginals() -> None:
    """dL/d emission is the marginal probability of a label less one at the gold label."""
    task = make_task(CRF)
    torch.manual_seed(1)
    head = task.head(4, 3)
    with torch.no_grad():
        head.transitions.normal_()
        head.starts.normal_()
        head.ends.normal_()
    states = torch.randn(2, 3, 4)
    batch = make_batch([2, 3], torch.tensor([[0, 2, 0], [1, 1, 2]]))
    loss = task.loss(head, states, batch)
    loss.backward()
    emissions = head.emission(states)
    weights = head.transitions, head.starts, head.ends
    expected, marginals = 0.0, torch.zeros(3)
    for row, length in enumerate((2, 3)):
        every = list(itertools.product(range(3), repeat=length))
        scores = all_scores(every, emissions[row], weights)
        gold = tuple(batch.targets["labels"][row, :length].tolist())
        expected -= scores.log_softmax(0)[every.index(gold)].item()
        for path, probability in zip(every, scores.softmax(0), strict=True):
            for label in path:
                marginals[label] += probability
        for label in gold:
            marginals[label] -= 1
    assert loss.item() == pytest.approx(expected / 5, rel=1e-5)
    torch.testing.assert_close(head.emission.bias.grad, marginals / 5, atol=1e-5, rtol=1e-4)


def test_gradients_stay_finite_where_scores_are_extreme() -> None:
    head = CRFHead(2, 3, 0.0)
    states = torch.tensor([[[1e4, -1e4], [-1e4, 1e4]], [[1e4, 1e4], [0.0, 0.0]]])
    mask = torch.tensor([[True, True], [True, False]])
    head.loss(states, torch.tensor([[0, 2], [1, 0]]), mask).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in head.parameters())


def test_padding_changes_nothing() -> None:
    task = make_task(CRF)
    torch.manual_seed(2)
    head = task.head(4, len(TAGS))
    head.forbid(TAGS)
    states, labels = torch.randn(1, 3, 4), torch.tensor([[0, 2, 4]])
    wide = torch.cat([states, torch.full((1, 5, 4), 9.0)], dim=1)
    padded = torch.cat([labels, torch.full((1, 5), 3)], dim=1)
    batch = make_batch([3], labels)
    other = make_batch([3], padded)
    other.word_mask = torch.arange(8)[None] < 3
    assert task.loss(head, wide, other).item() == pytest.approx(
        task.loss(head, states, batch).item()
    )
    found, again = (
        task.predict(head, *pair)[0]["labels"] for pair in ((states, batch), (wide, other))
    )
    assert found.tolist() == again.tolist() and len(found) == 3


def test_without_crf_the_head_is_that_of_token_classification() -> None:
    for task in (make_task(NER), make_task({**NER, "crf": False})):
        assert task.head_prefix == "classifier"
        assert not isinstance(task.head(4, 3), CRFHead)
    assert make_task(CRF).head_prefix != "classifier"


def test_entities_that_only_their_neighbours_tell(tmp_path: Path) -> None:
    """BiLSTM-CRF from end to end; the model opens again and predicts the same IOB2."""
    sentences = [
        TaggedSentence([], ["the", "x", "y"], ["O", "B-A", "I-A"]),
        TaggedSentence([], ["a", "x", "y"], ["O", "B-B", "I-B"]),
        TaggedSentence([], ["y", "x"], ["O", "O"]),
    ] * 4
    corpus = tmp_path / "corpus.iob2"
    write_sentences(corpus, sentences)
    architecture = make_architecture(tmp_path / "architecture")
    config = {"task": "ner", "settings": {**CRF, "training": {**CRF["training"], "epochs": 60}}}
    model = tmp_path / "model"
    finetune([architecture], corpus, corpus, config, ["none"], [1], [model], tmp_path / "c", 1e9, 1)
    assert read_json(model / "training.json")["history"][-1]["F1"] == 100
    opened, task, labels = load_model(model)
    assert "id2label" not in read_json(model / "config.json")
    data = Dataset(sentences, opened.kind.reader(model), NO_LIMIT)
    found = predict(opened, task, data, torch.device("cpu"))
    tags = [[labels[label] for label in prediction["labels"]] for prediction in found]
    assert tags == [sentence.tags for sentence in sentences]
    # What decoding forbids is not saved; it follows from the labels.
    assert torch.equal(opened.head.forbidden, broken_iob2(labels))


def test_models_with_and_without_crf_are_told_apart(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.iob2"
    write_sentences(corpus, [TaggedSentence([], ["x", "y"], ["B-A", "I-A"])])
    architecture = make_architecture(tmp_path / "architecture")
    config = {"task": "ner", "settings": {**CRF, "training": {**CRF["training"], "epochs": 1}}}
    model = tmp_path / "model"
    finetune([architecture], corpus, corpus, config, ["none"], [1], [model], tmp_path / "c", 1e9, 1)
    task = (model / "task.json").read_text().replace('"crf": true', '"crf": false')
    (model / "task.json").write_text(task)
    with pytest.raises(InputError, match="not a model of this kind"):
        load_model(model)
