"""The things the embedded world talks about: concepts, their topics and which verbs take them.

A concept is a meaning without a form. Every language of the world names the same concepts, so a
sentence of concepts can be said in all of them. Topics and selectional preferences give words a
distribution that a masked language model can learn meanings from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .draws import Draws, zipf_weights

Concept = tuple[str, int]
"""A word class (``NOUN``, ``PERSON``, ``ADP``, …) and a number within it."""

TOPICS = 8
OPEN_CLASSES = {"NOUN": 200, "VERB": 72, "ADJ": 56, "ADV": 24}
NAMES = {"PERSON": 48, "PLACE": 32, "ORGANISATION": 24}
CLOSED_CLASSES = {"PRON": 6, "DET": 3, "ADP": 7, "CCONJ": 2, "SCONJ": 4, "AUX": 5, "PART": 1}
NUMERALS = 24

# Members of the closed classes that the grammar asks for by name.
DEFINITE, INDEFINITE, DEMONSTRATIVE = ("DET", 0), ("DET", 1), ("DET", 2)
OF, BY = ("ADP", 0), ("ADP", 1)
THAT, WHICH = ("SCONJ", 0), ("PRON", 5)
COPULA, PASSIVE = ("AUX", 0), ("AUX", 1)
NEGATION = ("PART", 0)

FRAMES = ("intransitive", "transitive", "transitive", "transitive", "clausal")


@dataclass
class Inventory:
    """All concepts with what the grammar needs to know of them.

    Args:
        seed: the world's seed; another seed makes another world.
    """

    seed: int
    by_topic: dict[str, list[list[Concept]]] = field(init=False)
    subject_topics: dict[Concept, tuple[int, int]] = field(init=False)
    object_topics: dict[Concept, tuple[int, int]] = field(init=False)
    frame: dict[Concept, str] = field(init=False)

    def __post_init__(self) -> None:
        draws = Draws(self.seed, "concepts")
        self.by_topic = {}
        for word_class, count in (OPEN_CLASSES | NAMES).items():
            topics: list[list[Concept]] = [[] for _ in range(TOPICS)]
            # Dealt round-robin so that no topic is empty and each has frequent and rare members.
            for number, topic in enumerate(draws.below(TOPICS) for _ in range(count)):
                topics[(topic + number) % TOPICS].append((word_class, number))
            self.by_topic[word_class] = [members or [(word_class, 0)] for members in topics]
        verbs = [("VERB", number) for number in range(OPEN_CLASSES["VERB"])]
        self.frame = {verb: draws.pick(FRAMES) for verb in verbs}
        self.subject_topics = {v: (draws.below(TOPICS), draws.below(TOPICS)) for v in verbs}
        self.object_topics = {v: (draws.below(TOPICS), draws.below(TOPICS)) for v in verbs}

    def choose(self, draws: Draws, word_class: str, topic: int | None = None) -> Concept:
        """A concept of a class, and of a topic if one is given; low numbers are frequent (Zipf)."""
        if topic is None:
            members = [(word_class, number) for number in range(self.size(word_class))]
        else:
            members = self.by_topic[word_class][topic]
        return draws.weighted(members, zipf_weights(len(members)))

    @staticmethod
    def size(word_class: str) -> int:
        """How many concepts a class has."""
        return (OPEN_CLASSES | NAMES | CLOSED_CLASSES)[word_class]


def all_concepts() -> list[Concept]:
    """Every concept that has a name in each language, in a fixed order (numerals are digits)."""
    classes = OPEN_CLASSES | NAMES | CLOSED_CLASSES
    return [(word_class, number) for word_class in classes for number in range(classes[word_class])]
