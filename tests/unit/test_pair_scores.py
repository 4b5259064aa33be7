"""F1 of relations and roles: values by hand, and the scorers of the corpora derived again."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from xltransfer.analyses.scores import groups_of
from xltransfer.analyses.statistics.significance import influence_values, scores_of_counts
from xltransfer.corpora.relation_sentences import NO_LABEL, Mention, Pair, RelationSentence
from xltransfer.runtime.errors import InputError
from xltransfer.tasks.metrics import check_gold
from xltransfer.tasks.metrics.pair_scores import relation_scores, role_scores

SEMEVAL = [f"R{n}({a},{b})" for n in range(9) for a, b in (("e1", "e2"), ("e2", "e1"))]


def sentence(name: str, *labels: str | tuple[str, ...]) -> RelationSentence:
    """A sentence of which the first mention is paired with each other one."""
    mentions = tuple(Mention(place, place) for place in range(len(labels) + 1))
    pairs = [
        Pair(0, place, label)
        for place, given in enumerate(labels, start=1)
        for label in ((given,) if isinstance(given, str) else given)
    ]
    return RelationSentence(name, ("w",) * len(mentions), mentions, tuple(pairs))


def drawn(labels: list[str], seed: int, several: float = 0.0) -> tuple[list, list]:
    """Gold and predicted sentences of 0 to 4 pairs."""
    draws = random.Random(seed)
    gold, predicted = [], []
    for number in range(60):
        length = draws.randint(0, 4)
        expected = [
            tuple(draws.sample(labels, 2)) if draws.random() < several else draws.choice(labels)
            for _ in range(length)
        ]
        found = [
            (label if isinstance(label, str) else label[-1])
            if draws.random() < 0.5
            else draws.choice(labels)
            for label in expected
        ]
        gold.append(sentence(f"s{number}", *expected))
        predicted.append(sentence(f"s{number}", *found))
    return gold, predicted


def flat(gold: list, predicted: list) -> list[tuple[set[str], str]]:
    return [
        (set(labels), found[pair][0])
        for one, other in zip(gold, predicted, strict=True)
        for found in [other.gold_labels()]
        for pair, labels in one.gold_labels().items()
    ]


def test_values_by_hand() -> None:
    gold = [sentence("a", "x", "x", NO_LABEL), sentence("b", "y"), sentence("c")]
    predicted = [sentence("a", "x", "y", "x"), sentence("b", NO_LABEL), sentence("c")]
    scores = relation_scores(gold, predicted, {})
    # One of three predicted, and one of three gold ones.
    assert [scores[name].percent for name in ("F1", "precision", "recall")] == pytest.approx(
        [100 / 3] * 3
    )
    assert scores["F1"].numerators.tolist() == [2, 0, 0]
    assert scores["F1"].denominators.tolist() == [5, 1, 0]
    # x: 1 right of 2 and 2; y: none right of 1 and 1.
    labels = relation_scores(gold, predicted, {"metric": "labels"})["F1"]
    assert labels.percent == pytest.approx((50 + 0) / 2) and labels.groups == 2
    roles = role_scores(gold, predicted, {})
    # Arguments in both: the first two pairs of a; one more is predicted and one more is gold.
    assert roles["identification_F1"].percent == pytest.approx(100 * 2 * 2 / (3 + 3))
    assert roles["F1"].percent == pytest.approx(100 / 3)


def test_a_wrong_direction_is_wrong_both_ways() -> None:
    gold = [sentence("a", "R(e1,e2)", "R(e2,e1)")]
    predicted = [sentence("a", "R(e2,e1)", "R(e2,e1)")]
    found = relation_scores(gold, predicted, {"metric": "undirected"})["F1"]
    # One relation with 1 right of 2 predicted and 2 gold instances, in either direction.
    assert (found.percent, found.groups) == (50, 1)


def test_nothing_to_score_is_zero() -> None:
    empty = [sentence("a", NO_LABEL), sentence("b")]
    for metric in ("micro", "labels", "undirected"):
        assert relation_scores(empty, empty, {"metric": metric})["F1"].percent == 0


@pytest.mark.parametrize("seed", range(5))
def test_semeval_is_the_official_scorer(seed: int) -> None:
    """From the confusion matrix with wrong directions apart, as the official scorer counts."""
    gold, predicted = drawn([*SEMEVAL, NO_LABEL], seed)
    pairs = [(next(iter(labels)), found) for labels, found in flat(gold, predicted)]
    total = []
    for relation in sorted({label[:2] for label, _ in pairs if label != NO_LABEL}):
        right = sum(label == found and label[:2] == relation for label, found in pairs)
        precision = right / max(1, sum(found[:2] == relation for _, found in pairs))
        recall = right / sum(label[:2] == relation for label, _ in pairs)
        both = precision + recall
        total.append(2 * precision * recall / both if both else 0.0)
    found = relation_scores(gold, predicted, {"metric": "undirected"})["F1"]
    assert found.percent == pytest.approx(100 * sum(total) / len(total))
    assert found.groups == len(total)


@pytest.mark.parametrize("seed", range(5))
def test_several_gold_labels_are_scored_as_multilabel_classification(seed: int) -> None:
    """Binary decisions for each label, averaged over labels with support."""
    labels = list("abcdefg")
    gold, predicted = drawn(labels, seed, several=0.3)
    pairs = flat(gold, predicted)
    total = []
    for label in labels:
        outcomes = Counter((label in given, label == found) for given, found in pairs)
        right, wrong, missed = outcomes[True, True], outcomes[False, True], outcomes[True, False]
        if right + missed:
            total.append(2 * right / (2 * right + wrong + missed))
    found = relation_scores(gold, predicted, {"metric": "labels"})
    assert found["F1"].percent == pytest.approx(100 * sum(total) / len(total))
    right = sum(label in given for given, label in pairs)
    assert found["precision"].percent == pytest.approx(100 * right / len(pairs))
    assert found["recall"].percent == pytest.approx(
        100 * right / sum(len(given) for given, _ in pairs)
    )


def test_influences_of_a_macro_score_are_its_derivatives() -> None:
    """Leaving a small part of one sentence out changes the score by its influence."""
    gold, predicted = drawn(list("abc"), 7, several=0.2)
    counts = relation_scores(gold, predicted, {"metric": "labels"})["F1"]
    shape = (counts.groups, 1, len(gold))
    tops, totals = (
        array.reshape(shape).astype(float) for array in (counts.numerators, counts.denominators)
    )
    influences = influence_values(tops, totals).mean(axis=0)[0]
    score = scores_of_counts(tops, totals).mean()
    assert score == pytest.approx(counts.percent)
    assert influences.sum() == pytest.approx(0, abs=1e-9)
    step = 1e-6
    for place in range(0, len(gold), 7):
        weights = np.ones(len(gold))
        weights[place] += step
        moved = scores_of_counts(tops * weights, totals * weights).mean()
        assert (moved - score) / step == pytest.approx(influences[place], rel=1e-3, abs=1e-4)


def test_corpora_without_pairs_are_refused() -> None:
    check_gold(Path("x"), [sentence("a", NO_LABEL), sentence("b")], {"kind": "roles"})
    for kind in ("relations", "roles"):
        with pytest.raises(InputError, match=r"^x: no sentence has a pair of mentions"):
            check_gold(Path("x"), [sentence("b")], {"kind": kind})


def test_groups_follow_from_the_number_of_counts() -> None:
    assert [groups_of(*pair) for pair in ((10, 10), (30, 10), (0, 0), (5, 10))] == [1, 3, 1, 1]


@pytest.mark.parametrize(
    "predicted", [sentence("a", "x"), sentence("a", ("x", "y"), "x")], ids=["missing", "two labels"]
)
def test_predictions_of_other_pairs_are_refused(predicted: RelationSentence) -> None:
    with pytest.raises(InputError, match="sentence a: not one predicted label for each pair"):
        relation_scores([sentence("a", "x", "x")], [predicted], {})
