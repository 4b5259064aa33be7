"""The catalogue row of a language that is new, from what a user says and from its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import regex

from ..runtime.command import warn
from ..runtime.errors import InputError
from .catalogue import Catalogue, Language
from .cleaning.scripts import is_script
from .wals import family_of

WALS = Path("resources/downloads/typology/wals/cldf/languages.csv")
SCRIPTS = (
    *("Adlm", "Arab", "Armn", "Beng", "Cakm", "Cans", "Cher", "Copt", "Cyrl", "Deva", "Egyp"),
    *("Ethi", "Geor", "Goth", "Grek", "Gujr", "Guru", "Hang", "Hani", "Hebr", "Hira", "Kana"),
    *("Khmr", "Knda", "Laoo", "Latn", "Mlym", "Mong", "Mymr", "Nkoo", "Ogam", "Olck", "Orya"),
    *("Phnx", "Rohg", "Runr", "Sinh", "Syrc", "Taml", "Telu", "Tfng", "Thaa", "Thai", "Tibt"),
    *("Vaii", "Xsux", "Yiii"),
)
"""ISO 15924 codes of the scripts that are recognised: those of Universal Dependencies, and living
ones."""
KANA, JAPANESE, HANGUL, KOREAN = ("Hira", "Kana"), "Jpan", "Hang", "Kore"
SHARE_OF_KANA = 0.05
"""Minimum share of kana among the letters of Japanese. Chinese texts quote single ones."""


@dataclass(frozen=True)
class NewLanguage:
    """What a user says of a language that may not be in the catalogue; ``""`` where nothing.

    Attributes:
        name: English name.
        iso: ISO 639-3 code; by default derived from the language's code.
        script: ISO 15924 code; by default that of the text.
        family: family and branch; by default that of another variety, or of WALS.
    """

    name: str = ""
    iso: str = ""
    script: str = ""
    family: str = ""


def language_rows(
    code: str, stated: NewLanguage, texts: Iterable[str], known: Catalogue, place: str
) -> list[dict[str, str]]:
    """The row of a language in ``languages.tsv``, if there is none.

    Args:
        code: code of the language.
        stated: what the user says of it.
        texts: text in the language, for its script.
        known: the catalogue.
        place: name of the corpus, for messages.

    Raises:
        InputError: something is neither stated nor found.
    """
    script = script_of_text(texts)
    if code in known.languages:
        language = known.languages[code]
        if script and script != language.script:
            warn(f"{place}: most letters are {script}, but {language.name} is {language.script}")
        return []
    iso = stated.iso or iso_of(code)
    if not stated.name:
        raise InputError(
            f"{place}: the language '{code}' is new, and its name is not known; give its English "
            "name with --language-name"
        )
    script = stated.script or script
    if not script:
        raise InputError(f"{place}: its text has no letters; give --script")
    family = stated.family or _family_of(iso, known.languages.values())
    if not family:
        family = f"unknown ({code})"
        warn(f"{stated.name}: its family is not known; give it with --family")
    return [{"code": code, "name": stated.name, "iso": iso, "script": script, "family": family}]


def script_of_text(texts: Iterable[str]) -> str:
    """The ISO 15924 code of the script of most letters.

    Text with kana is Japanese (``Jpan``), and text mainly in hangul is Korean (``Kore``): languages
    that are written in several scripts at once have codes of their own.

    Returns:
        The code; ``""`` for a text without letters of the scripts in ``SCRIPTS``.
    """
    letters: Counter[str] = Counter()
    for text in texts:
        letters.update(text)
    counts: Counter[str] = Counter()
    for script in filter(is_script, SCRIPTS):
        of_script = regex.compile(rf"[[\p{{L}}\p{{M}}]&&[\p{{Script={script}}}]]", regex.VERSION1)
        counts[script] = sum(number for c, number in letters.items() if of_script.match(c))
    total = counts.total()
    if not total:
        return ""
    if sum(counts[script] for script in KANA) >= SHARE_OF_KANA * total:
        return JAPANESE
    most = counts.most_common(1)[0][0]
    return KOREAN if most == HANGUL else most


def iso_of(code: str) -> str:
    """ISO 639-3 code of a language.

    Raises:
        InputError: its code has none.
    """
    import langcodes

    try:
        return langcodes.Language.get(code).to_alpha3()
    except LookupError:
        raise InputError(f"'{code}' has no ISO 639-3 code that is known; give --iso") from None


def code_of_language(name: str, known: Catalogue, place: str) -> str:
    """The code of a language, by its English name in the catalogue.

    Raises:
        InputError: the catalogue has no such language.
    """
    for language in known.languages.values():
        if language.name == name:
            return language.code
    raise InputError(
        f"{place}: no language '{name}' in the catalogue, so its code is not known; give it with "
        "--language, as in the names of the corpus's files"
    )


def language_of_corpus(code: str, known: Catalogue) -> str:
    """The language of a corpus by its code: the longest catalogued one with which it begins.

    Returns:
        The code's first part, if the catalogue has no such language.
    """
    parts = code.split("_")
    prefixes = ["_".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
    return next((prefix for prefix in prefixes if prefix in known.languages), parts[0])


def _family_of(iso: str, languages: Iterable[Language]) -> str:
    """Family and branch of a language: of another variety, or in WALS if it is there."""
    of_same = [row for row in languages if row.iso == iso]
    if of_same:
        return of_same[0].family
    return family_of(WALS, iso) if WALS.is_file() else ""
