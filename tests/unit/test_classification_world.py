"""Topics of sentences in the embedded world: parallel, and not those of any word."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from test_embedded_world import SEEN
from test_question_world import language
from xltransfer.corpora.classified_sentences import read_classified
from xltransfer.corpora.embedded_world.classification_world import (
    LONGEST,
    ClassificationWorld,
    write_classification,
)

NUMBERS = range(300)


def world(code: str) -> ClassificationWorld:
    return ClassificationWorld(1, language(code))


def test_a_sentence_never_changes() -> None:
    first = world("qaa").sentence(0)
    assert first.identifier == "embedded-0" and first.label == "topic-2"
    assert first.first == ("2012 rizien gakedaur lin neg honnigu nafo mobehu meltupu.")


@pytest.mark.parametrize("code", [*SEEN, "qax"])
def test_sentences_are_parallel(code: str, tmp_path: Path) -> None:
    write_classification(tmp_path / "a.tsv", world(code), NUMBERS)
    write_classification(tmp_path / "b.tsv", world("qaa"), NUMBERS)
    found, original = read_classified(tmp_path / "a.tsv"), read_classified(tmp_path / "b.tsv")
    assert [(x.identifier, x.label) for x in found] == [(x.identifier, x.label) for x in original]
    assert all(one.first.endswith(".") and not one.second for one in found)
    assert len({one.first for one in found}) == len(NUMBERS)


def test_the_topic_is_that_of_the_subject_alone() -> None:
    """Another word of each sentence has another topic, so the set of words does not decide."""
    made = world("qaa")
    for number in NUMBERS:
        tree = made.tree(number)
        nodes, waiting = [], [tree]
        while waiting:
            node = waiting.pop()
            nodes.append(node)
            waiting += node.children
        assert len(nodes) <= LONGEST and tree.upos == "VERB"
        (subject,) = (n for n in tree.children if n.deprel.partition(":")[0] == "nsubj")
        topic = f"topic-{made.topics[subject.concept] + 1}"
        assert made.sentence(number).label == topic
        topics = {made.topics[node.concept] for node in nodes if node.concept in made.topics}
        assert len(topics) > 1


def test_words_of_one_topic_decide() -> None:
    """Topics without a name of a class take its first one, which then has two: it has no label."""
    made = world("qaa")
    by_topic = made.inventory.by_topic
    kinds = ("NOUN", "PERSON", "PLACE", "ORGANISATION")
    members = Counter(one for kind in kinds for topic in by_topic[kind] for one in topic)
    assert len(members) == 200 + 48 + 32 + 24
    several = {concept for concept, topics in members.items() if topics > 1}
    assert several and set(made.topics) == set(members) - several
    for concept, topic in made.topics.items():
        assert concept in by_topic[concept[0]][topic]
    labels = Counter(made.sentence(number).label for number in NUMBERS)
    assert len(labels) == 8 and max(labels.values()) < len(NUMBERS) / 3
