"""The cleaning steps for single pairs of parallel sentences, and their counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..sentence_pairs import Pair
from .evaluation_sentences import EvaluationSentences
from .settings import PairSettings
from .step_sequence import StepSequence, by_length, dropping, normalising


def characters(pair: Pair) -> int:
    """Number of characters of both texts."""
    return len(pair.first) + len(pair.second)


class PairSteps(StepSequence):
    """All steps before deduplication, in order; both texts of a pair are treated alike.

    Args:
        settings: settings of cleaning.
        evaluation: sentences to exclude from the text, of the first and of the second language.
        languages: codes of both languages.
    """

    def __init__(
        self,
        settings: PairSettings,
        evaluation: tuple[EvaluationSentences, EvaluationSentences],
        languages: tuple[str, str],
    ) -> None:
        reason = partial(_evaluation_reason, evaluation, languages)
        keep = settings.keep_evaluation_sentences
        steps = [
            *normalising(_of_both, _blank),
            ("length", by_length(settings, lambda pair: (len(pair.first), len(pair.second)))),
            ("evaluation_sentences", dropping(reason, keep)),
        ]
        super().__init__(steps, characters)


def _of_both(change: Callable[[str], str]) -> Callable[[Pair], Pair]:
    return lambda pair: Pair(pair.identifier, change(pair.first), change(pair.second))


def _blank(pair: Pair) -> str | None:
    return None if pair.first.strip() and pair.second.strip() else "empty text"


def _evaluation_reason(
    evaluation: tuple[EvaluationSentences, EvaluationSentences],
    languages: tuple[str, str],
    pair: Pair,
) -> str | None:
    # Both texts are looked up, because sentences that are found are counted.
    found = [own.reason(text) for own, text in zip(evaluation, pair[1:], strict=True)]
    reasons = [f"{why} ({of})" for why, of in zip(found, languages, strict=True) if why]
    return reasons[0] if reasons else None
