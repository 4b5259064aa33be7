"""Bilingual dictionaries of the embedded world: words of two languages for the same concepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..dictionaries import Pair
from . import concepts as c
from .grammar import sentence
from .realise import realise
from .writers import World
from .writing import write

_MARK = "Node"
"""Feature by which a word is found again in the other language; realisation copies features."""


def stem_pairs(source: World, target: World, numbers: Iterable[int]) -> list[Pair]:
    """The stems of all concepts of the open classes, most frequent concepts first.

    Args:
        source, target: one world in two languages.
        numbers: numbers of the sentences in which frequency is counted.

    Returns:
        A pair for each noun, verb, adjective and adverb; homonyms have several.
    """
    counts: Counter[c.Concept] = Counter()
    for number in numbers:
        counts.update(node.concept for node in sentence(source.inventory, number).nodes())
    concepts = [one for one in c.all_concepts() if one[0] in c.OPEN_CLASSES]
    # Sorting is stable: concepts of equal frequency are in the order of the inventory.
    concepts.sort(key=lambda concept: -counts[concept])
    stems = (
        [write(world.lexicon.words[one], world.language.script) for one in concepts]
        for world in (source, target)
    )
    return list(dict.fromkeys(zip(*stems, strict=True)))


def form_pairs(source: World, target: World, numbers: Iterable[int]) -> list[Pair]:
    """The inflected forms of open classes that occur in parallel sentences, most frequent first.

    Args:
        source, target: one world in two languages.
        numbers: numbers of the sentences.
    """
    counts: Counter[Pair] = Counter()
    for number in numbers:
        tree = sentence(source.inventory, number)
        for place, node in enumerate(tree.nodes()):
            node.features[_MARK] = str(place)
        one, other = (
            {word.features[_MARK]: word for word in realise(tree, world.language, world.lexicon)}
            for world in (source, target)
        )
        counts.update(
            (word.form, other[mark].form)
            for mark, word in one.items()
            if word.upos in c.OPEN_CLASSES and mark in other
        )
    return sorted(counts, key=lambda pair: (-counts[pair], pair))


def split_pairs(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs for training and for testing: every other source word is a test word.

    All translations of a source word are in one part, and both parts have frequent and rare words.

    Args:
        pairs: pairs, most frequent first.
    """
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    part_of: dict[str, int] = {}
    for pair in pairs:
        parts[part_of.setdefault(pair[0], len(part_of) % 2)].append(pair)
    return parts
