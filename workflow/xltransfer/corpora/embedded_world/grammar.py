"""Abstract sentences of the embedded world: unordered dependency trees of concepts.

This is a probabilistic dependency grammar over Universal Dependencies relations. Parallel sentences
are realisations of the same abstract tree in several languages (``realise.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from . import concepts as c
from .concepts import Concept, Inventory
from .draws import Draws

UPOS_OF_CLASS = {"PERSON": "PROPN", "PLACE": "PROPN", "ORGANISATION": "PROPN"}
ADPOSITIONS_OF_PLACE = (2, 3, 4)
ADPOSITIONS_OF_OBLIQUES = (2, 3, 4, 5, 6)


@dataclass(slots=True)
class Node:
    """An abstract word: its concept, relation to its parent, features and dependents."""

    concept: Concept
    deprel: str
    features: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def upos(self) -> str:
        """Universal part of speech."""
        return UPOS_OF_CLASS.get(self.concept[0], self.concept[0])

    def add(self, child: Node) -> Node:
        """Attach a dependent and return it."""
        self.children.append(child)
        return child

    def child(self, *deprels: str) -> Node | None:
        """The first dependent with one of the relations."""
        return next((child for child in self.children if child.deprel in deprels), None)

    def nodes(self) -> Iterator[Node]:
        """The node and everything below it."""
        yield self
        for child in self.children:
            yield from child.nodes()


def sentence(inventory: Inventory, number: int) -> Node:
    """The abstract tree with this number; deterministic."""
    draws = Draws(inventory.seed, "sentence", number)
    grammar = Grammar(inventory, draws)
    root = grammar.clause("root")
    kind = "?" if draws.chance(0.1) else "!" if draws.chance(0.06) else "."
    root.add(Node(("PUNCT", ".?!,".index(kind)), "punct"))
    return root


@dataclass
class Grammar:
    """The rules and probabilities of the grammar."""

    inventory: Inventory
    draws: Draws

    def clause(self, deprel: str, depth: int = 0) -> Node:
        """A clause headed by a verb or, for copular clauses, by an adjective or a noun."""
        if self.draws.chance(0.12):
            head = self.copular_clause(deprel)
        else:
            head = self.verbal_clause(deprel, depth)
        if self.draws.chance(0.08):
            head.add(Node(c.NEGATION, "advmod", {"Polarity": "Neg"}))
        if self.draws.chance(0.25):
            head.add(self.oblique())
        if self.draws.chance(0.22):
            head.add(Node(self.inventory.choose(self.draws, "ADV"), "advmod"))
        if depth == 0 and self.draws.chance(0.14):
            subordinate = head.add(self.clause("advcl", depth + 1))
            subordinate.add(Node(("SCONJ", 1 + self.draws.below(3)), "mark"))
            subordinate.add(Node(("PUNCT", 3), "punct"))
        elif depth == 0 and self.draws.chance(0.08):
            second = head.add(self.clause("conj", depth + 1))
            second.add(Node(("CCONJ", self.draws.below(2)), "cc"))
        return head

    def verbal_clause(self, deprel: str, depth: int) -> Node:
        """A verb with the arguments of its frame, in the active or the passive."""
        verb = self.inventory.choose(self.draws, "VERB")
        frame = self.inventory.frame[verb]
        tense = "Past" if self.draws.chance(0.5) else "Pres"
        head = Node(verb, deprel, {"Tense": tense})
        if frame == "transitive" and self.draws.chance(0.08):
            head.features["Voice"] = "Pass"
            head.add(self.noun_phrase("nsubj:pass", self.inventory.object_topics[verb]))
            head.add(Node(c.PASSIVE, "aux:pass", {"Tense": tense}))
            if self.draws.chance(0.5):
                topics = self.inventory.subject_topics[verb]
                agent = head.add(self.noun_phrase("obl:agent", topics, 1))
                agent.add(Node(c.BY, "case"))
            return head
        head.add(self.noun_phrase("nsubj", self.inventory.subject_topics[verb]))
        if frame == "transitive":
            head.add(self.noun_phrase("obj", self.inventory.object_topics[verb]))
        elif frame == "clausal" and depth == 0:
            complement = head.add(self.clause("ccomp", depth + 1))
            complement.add(Node(c.THAT, "mark"))
        if self.draws.chance(0.18):
            head.add(Node(("AUX", 2 + self.draws.below(3)), "aux"))
        return head

    def copular_clause(self, deprel: str) -> Node:
        """A subject with an adjective or noun as predicate."""
        topic = self.draws.below(c.TOPICS)
        if self.draws.chance(0.6):
            head = Node(self.inventory.choose(self.draws, "ADJ", topic), deprel)
        else:
            head = self.noun_phrase(deprel, (topic, topic), 1, bare=True)
        tense = "Past" if self.draws.chance(0.5) else "Pres"
        head.add(Node(c.COPULA, "cop", {"Tense": tense}))
        head.add(self.noun_phrase("nsubj", (topic, topic)))
        return head

    def oblique(self) -> Node:
        """A noun phrase or a place with an adposition."""
        if self.draws.chance(0.25):
            head = Node(self.inventory.choose(self.draws, "PLACE"), "obl")
            adposition = self.draws.pick(ADPOSITIONS_OF_PLACE)
        else:
            topic = self.draws.below(c.TOPICS)
            head = self.noun_phrase("obl", (topic, topic), 1)
            adposition = self.draws.pick(ADPOSITIONS_OF_OBLIQUES)
        head.add(Node(("ADP", adposition), "case"))
        return head

    def noun_phrase(
        self, deprel: str, topics: tuple[int, int], depth: int = 0, bare: bool = False
    ) -> Node:
        """A name, a pronoun, or a noun with its modifiers.

        Args:
            deprel: relation of the phrase to its governor.
            topics: topics to choose the noun from.
            depth: nesting depth; from 1 on, no further noun phrase or clause is nested.
            bare: whether to exclude names and pronouns (for predicate nominals).
        """
        topic = self.draws.pick(topics)
        if not bare and self.draws.chance(0.2):
            return self.name(deprel, topic)
        if not bare and depth == 0 and self.draws.chance(0.12):
            return Node(("PRON", self.draws.below(5)), deprel, {"PronType": "Prs"})
        plural = self.draws.chance(0.3)
        head = Node(self.inventory.choose(self.draws, "NOUN", topic), deprel)
        head.features["Number"] = "Plur" if plural else "Sing"
        if self.draws.chance(0.6):
            head.add(Node(("DET", self.draws.below(3)), "det"))
        elif plural and self.draws.chance(0.5):
            head.add(Node(("NUM", self.draws.below(c.NUMERALS)), "nummod"))
        if self.draws.chance(0.33):
            head.add(Node(self.inventory.choose(self.draws, "ADJ", topic), "amod"))
        if depth == 0:
            self.nested_modifier(head, topic)
        return head

    def nested_modifier(self, head: Node, topic: int) -> None:
        """At most one of: a genitive, a coordinated noun, a relative clause."""
        draw = self.draws.below(100)
        if draw < 18:
            other = self.draws.below(c.TOPICS)
            owner = head.add(self.noun_phrase("nmod", (other, other), 1))
            owner.add(Node(c.OF, "case"))
        elif draw < 27:
            second = head.add(self.noun_phrase("conj", (topic, topic), 1))
            second.add(Node(("CCONJ", self.draws.below(2)), "cc"))
        elif draw < 33:
            verb = self.inventory.choose(self.draws, "VERB")
            relative = head.add(Node(verb, "acl:relcl", {"Tense": "Past"}))
            relative.add(Node(c.WHICH, "nsubj", {"PronType": "Rel"}))
            if self.inventory.frame[verb] == "transitive":
                topics = self.inventory.object_topics[verb]
                relative.add(self.noun_phrase("obj", topics, 1))

    def name(self, deprel: str, topic: int) -> Node:
        """A person (often with a surname), a place or an organisation."""
        draw = self.draws.below(100)
        kind = "PERSON" if draw < 55 else "PLACE" if draw < 75 else "ORGANISATION"
        head = Node(self.inventory.choose(self.draws, kind, topic), deprel)
        if kind == "PERSON" and self.draws.chance(0.35):
            head.add(Node(self.inventory.choose(self.draws, kind), "flat"))
        return head
