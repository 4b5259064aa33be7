"""Roles and relations of the embedded world: right by hand, and the same in all languages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from test_embedded_world import world
from xltransfer.corpora.embedded_world import concepts as c
from xltransfer.corpora.embedded_world.grammar import Node
from xltransfer.corpora.embedded_world.roles_and_relations import (
    relation,
    role,
    write_relations,
    write_roles,
)
from xltransfer.corpora.relation_sentences import (
    NO_LABEL,
    RelationSentence,
    read_relation_sentences,
)

NUMBERS = range(3_000_000, 3_000_150)
LANGUAGES = ("qaa", "qdb", "qea")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("relations")
    found = {}
    for code in LANGUAGES:
        for kind, writer in (("roles", write_roles), ("relations", write_relations)):
            found[kind, code] = folder / kind / f"{code}.jsonl"
            found[kind, code].parent.mkdir(exist_ok=True)
            writer(found[kind, code], world(code), NUMBERS)
    return found


def labelled(sentence: RelationSentence) -> Counter:
    """The labels of a sentence; those of a pair are the same in all languages, its place is not."""
    kinds = [mention.kind for mention in sentence.mentions]
    return Counter((kinds[pair.first], kinds[pair.second], pair.label) for pair in sentence.pairs)


def test_roles_and_relations_of_a_passive_clause_by_hand() -> None:
    verb = Node(("VERB", 8), "root", {"Voice": "Pass"})
    subject = verb.add(Node(("NOUN", 1), "nsubj:pass"))
    agent = verb.add(Node(("PERSON", 2), "obl:agent"))
    place = verb.add(Node(("PLACE", 3), "obl"))
    owner = subject.add(Node(("NOUN", 4), "nmod"))
    second = agent.add(Node(("PERSON", 5), "conj"))
    roles = [role(verb, node) for node in (subject, agent, place, owner)]
    assert roles == ["A1", "A0", "AM", NO_LABEL]
    assert relation(verb, agent, subject) == "class-2(e1,e2)"
    assert relation(verb, subject, agent) == "class-2(e2,e1)"
    assert relation(verb, owner, subject) == "genitive(e1,e2)"
    assert relation(verb, subject, owner) == "genitive(e2,e1)"
    assert relation(verb, second, agent) == relation(verb, agent, second) == "coordination"
    assert relation(verb, subject, place) == relation(verb, owner, agent) == NO_LABEL
    relative = subject.add(Node(("VERB", 0), "acl:relcl"))
    assert role(relative, relative.add(Node(c.WHICH, "nsubj"))) == "R-A0"


def test_roles_follow_the_relations_of_the_trees(written: dict) -> None:
    expected = {"nsubj": "A0", "nsubj:pass": "A1", "obj": "A1", "obl": "AM", "obl:agent": "A0"}
    for code in LANGUAGES:
        for sentence in read_relation_sentences(written["roles", code]):
            assert len(sentence.mentions) == len(sentence.words)
            for pair in sentence.pairs:
                assert sentence.upos[pair.first] == "VERB"
                attached = sentence.heads[pair.second] == pair.first + 1
                label = expected.get(sentence.deprels[pair.second]) if attached else None
                assert pair.label.removeprefix("R-") == (label or NO_LABEL)


@pytest.mark.parametrize("kind", ["roles", "relations"])
def test_languages_have_the_same_labels(written: dict, kind: str) -> None:
    sides = [read_relation_sentences(written[kind, code]) for code in LANGUAGES]
    for sentences in zip(*sides, strict=True):
        assert len({sentence.name for sentence in sentences}) == 1
        assert labelled(sentences[0]) == labelled(sentences[1]) == labelled(sentences[2])


def test_both_directions_are_equally_frequent(written: dict) -> None:
    for code in LANGUAGES:
        forward = Counter(
            pair.label.endswith("(e1,e2)")
            for sentence in read_relation_sentences(written["relations", code])
            for pair in sentence.pairs
            if pair.label.startswith("class")
        )
        assert 0.3 < forward[True] / forward.total() < 0.7


def test_every_label_occurs_and_most_pairs_have_none(written: dict) -> None:
    for kind, labels in (("roles", 5), ("relations", 16)):
        counts = Counter(
            pair.label
            for sentence in read_relation_sentences(written[kind, "qaa"])
            for pair in sentence.pairs
        )
        assert counts[NO_LABEL] > max(n for label, n in counts.items() if label != NO_LABEL)
        assert len(counts) >= labels - 1 if kind == "relations" else len(counts) == labels
