"""The catalogue row of a language that is new, from what a user says and from its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..runtime.command import warn
from ..runtime.errors import InputError
from .catalogue import Catalogue, Language
from .script_of_text import script_of_text
from .wals import family_of

WALS = Path("resources/downloads/typology/wals/cldf/languages.csv")


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
