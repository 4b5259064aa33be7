"""The cleaning steps for single pairs of parallel sentences, and their counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress

from ..sentence_pairs import Pair
from .evaluation_sentences import EvaluationSentences
from .line_counts import Counts
from .normalisation import composed, folded, without_invisible, without_markup
from .settings import PairSettings

Apply = Callable[[list[Pair], Counts], list[Pair]]


def characters(pair: Pair) -> int:
    """Number of characters of both texts."""
    return len(pair.first) + len(pair.second)


class PairSteps:
    """All steps before deduplication, in order; both texts of a pair are treated alike.

    Args:
        settings: settings of cleaning.
        evaluation: sentences to exclude from the text, of the first and of the second language.
        languages: codes of both languages.

    Attributes:
        counts: counts of each step; a line is a pair, its characters those of both texts.
    """

    def __init__(
        self,
        settings: PairSettings,
        evaluation: tuple[EvaluationSentences, EvaluationSentences],
        languages: tuple[str, str],
    ) -> None:
        steps: list[tuple[str, Apply]] = [
            ("unicode_nfc", _changing(composed)),
            ("invisible_characters", _changing(without_invisible)),
            ("markup", _changing(without_markup)),
            ("whitespace", _folding),
            ("length", _by_length(settings)),
            ("evaluation_sentences", _evaluated(settings, evaluation, languages)),
        ]
        self._apply = [apply for _, apply in steps]
        self.counts = [Counts(name) for name, _ in steps]

    def __call__(self, pairs: list[Pair]) -> list[Pair]:
        """The kept pairs, in order."""
        for apply, counts in zip(self._apply, self.counts, strict=True):
            counts.lines_read += len(pairs)
            counts.characters_read += sum(map(characters, pairs))
            pairs = apply(pairs, counts)
        return pairs


def _kept(pairs: list[Pair], reasons: Sequence[str | None], counts: Counts) -> list[Pair]:
    """The pairs without a reason to be dropped; the others are counted."""
    for pair, reason in zip(pairs, reasons, strict=True):
        if reason is not None:
            counts.drop(reason, 1, characters(pair))
    return list(compress(pairs, [reason is None for reason in reasons]))


def _changing(change: Callable[[str], str]) -> Apply:
    def apply(pairs: list[Pair], counts: Counts) -> list[Pair]:
        changed = []
        for pair in pairs:
            new = Pair(pair.identifier, change(pair.first), change(pair.second))
            counts.lines_changed += new != pair
            counts.characters_removed += characters(pair) - characters(new)
            changed.append(new)
        return changed

    return apply


def _folding(pairs: list[Pair], counts: Counts) -> list[Pair]:
    # Pairs with a blank text are dropped; only kept pairs count as changed.
    reasons = [
        None if pair.first.strip() and pair.second.strip() else "empty text" for pair in pairs
    ]
    return _changing(folded)(_kept(pairs, reasons, counts), counts)


def _by_length(settings: PairSettings) -> Apply:
    def reason(pair: Pair) -> str | None:
        lengths = len(pair.first), len(pair.second)
        if min(lengths) < settings.minimum_characters:
            return "too short"
        return "too long" if max(lengths) > settings.maximum_characters else None

    def apply(pairs: list[Pair], counts: Counts) -> list[Pair]:
        return _kept(pairs, list(map(reason, pairs)), counts)

    return apply


def _evaluated(
    settings: PairSettings,
    evaluation: tuple[EvaluationSentences, EvaluationSentences],
    languages: tuple[str, str],
) -> Apply:
    def reason(pair: Pair) -> str | None:
        # Both texts are looked up, because sentences that are found are counted.
        found = [own.reason(text) for own, text in zip(evaluation, pair[1:], strict=True)]
        reasons = [f"{why} ({of})" for why, of in zip(found, languages, strict=True) if why]
        return reasons[0] if reasons else None

    def apply(pairs: list[Pair], counts: Counts) -> list[Pair]:
        reasons = list(map(reason, pairs))
        return pairs if settings.keep_evaluation_sentences else _kept(pairs, reasons, counts)

    return apply
