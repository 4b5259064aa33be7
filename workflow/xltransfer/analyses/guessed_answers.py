"""The floor of question answering: what a guess scores that knows only how long to answer.

Scores are expectations over all guesses, so nothing is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..corpora.questions import Question
from ..tasks.metrics.answer_normalisation import tokens_of
from ..tasks.metrics.answer_scores import token_f1

_CHARACTERS = "\u0e00-\u0e7f\u4e00-\u9fff"
WORD = re.compile(f"[{_CHARACTERS}]|[^\\s{_CHARACTERS}]+")
"""A word in the sense of this module: between white space, or one Thai or Chinese character."""


def guessed_scores(questions: Sequence[Question], longest: int = 30) -> dict[str, float]:
    """Expected scores of guesses of the best length.

    A guess is a span of a number of words of the passage; all of them have the same probability.
    The number is the same for all questions: the one with the highest expected score, chosen on
    these questions. So the floor is rather too high than too low. For F1 it can be most of a short
    passage, because long answers have some of the right tokens.

    Args:
        questions: questions with their correct answers, at least one.
        longest: largest number of words.

    Returns:
        ``F1`` and ``exact_match`` in percent, as expectations of the scores of
        ``tasks.metrics.answer_scores``; ``F1_words`` and ``exact_match_words``, the numbers of
        words.
    """
    f1, exact = [0.0] * longest, [0.0] * longest
    spans: dict[str, list[list[list[str]]]] = {}
    for question in questions:
        rules = question.normalisation, question.language
        if question.passage not in spans:
            spans[question.passage] = [
                [tokens_of(span, *rules) for span in spans_of(question.passage, length)]
                for length in range(1, longest + 1)
            ]
        correct = [tokens_of(answer.text, *rules) for answer in question.answers]
        known = set().union(*correct)
        for place, guesses in enumerate(spans[question.passage]):
            # Most guesses share no token with the answers.
            some = [guess for guess in guesses if not known.isdisjoint(guess)]
            best = (max(token_f1(one, guess) for one in correct) for guess in some)
            f1[place] += 100 * float(sum(best)) / len(guesses) / len(questions)
            equal = sum(guess in correct for guess in guesses)
            exact[place] += 100 * equal / len(guesses) / len(questions)
    found: dict[str, float] = {}
    for metric, values in (("F1", f1), ("exact_match", exact)):
        found |= {metric: max(values), f"{metric}_words": values.index(max(values)) + 1}
    return found


def spans_of(passage: str, length: int) -> Iterator[str]:
    """All spans of a number of words of a passage; the whole passage if it has fewer."""
    words = [found.span() for found in WORD.finditer(passage)]
    length = min(length, len(words))
    for (begin, _), (_, end) in zip(words, words[length - 1 :], strict=False):
        yield passage[begin:end]
