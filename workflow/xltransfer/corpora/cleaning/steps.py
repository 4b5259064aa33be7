"""The cleaning steps for single lines, and their counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from operator import ne

import numpy as np

from .evaluation_sentences import EvaluationSentences
from .identification import load_identifier, standard_code
from .line_counts import Counts
from .normalisation import composed, folded, without_invisible, without_markup
from .scripts import script_shares
from .settings import Settings

Apply = Callable[[list[str], Counts], list[str]]


class Steps:
    """All steps before deduplication, in order.

    Args:
        settings: settings of cleaning.
        evaluation: sentences to exclude from the text.

    Attributes:
        counts: counts of each step.
        notes: remarks for the report.

    Raises:
        InputError: the language identifier cannot be loaded.
    """

    def __init__(self, settings: Settings, evaluation: EvaluationSentences) -> None:
        self.notes: list[str] = []
        steps: list[tuple[str, Apply]] = [
            ("unicode_nfc", _changing(composed)),
            ("invisible_characters", _changing(without_invisible)),
            ("markup", _changing(without_markup)),
            ("whitespace", _folding),
        ]
        if settings.split_sentences:
            steps.append(("sentences", _splitting(settings.language)))
        steps += [
            ("length", _by_length(settings)),
            ("script", _by_script(settings)),
        ]
        if language := self._by_language(settings):
            steps.append(("language", language))
        steps.append(("evaluation_sentences", _evaluated(settings, evaluation)))
        self._apply = [apply for _, apply in steps]
        self.counts = [Counts(name) for name, _ in steps]

    def __call__(self, lines: list[str]) -> list[str]:
        """The kept lines, in order."""
        for apply, counts in zip(self._apply, self.counts, strict=True):
            counts.lines_read += len(lines)
            counts.characters_read += sum(map(len, lines))
            lines = apply(lines, counts)
        return lines

    def _by_language(self, settings: Settings) -> Apply | None:
        identifier = load_identifier(settings.identifier)
        if identifier is None:
            return None
        if not identifier.knows(settings.language):
            self.notes.append(
                f"{identifier.name} does not know the language {settings.language}: "
                "no line was dropped for its language"
            )
            return None
        wanted = standard_code(settings.language)

        def apply(lines: list[str], counts: Counts) -> list[str]:
            found = identifier.languages(lines)
            reasons = [None if code in (wanted, "") else f"looks like {code}" for code in found]
            return _kept(lines, reasons, counts)

        return apply


def _kept(lines: list[str], reasons: Sequence[str | None], counts: Counts) -> list[str]:
    """The lines without a reason to be dropped; the others are counted."""
    for line, reason in zip(lines, reasons, strict=True):
        if reason is not None:
            counts.drop(reason, 1, len(line))
    return list(compress(lines, [reason is None for reason in reasons]))


def _evaluated(settings: Settings, evaluation: EvaluationSentences) -> Apply:
    def apply(lines: list[str], counts: Counts) -> list[str]:
        reasons = list(map(evaluation.reason, lines))
        return lines if settings.keep_evaluation_sentences else _kept(lines, reasons, counts)

    return apply


def _changing(change: Callable[[str], str]) -> Apply:
    def apply(lines: list[str], counts: Counts) -> list[str]:
        changed = list(map(change, lines))
        counts.lines_changed += sum(map(ne, lines, changed))
        counts.characters_removed += sum(map(len, lines)) - sum(map(len, changed))
        return changed

    return apply


def _folding(lines: list[str], counts: Counts) -> list[str]:
    # Blank lines are dropped; only kept lines count as changed.
    texts = [line for line in lines if line and not line.isspace()]
    if len(texts) < len(lines):
        blank = sum(map(len, lines)) - sum(map(len, texts))
        counts.drop("empty", len(lines) - len(texts), blank)
    return _changing(folded)(texts, counts)


def _splitting(language: str) -> Apply:
    from sentencex import segment

    code = standard_code(language)

    def apply(lines: list[str], counts: Counts) -> list[str]:
        sentences: list[str] = []
        for line in lines:
            parts = [part.strip() for part in segment(code, line)]
            parts = [part for part in parts if part]
            counts.lines_changed += len(parts) > 1
            counts.lines_added += len(parts) - 1
            sentences += parts
        counts.characters_removed += sum(map(len, lines)) - sum(map(len, sentences))
        return sentences

    return apply


def _by_length(settings: Settings) -> Apply:
    least, most = settings.minimum_characters, settings.maximum_characters

    def apply(lines: list[str], counts: Counts) -> list[str]:
        reasons = [
            None if least <= len(line) <= most else "too short" if len(line) < least else "too long"
            for line in lines
        ]
        return _kept(lines, reasons, counts)

    return apply


def _by_script(settings: Settings) -> Apply:
    def apply(lines: list[str], counts: Counts) -> list[str]:
        shares = script_shares(lines, settings.script)
        enough = shares >= settings.script_share
        if enough.all():
            return lines
        reasons = [
            None if fits else "no letters" if np.isnan(share) else "other script"
            for fits, share in zip(enough.tolist(), shares.tolist(), strict=True)
        ]
        return _kept(lines, reasons, counts)

    return apply
