"""Words: proto-lexicons of families, sound changes, replacements and inflection.

All languages of a family derive from its proto-lexicon; each has specific regular sound changes and
replaces a share of the words. Names and a share of the nouns (international words) are the same in
all languages, except for sound changes and script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import concepts as c
from .concepts import Concept
from .draws import Draws
from .languages import Language

CONSONANTS = "pbtdkgmnszrlvfjh"
VOWELS = "aeiou"
CODAS = "nrslkt"
INTERNATIONAL_SHARE = 0.12

SOUND_CHANGES = (
    ("p", "b"),
    ("t", "d"),
    ("k", "g"),
    ("(?<=[aeiou])s(?=[aeiou])", "z"),
    ("f", "v"),
    ("e", "i"),
    ("o", "u"),
    ("r", "l"),
    ("m(?=[aou])", "n"),
    ("^h", ""),
    ("(?<=[^aeiou])a$", ""),
    ("v", "b"),
    ("j", "i"),
    ("ai", "e"),
)
CHANGES_PER_LANGUAGE = 3
INFLECTIONS = ("plural", "accusative", "past", "agreement")


def make_word(draws: Draws, syllables: int) -> str:
    """A word of consonant-vowel syllables, some closed by a coda."""
    word = ""
    for _ in range(syllables):
        word += draws.pick(CONSONANTS) + draws.pick(VOWELS)
        if draws.chance(0.2):
            word += draws.pick(CODAS)
    return word


def _new_word(draws: Draws, concept: Concept) -> str:
    if concept[0] in c.CLOSED_CLASSES:
        return make_word(draws, 1)
    return make_word(draws, 3 if concept[0] in c.NAMES or draws.chance(0.3) else 2)


@dataclass(frozen=True)
class Lexicon:
    """The words of one language in Latin letters.

    Attributes:
        words: concept → stem.
        suffixes: inflection → suffix.
    """

    words: dict[Concept, str]
    suffixes: dict[str, str]


def build_lexicon(seed: int, language: Language) -> Lexicon:
    """The lexicon of a language; it depends only on the seed and the language's row."""
    proto, proto_suffixes = _proto_lexicon(seed, language.family)
    draws = Draws(seed, "lexicon", language.code)
    changes = draws.shuffled(SOUND_CHANGES)[:CHANGES_PER_LANGUAGE]
    words = {}
    for concept, stem in proto.items():
        own_word = _new_word(draws, concept)
        if draws.chance(language.divergence) and concept[0] not in c.NAMES:
            words[concept] = own_word
        else:
            words[concept] = stem if concept[0] in c.NAMES else _apply(changes, stem)
    suffixes = {name: _apply(changes, suffix) for name, suffix in proto_suffixes.items()}
    return Lexicon(words, suffixes)


def _proto_lexicon(seed: int, family: str) -> tuple[dict[Concept, str], dict[str, str]]:
    shared, own = Draws(seed, "shared words"), Draws(seed, "family", family)
    words: dict[Concept, str] = {}
    taken: set[str] = set()
    for concept in c.all_concepts():
        everywhere = concept[0] in c.NAMES or (
            concept[0] == "NOUN" and shared.chance(INTERNATIONAL_SHARE)
        )
        shared_word, family_word = _new_word(shared, concept), _new_word(own, concept)
        while family_word in taken:
            family_word = _new_word(own, concept)
        words[concept] = shared_word if everywhere else family_word
        taken.add(words[concept])
    suffixes: dict[str, str] = {}
    while len(set(suffixes.values())) < len(INFLECTIONS):
        suffixes = {name: own.pick(VOWELS) + own.pick(CODAS) for name in INFLECTIONS}
    return words, suffixes


def _apply(changes: list[tuple[str, str]], word: str) -> str:
    for pattern, replacement in changes:
        word = re.sub(pattern, replacement, word) or word
    return word
