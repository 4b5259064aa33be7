"""The concepts of the embedded world, their topics, and the selectional preferences of verbs.

A concept is a meaning without a form. All languages of the world have words for the same concepts,
so a sentence of concepts can be realised in each of them. Topics and selectional preferences give
words a distribution from which a masked language model can learn meanings.
"""

from __future__ import annotations

from .draws import Draws, zipf_weights

Concept = tuple[str, int]
"""A word class (``NOUN``, ``PERSON``, ``ADP``, …) and a number within it."""

TOPICS = 8
OPEN_CLASSES = {"NOUN": 200, "VERB": 72, "ADJ": 56, "ADV": 24}
NAMES = {"PERSON": 48, "PLACE": 32, "ORGANISATION": 24}
CLOSED_CLASSES = {"PRON": 6, "DET": 3, "ADP": 7, "CCONJ": 2, "SCONJ": 4, "AUX": 5, "PART": 1}
NUMERALS = 24

# Members of the closed classes that the grammar uses by name.
DEFINITE, INDEFINITE, DEMONSTRATIVE = ("DET", 0), ("DET", 1), ("DET", 2)
OF, BY = ("ADP", 0), ("ADP", 1)
THAT, WHICH = ("SCONJ", 0), ("PRON", 5)
COPULA, PASSIVE = ("AUX", 0), ("AUX", 1)
NEGATION = ("PART", 0)

FRAMES = ("intransitive", "transitive", "transitive", "transitive", "clausal")


class Inventory:
    """All concepts with the information that the grammar needs.

    Args:
        seed: seed of the world.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        draws = Draws(seed, "concepts")
        self.by_topic: dict[str, list[list[Concept]]] = {}
        for word_class, count in (OPEN_CLASSES | NAMES).items():
            topics: list[list[Concept]] = [[] for _ in range(TOPICS)]
            # Round-robin assignment, so that every topic has frequent and rare members.
            for number, topic in enumerate(draws.below(TOPICS) for _ in range(count)):
                topics[(topic + number) % TOPICS].append((word_class, number))
            self.by_topic[word_class] = [members or [(word_class, 0)] for members in topics]
        verbs = [("VERB", number) for number in range(OPEN_CLASSES["VERB"])]
        self.frame = {verb: draws.pick(FRAMES) for verb in verbs}
        self.subject_topics = {v: (draws.below(TOPICS), draws.below(TOPICS)) for v in verbs}
        self.object_topics = {v: (draws.below(TOPICS), draws.below(TOPICS)) for v in verbs}

    def choose(self, draws: Draws, word_class: str, topic: int | None = None) -> Concept:
        """A random concept of a class, and of a topic if given; low numbers are frequent (Zipf)."""
        if topic is None:
            members = [(word_class, number) for number in range(self.size(word_class))]
        else:
            members = self.by_topic[word_class][topic]
        return draws.weighted(members, zipf_weights(len(members)))

    @staticmethod
    def size(word_class: str) -> int:
        """Number of concepts of a class."""
        return (OPEN_CLASSES | NAMES | CLOSED_CLASSES)[word_class]


def all_concepts() -> list[Concept]:
    """Every concept with a word in each language, in a fixed order (numerals are digits)."""
    classes = OPEN_CLASSES | NAMES | CLOSED_CLASSES
    return [(word_class, number) for word_class in classes for number in range(classes[word_class])]
