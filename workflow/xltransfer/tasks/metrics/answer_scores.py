"""F1 and exact match of answers, as the official scripts of SQuAD 1.1 and MLQA compute them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ...corpora.questions import Question
from .answer_normalisation import tokens_of
from .counts import Counts, Scores

DENOMINATOR = 232_792_560
"""The least common multiple of 1 to 22: F1 of answers of together at most 22 tokens is exact, and
that of longer ones is off by at most 3 · 10⁻⁹. So each question has the same weight in a sum of
integers below 2³¹."""


def answer_scores(
    gold: Sequence[Question], predicted: Sequence[Question], settings: Mapping[str, Any]
) -> Scores:
    """F1 and exact match, means over questions.

    Of several correct answers, the one with the highest score counts, for each metric separately.
    Rules of normalisation are those of each question.

    Args:
        gold: questions with their correct answers.
        predicted: the same questions with their predicted answer.
        settings: settings of the task; unused.

    Returns:
        ``F1`` in units of 1 / ``DENOMINATOR``, and ``exact_match``.
    """
    overlaps, equal = [], []
    for question, answered in zip(gold, predicted, strict=True):
        rules = question.normalisation, question.language
        found = tokens_of(answered.answers[0].text, *rules)
        correct = [tokens_of(answer.text, *rules) for answer in question.answers]
        best = max(token_f1(one, found) for one in correct)
        overlaps.append((round(best * DENOMINATOR), DENOMINATOR))
        equal.append((int(found in correct), 1))
    return {"F1": Counts.of(overlaps), "exact_match": Counts.of(equal)}


def token_f1(correct: Sequence[str], found: Sequence[str]) -> Fraction:
    """F1 of two bags of tokens: 2 · shared / (correct + found).

    It is 0 if nothing is shared, even if both are empty, as in the official scripts.
    """
    shared = (Counter(correct) & Counter(found)).total()
    return Fraction(2 * shared, len(correct) + len(found)) if shared else Fraction(0)
