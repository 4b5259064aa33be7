"""Label smoothing: its values by hand, against PyTorch, and in the loss of each task."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_parsing import SETTINGS, make_batch
from test_tagging import NER, POS, TRAINING
from torch.nn import functional
from xltransfer.tasks.heads.biaffine import BiaffineHead
from xltransfer.tasks.heads.smoothing import smoothed_cross_entropy
from xltransfer.tasks.registry import make_task

SMOOTH = {**TRAINING, "label_smoothing": 0.2}
NEVER = float("-inf")


def test_by_hand() -> None:
    """Probabilities 1/2, 1/4 and 1/4; the first class is gold."""
    scores = torch.tensor([[math.log(2), 0.0, 0.0]])
    expected = 0.8 * math.log(2) + 0.2 * (math.log(2) + 2 * math.log(4)) / 3
    found = smoothed_cross_entropy(scores, torch.tensor([0]), 0.2)
    assert found.item() == pytest.approx(expected)


def test_classes_that_are_ruled_out_get_no_probability() -> None:
    """As if the class with score -infinity did not exist, in the loss and in its gradient."""
    scores = torch.tensor([[0.3, NEVER, -1.0], [0.1, 0.2, 0.7]], requires_grad=True)
    gold = torch.tensor([2, 0])
    found = smoothed_cross_entropy(scores, gold, 0.2)
    found.backward()
    fewer = torch.tensor([[0.3, -1.0]], requires_grad=True)
    other = torch.tensor([[0.1, 0.2, 0.7]], requires_grad=True)
    expected = (
        functional.cross_entropy(fewer, torch.tensor([1]), label_smoothing=0.2)
        + functional.cross_entropy(other, torch.tensor([0]), label_smoothing=0.2)
    ) / 2
    expected.backward()
    assert found.item() == pytest.approx(expected.item())
    torch.testing.assert_close(scores.grad[0, [0, 2]], fewer.grad[0])
    torch.testing.assert_close(scores.grad[1], other.grad[0])
    assert scores.grad[0, 1] == 0


@given(
    st.lists(st.lists(st.floats(-5, 5), min_size=4, max_size=4), min_size=1, max_size=5),
    st.floats(0, 0.9),
)
def test_equals_pytorch_where_every_class_is_possible(
    rows: list[list[float]], smoothing: float
) -> None:
    scores = torch.tensor(rows)
    gold = torch.arange(len(rows)) % 4
    expected = functional.cross_entropy(scores, gold, label_smoothing=smoothing)
    torch.testing.assert_close(smoothed_cross_entropy(scores, gold, smoothing), expected)


def test_without_smoothing_the_loss_has_the_same_bits() -> None:
    scores, gold = torch.randn(50, 7), torch.randint(0, 7, (50,))
    assert torch.equal(
        smoothed_cross_entropy(scores, gold, 0), functional.cross_entropy(scores, gold)
    )


def test_parsing_smooths_over_the_possible_heads_and_over_relations() -> None:
    """Two words of a sentence may attach to each other and to the root, not to themselves."""
    torch.manual_seed(1)
    head = BiaffineHead(8, 6, 4, 3, 0.0)
    torch.nn.init.normal_(head.arc_weight)
    torch.nn.init.normal_(head.relation_weight)
    states = torch.randn(2, 3, 8)
    mask = torch.tensor([[True] * 3, [True, True, False]])
    heads = torch.tensor([[2, 0, 2], [0, 1, 0]])
    relations = torch.tensor([[1, 0, 2], [0, 1, 0]])
    batch = make_batch(mask, heads=heads, relations=relations)
    arcs = head.arc_scores(states, mask).log_softmax(2)
    labels = head.relation_scores(states, heads, mask).log_softmax(1)
    expected, row = 0.0, 0
    for sentence, length in enumerate([3, 2]):
        for word in range(length):
            possible = [h for h in range(length + 1) if h != word + 1]
            gold = heads[sentence, word]
            expected -= 0.8 * arcs[sentence, word, gold]
            expected -= 0.2 * arcs[sentence, word, possible].mean()
            expected -= 0.8 * labels[row, relations[sentence, word]] + 0.2 * labels[row].mean()
            row += 1
    loss = make_task({**SETTINGS, "training": SMOOTH}).loss(head, states, batch)
    assert loss.item() == pytest.approx(expected.item() / 5, rel=1e-5)
    loss.backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in head.parameters())


@pytest.mark.parametrize("settings", [POS, NER])
def test_tagging_smooths_over_labels(settings: dict) -> None:
    settings = {**settings, "head_dropout": 0.0}
    task = make_task({**settings, "training": SMOOTH})
    head = task.head(5, 4)
    states, mask = torch.randn(2, 3, 5), torch.tensor([[True] * 3, [True, False, False]])
    labels = torch.tensor([[0, 3, 1], [2, 0, 0]])
    batch = make_batch(mask, labels=labels)
    expected = functional.cross_entropy(head(states[mask]), labels[mask], label_smoothing=0.2)
    assert task.loss(head, states, batch).item() == pytest.approx(expected.item())
    plain = make_task(settings).loss(head, states, batch).item()
    assert plain != pytest.approx(expected.item())


def test_a_crf_is_not_smoothed() -> None:
    settings = {**NER, "head_dropout": 0.0, "crf": True}
    task = make_task({**settings, "training": SMOOTH})
    head = task.head(5, 4)
    batch = make_batch(torch.ones(1, 3, dtype=torch.bool), labels=torch.tensor([[0, 3, 1]]))
    states = torch.randn(1, 3, 5)
    expected = make_task(settings).loss(head, states, batch)
    assert torch.equal(task.loss(head, states, batch), expected)
