"""Language identification of lines, with a configurable library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ...runtime.errors import InputError

NONE = "none"
PY3LANGID, HELIPORT = "py3langid", "heliport"
FASTTEXT = "fasttext-predict"
"""The package that reads fastText models and can do nothing else."""
_UNDETERMINED = "und"
_NO_LANGUAGE = {_UNDETERMINED, "zxx"}
"""ISO 639 codes of text in an unknown language, and of text in none."""
_LABEL = "__label__"


class Identifier(ABC):
    """Identifies the language of lines."""

    name: str
    _known: set[str]
    """The languages of the model, as ``standard_code`` writes them."""

    def knows(self, language: str) -> bool:
        """Whether the model covers a language (ISO 639-3)."""
        return standard_code(language) in self._known

    @abstractmethod
    def languages(self, lines: Sequence[str]) -> list[str]:
        """A BCP 47 language code per line, from ``standard_code``; ``""`` if it is not sure."""


@cache
def standard_code(language: str) -> str:
    """The shortest code of a language: ``wo`` for ``wol``, ``xmf`` for ``xmf``.

    If identifiers use the code of the macrolanguage, it replaces that of the individual language
    (``fa`` for ``pes``, ``zh`` for ``cmn``).
    """
    import langcodes

    return langcodes.standardize_tag(language, macro=True).partition("-")[0]


def load_identifier(name: str) -> Identifier | None:
    """The language identifier for a setting.

    Args:
        name: setting ``none``, ``py3langid``, ``heliport``, or the path of a fastText model such as
            those in ``resources/language_identifiers.tsv``, with labels of ``__label__`` and an ISO
            639 code, with or without a script (``__label__wo``, ``__label__wol_Latn``).

    Raises:
        InputError: the model is missing or cannot be read, or its library is missing.
    """
    if name == NONE:
        return None
    return LIBRARIES[name]() if name in LIBRARIES else FastText(name)


class Py3langid(Identifier):
    """The identifier of the library py3langid (Lui & Baldwin 2012), with its default model."""

    name = PY3LANGID

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        self._known = {standard_code(label) for label in self._identifier.labels}

    def languages(self, lines: Sequence[str]) -> list[str]:
        """A language code per line."""
        return [standard_code(self._identifier.classify(line)[0]) for line in lines]


class Heliport(Identifier):
    """The identifier of the library heliport, HeLI-OTS (Jauhiainen et al. 2022) in Rust.

    A line below the library's threshold of confidence for its language has no language.
    """

    name = HELIPORT

    def __init__(self) -> None:
        if problem := missing_library(HELIPORT):
            raise InputError(f"identifier: {problem}")
        import heliport

        self._identifier = heliport.Identifier()
        # Some labels have a part of the language after its ISO 639-3 code.
        labels = {label[:3] for label in self._identifier.get_confidence_all()}
        self._known = {standard_code(label) for label in labels - _NO_LANGUAGE}

    def languages(self, lines: Sequence[str]) -> list[str]:
        """A language code per line."""
        found = (self._identifier.identify(line)[:3] for line in lines)
        return ["" if label == _UNDETERMINED else standard_code(label) for label in found]


LIBRARIES: dict[str, Callable[[], Identifier]] = {PY3LANGID: Py3langid, HELIPORT: Heliport}
"""Identifiers with a model of their own, by the setting, which is the name of the package."""
SETTINGS = (NONE, *LIBRARIES)
"""Settings that name no model."""


def missing_library(setting: str) -> str:
    """The package that a setting needs and that is not installed, and the remedy, or ``""``."""
    module, package = (setting, setting) if setting in SETTINGS else ("fasttext", FASTTEXT)
    if setting in (NONE, PY3LANGID) or find_spec(module) is not None:
        return ""
    return f"{setting} needs {package}, which is not installed; run `pip install {package}`"


class FastText(Identifier):
    """A fastText model (Joulin et al. 2017), by the library fasttext-predict."""

    def __init__(self, path: str) -> None:
        self.name = Path(path).name
        if problem := missing_library(path):
            raise InputError(f"identifier: {problem}")
        import fasttext

        if not Path(path).is_file():
            raise InputError(
                f"{path}: no such model; identifier is {', '.join(SETTINGS)} or the path of a model"
            )
        try:
            self._model = fasttext.load_model(str(path))
        except (ValueError, RuntimeError, MemoryError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{path}: not a fastText model ({reason})") from None
        # -1 requests all labels, and the threshold excludes none.
        labels, _ = self._model.predict("a", k=-1, threshold=-1.0)
        self._known = {_code(label) for label in labels}

    def languages(self, lines: Sequence[str]) -> list[str]:
        """A language code per line."""
        return [_code(labels[0]) for labels, _ in map(self._model.predict, lines)]


def _code(label: str) -> str:
    return standard_code(label.removeprefix(_LABEL).partition("_")[0])
