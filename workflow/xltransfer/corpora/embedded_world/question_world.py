"""Questions about passages of the embedded world.

A passage is a few declarative sentences whose verbs differ. A question is the clause of one of them
with its subject or object replaced by an interrogative pronoun, in the word order of questions; the
answer is that phrase. Passages with one number are translations of each other, and so are their
questions.

The interrogative pronoun is a concept that no other part of the world has. It comes after all other
concepts and has streams of its own, so the words of all other parts are as they were before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..questions import Answer, Question, write_squad
from . import concepts as c
from .draws import Draws
from .grammar import Grammar, Node
from .languages import Language
from .lexicon import Lexicon, build_lexicon, make_word
from .realise import PUNCTUATION, Word, realise, surface

INTERROGATIVE = ("PRON", c.CLOSED_CLASSES["PRON"])
"""The pronoun that asks for a phrase: the last one of its class."""
LONGEST = 16
"""Words of a sentence, punctuation included."""
ASKED = ("nsubj", "nsubj:pass", "obj")
"""Relations of the phrases that questions ask for."""
CORE = (*ASKED, "aux", "aux:pass", "obl:agent", "ccomp")
"""Relations of the dependents of a verb that a question keeps."""
_MARK = "Answer"
"""Feature by which the words of an answer are found again; realisation copies features."""


class QuestionWorld:
    """The passages and questions of a world in one language.

    Args:
        seed: seed of the world.
        language: parameters of the language.
        sentences: fewest and most sentences of a passage.
    """

    def __init__(self, seed: int, language: Language, sentences: tuple[int, int]) -> None:
        self.seed, self.language, self.sentences = seed, language, sentences
        self.inventory = c.Inventory(seed)
        self.lexicon = with_interrogative(build_lexicon(seed, language), seed, language)

    def questions(self, number: int) -> list[Question]:
        """The questions about the passage with this number, one per sentence."""
        texts, answers, asked = [], [], []
        place = 0
        for tree in self._sentences(number):
            draws = Draws(self.seed, "question", number, len(texts))
            phrase = draws.pick([one for one in tree.children if one.deprel in ASKED])
            for node in phrase.nodes():
                node.features[_MARK] = "Yes"
            text, spans = surface(self._words(tree))
            begin, end = _span(spans)
            asked.append(surface(self._words(_question(tree, phrase)))[0])
            answers.append(Answer(place + begin, text[begin:end]))
            texts.append(text)
            place += len(text) + 1
        passage = " ".join(texts)
        return [
            Question(f"embedded-{number}-{count}", question, passage, [answer], f"passage {number}")
            for count, (question, answer) in enumerate(zip(asked, answers, strict=True), start=1)
        ]

    def _words(self, tree: Node) -> list[Word]:
        return realise(tree, self.language, self.lexicon)

    def _sentences(self, number: int) -> Iterator[Node]:
        """The abstract sentences of a passage; the same in every language."""
        draws = Draws(self.seed, "passage", number)
        fewest, most = self.sentences
        wanted, found = fewest + draws.below(most - fewest + 1), 0
        verbs: set[c.Concept] = set()
        grammar = Grammar(self.inventory, draws)
        while found < wanted:
            tree = grammar.clause("root")
            tree.add(Node(("PUNCT", PUNCTUATION.index(".")), "punct"))
            inside = [node.concept for node in tree.nodes() if node.concept[0] == "VERB"]
            repeated = len(set(inside)) < len(inside) or not verbs.isdisjoint(inside)
            if tree.concept[0] != "VERB" or repeated:
                continue
            if len(list(tree.nodes())) > LONGEST or not _can_be_asked(tree):
                continue
            verbs.update(inside)
            found += 1
            yield tree


def with_interrogative(lexicon: Lexicon, seed: int, language: Language) -> Lexicon:
    """A lexicon with a word for the interrogative pronoun, which languages of a family share.

    It differs from the other words of the language. Such words do not undergo sound changes.
    """
    draws = Draws(seed, "interrogative", language.family)
    word = make_word(draws, 2)
    while word in lexicon.words.values():
        word = make_word(draws, 2)
    return replace(lexicon, words={**lexicon.words, INTERROGATIVE: word})


def write_questions(path: Path, world: QuestionWorld, numbers: Iterable[int]) -> None:
    """Write the questions about the passages with these numbers."""
    write_squad(path, [one for number in numbers for one in world.questions(number)])


def _question(tree: Node, phrase: Node) -> Node:
    """The tree of a question that asks for a phrase of a sentence."""
    asked = Node(INTERROGATIVE, phrase.deprel, {"PronType": "Int"})
    kept = [
        asked if child is phrase else child
        for child in tree.children
        if child is phrase or child.deprel in CORE or child.concept == c.NEGATION
    ]
    mark = Node(("PUNCT", PUNCTUATION.index("?")), "punct")
    return Node(tree.concept, tree.deprel, dict(tree.features), [*kept, mark])


def _span(spans: Iterable[tuple[int, int, Word]]) -> tuple[int, int]:
    """The characters of the words of the answer."""
    found = [(begin, end) for begin, end, word in spans if _MARK in word.features]
    return min(begin for begin, _ in found), max(end for _, end in found)


def _can_be_asked(tree: Node) -> bool:
    """Whether the clause has phrases to ask for, and no pronoun as subject or object."""
    return all(child.upos != "PRON" for child in tree.children if child.deprel in ASKED) and any(
        child.deprel in ASKED for child in tree.children
    )
