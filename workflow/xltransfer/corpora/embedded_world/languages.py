"""The languages of the embedded world, one table row each.

A row gives the typological parameters; family and script come from the catalogue of languages. The
word-order parameters correspond to WALS features (``WALS``), so the world can export its typology.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...runtime.errors import InputError
from ..table_reader import check_choices, read_table

WALS = {
    "81A": ("word_order", {"SVO": "SVO", "SOV": "SOV", "VSO": "VSO"}),
    "85A": ("adposition", {"before": "Prepositions", "after": "Postpositions"}),
    "86A": ("genitive", {"before": "Genitive-Noun", "after": "Noun-Genitive"}),
    "87A": ("adjective", {"before": "Adjective-Noun", "after": "Noun-Adjective"}),
    "88A": ("demonstrative", {"before": "Demonstrative-Noun", "after": "Noun-Demonstrative"}),
    "89A": ("numeral", {"before": "Numeral-Noun", "after": "Noun-Numeral"}),
}
"""WALS feature → its parameter, and WALS values by parameter value."""

EMBEDDED_FAMILY = "Embedded, "
"""Prefix of the families of artificial languages in the catalogue."""

_ORDER, _PLACE, _SWITCH = ("SVO", "SOV", "VSO"), ("before", "after"), ("yes", "no")
_CHOICES = {
    **dict.fromkeys(("word_order", "subordinate_order", "question_order", "name_order"), _ORDER),
    **dict.fromkeys(("adjective", "genitive", "adposition", "demonstrative", "numeral"), _PLACE),
    **dict.fromkeys(("articles", "case", "agreement", "contractions"), _SWITCH),
}


@dataclass(frozen=True)
class Language:
    """The parameters of one language.

    Attributes:
        code: code of the variety, from the private-use range ``qaa``-``qtz``.
        family: family; its languages share a proto-lexicon.
        script: ISO 15924 code, one of ``scripts.SCRIPTS``.
        divergence: share of the family's words that the language has replaced.
        word_order: dominant order of subject, verb and object.
        subordinate_order: order in subordinate clauses.
        question_order: order in questions.
        name_order: order if the subject is a name or a pronoun.
        adjective, genitive, numeral, demonstrative: position before or after the noun.
        adposition: position before or after the noun phrase.
        articles: whether definite and indefinite articles exist.
        case: whether objects carry an accusative suffix.
        agreement: whether verbs and adjectives agree in number.
        contractions: whether preposition and article fuse into one written word.
    """

    code: str
    family: str
    script: str
    divergence: float
    word_order: str
    subordinate_order: str
    question_order: str
    name_order: str
    adjective: str
    genitive: str
    adposition: str
    demonstrative: str
    numeral: str
    articles: bool
    case: bool
    agreement: bool
    contractions: bool

    @classmethod
    def from_json(cls, parameters: Mapping[str, Any]) -> Language:
        """The language whose attributes are keys of a JSON object."""
        return cls(**{field.name: parameters[field.name] for field in fields(cls)})

    def word_order_features(self) -> dict[str, str]:
        """WALS feature → value, for the six word-order features."""
        return {wals: values[getattr(self, name)] for wals, (name, values) in WALS.items()}


def place_among_codes(code: str) -> int:
    """0-based index of a language among all possible codes ``qaa``, ``qab``, …, ``qzz``.

    It does not depend on the table, so adding a language does not change the others.
    """
    first, second = (ord(letter) - ord("a") for letter in code[1:])
    return 26 * first + second


def read_language(table: Path, code: str, family: str, script: str) -> Language:
    """The row of one language.

    Args:
        table: tab-separated table with the parameters, one language per row.
        code: code of the language.
        family: family in the catalogue of languages.
        script: script in the catalogue of languages.

    Raises:
        InputError: the row is missing or has an invalid value.
    """
    names = [field.name for field in fields(Language) if field.name not in ("family", "script")]
    for place, row in read_table(table, names):
        if row["code"] == code:
            return _language(row, family, script, place)
    raise InputError(f"{table}: no row for the language '{code}'; add one to make it up")


def _language(row: dict[str, str], family: str, script: str, place: str) -> Language:
    if not re.fullmatch(r"0?\.[0-9]{1,9}|0|1", row["divergence"]):
        raise InputError(f"{place}: divergence '{row['divergence']}' is not a number from 0 to 1")
    check_choices(row, _CHOICES, place)
    values: dict[str, Any] = {name: row[name] for name in ("code", *_CHOICES)}
    switches = {name: row[name] == "yes" for name, known in _CHOICES.items() if known == _SWITCH}
    divergence = float(row["divergence"])
    return Language(**values | switches, family=family, script=script, divergence=divergence)
