"""Sentences of the embedded world with a topic: that of the subject of the main clause.

Nouns and names of the world have one of eight topics. A sentence has other nouns or names too,
and at least one of another topic. So a model must know what words mean, in every language, and
which word is the subject, which languages mark by word order or case. Sentences with one number are
translations of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..classified_sentences import ClassifiedSentence, write_classified
from . import concepts as c
from .draws import Draws
from .grammar import Grammar, Node
from .languages import Language
from .realise import PUNCTUATION, realise, surface
from .writers import World

LONGEST = 16
"""Words of a sentence, punctuation included."""
SUBJECTS = ("nsubj", "nsubj:pass")
WITH_TOPIC = ("NOUN", *c.NAMES)
"""Classes of the words that may have a topic."""


class ClassificationWorld(World):
    """The sentences with topics of a world in one language.

    Args:
        seed: seed of the world.
        language: parameters of the language.
    """

    def __init__(self, seed: int, language: Language) -> None:
        super().__init__(seed, language)
        self.topics = _topics(self.inventory)

    def sentence(self, number: int) -> ClassifiedSentence:
        """The sentence with this number, whose label is the same in all languages."""
        tree = self.tree(number)
        subject = tree.child(*SUBJECTS)
        assert subject is not None
        text = surface(realise(tree, self.language, self.lexicon))[0]
        label = f"topic-{self.topics[subject.concept] + 1}"
        return ClassifiedSentence(f"embedded-{number}", text, "", label)

    def tree(self, number: int) -> Node:
        """The abstract sentence with this number; the same in every language."""
        draws = Draws(self.inventory.seed, "classification", number)
        grammar = Grammar(self.inventory, draws)
        while True:
            tree = grammar.clause("root")
            tree.add(Node(("PUNCT", PUNCTUATION.index(".")), "punct"))
            if len(list(tree.nodes())) <= LONGEST and self._needs_the_subject(tree):
                return tree

    def _needs_the_subject(self, tree: Node) -> bool:
        """Whether the subject of the verb has a topic, and another word has another one."""
        subject = tree.child(*SUBJECTS)
        if tree.concept[0] != "VERB" or subject is None or subject.concept not in self.topics:
            return False
        concepts = {node.concept for node in tree.nodes()}
        found = {self.topics[one] for one in concepts if one in self.topics}
        return len(found) > 1


def write_classification(path: Path, world: ClassificationWorld, numbers: Iterable[int]) -> None:
    """Write the sentences with these numbers."""
    write_classified(path, [world.sentence(number) for number in numbers])


def _topics(inventory: c.Inventory) -> dict[c.Concept, int]:
    """The topic of each noun and name that has exactly one."""
    found: dict[c.Concept, list[int]] = {}
    for word_class in WITH_TOPIC:
        for topic, members in enumerate(inventory.by_topic[word_class]):
            for concept in members:
                found.setdefault(concept, []).append(topic)
    return {concept: topics[0] for concept, topics in found.items() if len(topics) == 1}
