"""The scripts of the embedded world and the way back to Latin letters.

Every language is built in Latin letters and then written in its script, letter by letter, so each
table is a bijection and ``romanise`` undoes ``write``.
"""

from __future__ import annotations

LATIN = "abdefghijklmnoprstuvz"

_LETTERS = {
    "Latn": LATIN,
    "Cyrl": "абдефгхийклмнопрстувз",
    "Arab": "ابدەفگهىيكلمنوپرستۇڤز",
    "Geor": "აბდეფგჰიჯკლმნოპრსტუვზ",
}

_TO_SCRIPT = {script: str.maketrans(LATIN, letters) for script, letters in _LETTERS.items()}
_TO_LATIN = {script: str.maketrans(letters, LATIN) for script, letters in _LETTERS.items()}

SCRIPTS = tuple(_LETTERS)
"""ISO 15924 codes of the scripts."""


def write(word: str, script: str) -> str:
    """A word in Latin letters, written in a script; digits and punctuation stay."""
    return word.translate(_TO_SCRIPT[script])


def romanise(text: str, script: str) -> str:
    """Text in a script, in Latin letters; the inverse of ``write``."""
    return text.translate(_TO_LATIN[script])
