"""Realisation of abstract sentences in a language: order, function words, inflection, script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import concepts as c
from .grammar import Node
from .languages import Language
from .lexicon import Lexicon
from .writing import write

PUNCTUATION = ".?!,"
ENTITY_TYPES = {"PERSON": "PER", "PLACE": "LOC", "ORGANISATION": "ORG"}
LATIN_EVERYWHERE = {"ORGANISATION": "Latn"}
"""Brands stay in Latin letters in every language, as is common in real text."""
QUESTION_MARK = ("PUNCT", PUNCTUATION.index("?"))
ARTICLES = (c.DEFINITE, c.INDEFINITE)


@dataclass(slots=True)
class Word:
    """One syntactic word of a sentence in a language.

    Attributes:
        form, lemma: form and lemma in the language's script.
        upos, features, deprel: values as in CoNLL-U.
        head: 1-based position of the head, 0 for the root.
        entity: IOB2 tag.
        fused_form: contracted form of a preposition and the article after it, at the preposition;
            ``""`` otherwise.
    """

    form: str
    lemma: str
    upos: str
    features: dict[str, str]
    head: int
    deprel: str
    entity: str
    fused_form: str = ""


def realise(tree: Node, language: Language, lexicon: Lexicon) -> list[Word]:
    """The words of an abstract sentence in a language, in order."""
    order = _linearise(tree, None, language)
    position = {id(node): place for place, (node, _) in enumerate(order, start=1)}
    words = []
    for node, parent in order:
        stem = _stem(node, lexicon)
        suffixes, features = _inflect(node, parent, language)
        form = stem + "".join(lexicon.suffixes[name] for name in suffixes)
        script = LATIN_EVERYWHERE.get(node.concept[0], language.script)
        words.append(
            Word(
                form=write(form, script),
                lemma=write(stem, script),
                upos=node.upos,
                features=features,
                head=position[id(parent)] if parent else 0,
                deprel=node.deprel,
                entity=_entity(node, parent),
            )
        )
    if language.contractions:
        _contract(words, [node for node, _ in order], language)
    return words


def surface(words: Iterable[Word]) -> tuple[str, list[tuple[int, int, Word]]]:
    """The text of a sentence, and the first character of each word with the one after its last.

    A contraction is one written word, so its two words have one span.
    """
    text, spans, fused = "", [], False
    for word in words:
        if fused:
            begin, end, _ = spans[-1]
        else:
            if text and word.upos != "PUNCT":
                text += " "
            begin = len(text)
            text += word.fused_form or word.form
            end = len(text)
        fused = bool(word.fused_form)
        spans.append((begin, end, word))
    return text, spans


def _stem(node: Node, lexicon: Lexicon) -> str:
    word_class, number = node.concept
    if word_class == "PUNCT":
        return PUNCTUATION[number]
    if word_class == "NUM":
        return str(number + 2) if number < 12 else str(1900 + 7 * number)
    return lexicon.words[node.concept]


def _inflect(
    node: Node, parent: Node | None, language: Language
) -> tuple[list[str], dict[str, str]]:
    """The suffixes and features of a word in a language."""
    features, suffixes = dict(node.features), []
    if node.upos == "NOUN":
        if features.get("Number") == "Plur":
            suffixes.append("plural")
        if language.case:
            features["Case"] = "Acc" if node.deprel == "obj" else "Nom"
            if node.deprel == "obj":
                suffixes.append("accusative")
    elif node.upos == "VERB":
        if features.get("Tense") == "Past" and "Voice" not in features:
            suffixes.append("past")
        subject = node.child("nsubj", "nsubj:pass")
        if language.agreement and subject is not None:
            features["Number"] = subject.features.get("Number", "Sing")
            if features["Number"] == "Plur":
                suffixes.append("agreement")
    elif node.upos == "ADJ" and language.agreement and parent and node.deprel == "amod":
        features["Number"] = parent.features.get("Number", "Sing")
        if features["Number"] == "Plur":
            suffixes.append("plural")
    return suffixes, features


def _entity(node: Node, parent: Node | None) -> str:
    kind = ENTITY_TYPES.get(node.concept[0])
    if kind is None:
        return "O"
    return f"I-{kind}" if node.deprel == "flat" else f"B-{kind}"


def _linearise(
    node: Node, parent: Node | None, language: Language
) -> list[tuple[Node, Node | None]]:
    order = _clause_order(node, language)
    placed = []
    for child in node.children:
        if child.concept in ARTICLES and not language.articles:
            continue
        placed.append((_slot(child, node, language, order), _linearise(child, node, language)))
    placed.sort(key=lambda pair: pair[0])
    before = [item for slot, part in placed if slot < 0 for item in part]
    after = [item for slot, part in placed if slot > 0 for item in part]
    return [*before, (node, parent), *after]


def _clause_order(head: Node, language: Language) -> str:
    """Order of subject, verb and object in the clause of a head."""
    subject = head.child("nsubj", "nsubj:pass")
    if head.deprel in ("advcl", "ccomp", "acl:relcl"):
        return language.subordinate_order
    if head.child("punct") is not None and head.child("punct").concept == QUESTION_MARK:
        return language.question_order
    if subject is not None and subject.upos in ("PRON", "PROPN"):
        return language.name_order
    return language.word_order


def _slot(child: Node, head: Node, language: Language, order: str) -> float:
    """Position of a dependent relative to its head: negative before, positive after."""

    def side(place: str, distance: float) -> float:
        return -distance if place == "before" else distance

    verb_final = language.word_order == "SOV"
    fixed = {"flat": 0.5, "cc": -20, "conj": 10}
    places = {
        "case": (language.adposition, 9),
        "det": (language.demonstrative, 7),
        "nummod": (language.numeral, 5),
        "amod": (language.adjective, 3),
        "nmod": (language.genitive, 6),
        "acl:relcl": ("before" if verb_final else "after", 8),
        "advcl": ("before" if verb_final else "after", 12),
    }
    if child.deprel in fixed:
        return fixed[child.deprel]
    if child.deprel in places:
        return side(*places[child.deprel])
    if child.deprel == "punct":
        # The comma is between a subordinate clause and its main clause.
        return -99 if head.deprel == "advcl" and not verb_final else 99
    if child.deprel == "mark":
        clause_final = verb_final and language.adposition == "after"
        return 20 if clause_final else -20
    return _clause_slot(child, order)


def _clause_slot(child: Node, order: str) -> float:
    if child.concept == c.WHICH:
        # Relative pronouns are clause-initial in every language.
        return -15
    if child.concept == c.NEGATION:
        return -1
    slots = {
        "SVO": {"nsubj": -8, "aux": -2, "obj": 3, "obl": 4, "advmod": -1.5, "ccomp": 6},
        "SOV": {"nsubj": -8, "aux": 1, "obj": -3, "obl": -4, "advmod": -1.5, "ccomp": -2},
        "VSO": {"nsubj": 2, "aux": -9, "obj": 3, "obl": 4, "advmod": 1.5, "ccomp": 6},
    }[order]
    relation = child.deprel.partition(":")[0]
    return slots["aux" if relation == "cop" else relation]


def _contract(words: list[Word], nodes: list[Node], language: Language) -> None:
    """Write each preposition and the definite article after it as one word."""
    for first, second, article in zip(words, words[1:], nodes[1:], strict=False):
        if first.deprel == "case" and article.concept == c.DEFINITE:
            first.fused_form = first.form[:1] + second.form
