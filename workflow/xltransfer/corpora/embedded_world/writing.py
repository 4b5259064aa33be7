"""The scripts of the embedded world, and their romanisation.

Words are generated in Latin letters and converted to the script letter by letter. Each table is a
bijection, so ``romanise`` is the inverse of ``write``.
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
    """A word in Latin letters, converted to a script; digits and punctuation stay."""
    return word.translate(_TO_SCRIPT[script])


def romanise(text: str, script: str) -> str:
    """Text in a script, converted to Latin letters; the inverse of ``write``."""
    return text.translate(_TO_LATIN[script])
