"""Semantic roles and relations of the embedded world, as functions of its abstract trees.

Roles follow Universal Propositions: the arguments of a verb are ``A0`` (who does it), ``A1`` (whom
it happens to) and ``AM`` (where, when and how); a relative pronoun has ``R-A0``. They follow from
syntax, but not from the order of words: the subject of a passive verb is its ``A1``.

Relations hold between nouns or names. The subject and the object of a verb are related by the class
of the verb, whatever its voice, so a reader must know both the tree and the meaning of the verb. A
genitive and a coordination are relations as well. Which of two mentions is the first of their pair
is drawn at random, and a label has the direction, as in SemEval, so both are equally frequent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..relation_sentences import (
    NO_LABEL,
    Mention,
    Pair,
    RelationSentence,
    write_relation_sentences,
)
from . import concepts as c
from .draws import Draws
from .grammar import Node, sentence
from .realise import ENTITY_TYPES, Word, realise
from .writers import World

ROLES: Mapping[str, str] = {
    "nsubj": "A0",
    "nsubj:pass": "A1",
    "obj": "A1",
    "obl": "AM",
    "obl:agent": "A0",
}
"""Roles by the relation of an argument to its verb."""
VERB_CLASSES = 6
_NOMINAL = ("NOUN", "PROPN", "PRON")
_MARK = "Node"
"""Feature by which the word of a node is found; realisation copies features."""


def write_roles(path: Path, world: World, numbers: Iterable[int]) -> None:
    """The roles of the sentences with these numbers.

    Every word is a mention. Every verb is paired with every noun, name and pronoun.
    """
    write_relation_sentences(path, (_roles(world, number) for number in numbers))


def write_relations(path: Path, world: World, numbers: Iterable[int]) -> None:
    """The relations of the sentences with these numbers.

    Every noun and name is a mention, with the type of the name or the topic of the noun. Every two
    mentions are a pair in one direction.
    """
    write_relation_sentences(path, (_relations(world, number) for number in numbers))


def role(verb: Node, argument: Node) -> str:
    """The role of a word to a verb, ``NO_LABEL`` if it has none."""
    if not any(child is argument for child in verb.children):
        return NO_LABEL
    found = ROLES.get(argument.deprel, NO_LABEL)
    return f"R-{found}" if argument.concept == c.WHICH else found


def relation(root: Node, first: Node, second: Node) -> str:
    """The relation between two nouns or names, ``NO_LABEL`` if there is none.

    Args:
        root: abstract tree.
        first, second: different nodes of the tree.
    """
    for one, other, direction in ((first, second, "(e1,e2)"), (second, first, "(e2,e1)")):
        for verb in root.nodes():
            if verb.upos == "VERB" and [role(verb, node) for node in (one, other)] == ["A0", "A1"]:
                return f"class-{verb.concept[1] % VERB_CLASSES}{direction}"
        if any(child is one and one.deprel == "nmod" for child in other.children):
            return f"genitive{direction}"
        if any(child is one and one.deprel == "conj" for child in other.children):
            return "coordination"
    return NO_LABEL


def _roles(world: World, number: int) -> RelationSentence:
    nodes, words = _marked(world, number)
    nominal = [place for place, node in enumerate(nodes) if _is_nominal(node)]
    pairs = [
        Pair(verb, place, role(node, nodes[place]))
        for verb, node in enumerate(nodes)
        if node.upos == "VERB"
        for place in nominal
    ]
    mentions = [Mention(place, place, "") for place in range(len(words))]
    return _sentence(words, number, mentions, pairs)


def _relations(world: World, number: int) -> RelationSentence:
    nodes, words = _marked(world, number)
    root = next(node for node, word in zip(nodes, words, strict=True) if not word.head)
    topics = {
        concept: topic
        for topic, members in enumerate(world.inventory.by_topic["NOUN"])
        for concept in members
    }
    heads = [place for place, node in enumerate(nodes) if _is_nominal(node) and node.upos != "PRON"]
    mentions = [_mention(place, nodes, words, topics) for place in heads]
    order = sorted(range(len(heads)), key=lambda place: words[heads[place]].features[_MARK])
    draws = Draws(world.inventory.seed, "relations", number)
    pairs = []
    # Pairs are drawn in the order of the abstract tree, so they are the same in all languages.
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            first, second = (one, other) if draws.chance(0.5) else (other, one)
            label = relation(root, nodes[heads[first]], nodes[heads[second]])
            pairs.append(Pair(first, second, label))
    return _sentence(words, number, mentions, pairs)


def _is_nominal(node: Node) -> bool:
    return node.upos in _NOMINAL and node.deprel != "flat"


def _mention(
    place: int, nodes: list[Node], words: list[Word], topics: Mapping[c.Concept, int]
) -> Mention:
    """The mention of a noun, or of a name with its surname."""
    node = nodes[place]
    span = [place]
    span += [
        other
        for other, word in enumerate(words)
        if word.head == place + 1 and word.deprel == "flat"
    ]
    named = ENTITY_TYPES.get(node.concept[0])
    return Mention(min(span), max(span), named or f"topic-{topics[node.concept]}")


def _marked(world: World, number: int) -> tuple[list[Node], list[Word]]:
    """The nodes and the words of a sentence in the order of the words."""
    tree = sentence(world.inventory, number)
    nodes = list(tree.nodes())
    for place, node in enumerate(nodes):
        node.features[_MARK] = f"{place:04d}"
    words = realise(tree, world.language, world.lexicon)
    return [nodes[int(word.features[_MARK])] for word in words], words


def _sentence(
    words: list[Word], number: int, mentions: list[Mention], pairs: list[Pair]
) -> RelationSentence:
    return RelationSentence(
        f"embedded-{number}",
        tuple(word.form for word in words),
        tuple(mentions),
        tuple(pairs),
        tuple(word.upos for word in words),
        tuple(word.head for word in words),
        tuple(word.deprel for word in words),
    )
