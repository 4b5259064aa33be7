"""F1 and exact match of answers, against values by hand and scripts written independently."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections import Counter
from fractions import Fraction

import pytest
from xltransfer.corpora.questions import Answer, Question
from xltransfer.tasks.metrics.answer_normalisation import tokens_of
from xltransfer.tasks.metrics.answer_scores import DENOMINATOR, answer_scores, token_f1


def question(answers: list[str], normalisation: str = "squad", language: str = "en") -> Question:
    found = [Answer(0, text) for text in answers]
    return Question("q", "?", " ".join(answers), found, "", normalisation, language)


def scores(gold: list[str], predicted: str, *rules: str) -> tuple[float, float]:
    found = answer_scores([question(gold, *rules)], [question([predicted])], {})
    return found["F1"].percent, found["exact_match"].percent


def test_values_by_hand() -> None:
    assert scores(["the Denver Broncos"], "Denver Broncos!") == (100, 100)
    # 1 of 2 and 1 of 3 tokens are shared: 2 / 5.
    assert scores(["Denver Broncos"], "in Denver today") == (40, 0)
    # The best of several answers counts.
    assert scores(["no", "Denver Broncos", "Denver"], "Denver") == (100, 100)
    assert scores(["x y x"], "x x z") == (pytest.approx(200 / 3), 0)
    # As in the official scripts: equal answers without a token match exactly, and share nothing.
    assert scores(["the"], "a.") == (0, 100)
    assert scores(["x"], "") == (0, 0)


@pytest.mark.parametrize(
    ("text", "normalisation", "language", "expected"),
    [
        ("The U.S.-led, a.m. tea", "squad", "de", ["usled", "am", "tea"]),
        ("«die» Katze", "squad", "de", ["«die»", "katze"]),
        ("«die» Katze, ein Tier", "mlqa", "de", ["katze", "tier"]),
        ("Los gatos y una casa", "mlqa", "es", ["gatos", "y", "casa"]),
        ("những con mèo của tôi", "mlqa", "vi", ["con", "mèo", "tôi"]),
        ("la casa", "mlqa", "hi", ["la", "casa"]),
        ("$5 the", "mlqa", "hi", ["5", "the"]),
        ("الكتاب والكتاب", "mlqa", "ar", ["كتاب", "و", "كتاب"]),
        ("使用iPhone 4s的人，the", "mlqa", "zh", ["使", "用", "iphone", "4s", "的", "人", "the"]),
        ("使用", "squad", "zh", ["使用"]),
    ],
)
def test_tokens_by_hand(text: str, normalisation: str, language: str, expected: list[str]) -> None:
    assert tokens_of(text, normalisation, language) == expected


ALPHABETS = {
    "en": ["a", "an", "the", "cat", "The", "a.", "U.S.", "an-", "15%", "—", "’s", "\u00a0", "x"],
    "es": ["el", "La", "unas", "gato", "¿qué?", "l'", "los.", "él"],
    "de": ["der", "Das", "Katze", "»dem«", "einem", "dessen", "das-", "ß"],
    "vi": ["của", "là", "cái", "mèo", "những", "(là)", "Chiếc"],
    "ar": ["ال", "الكتاب", "كتاب", "بال", "،", "و", "سؤال؟"],
    "hi": ["का", "।", "बिल्ली", "एक", "॥"],
    "zh": ["猫", "的人", "，", "a", "iPhone4s", "。", "3", "\u3000", "龥龦"],
}  # fmt: skip
REFERENCE_ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": "\\b(của|là|cái|chiếc|những)\\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "\\sال^|ال",
}


def reference_tokens(text: str, rules: str, language: str) -> list[str]:
    """Another implementation: character by character, as a scanner."""
    kept = []
    for character in text.lower():
        is_mark = character in string.punctuation
        is_mark |= rules == "mlqa" and unicodedata.category(character)[0] == "P"
        kept += [] if is_mark else [character]
    pattern = REFERENCE_ARTICLES.get(language if rules == "mlqa" else "en")
    plain = "".join(kept)
    if pattern:
        plain = re.sub(pattern, " ", plain)
    tokens, token = [], ""
    for character in [*plain, " "]:
        alone = rules == "mlqa" and language == "zh" and 0x4E00 <= ord(character) <= 0x9FA5
        if character.isspace() or alone:
            tokens += [token] if token else []
            token = ""
            tokens += [character] if alone else []
        else:
            token += character
    return tokens


def reference_f1(correct: list[str], found: list[str]) -> Fraction:
    """Precision and recall first, as exact fractions."""
    left, same = Counter(correct), 0
    for token in found:
        if left[token] > 0:
            left[token] -= 1
            same += 1
    if not same:
        return Fraction(0)
    precision, recall = Fraction(same, len(found)), Fraction(same, len(correct))
    return 2 * precision * recall / (precision + recall)


def text_of(rng: random.Random, language: str) -> str:
    words = rng.choices(ALPHABETS[language], k=rng.randint(0, 6))
    return rng.choice([" ", "", "  ", "\n"]).join(words)


@pytest.mark.parametrize("rules", ["squad", "mlqa"])
@pytest.mark.parametrize("language", ALPHABETS)
def test_thousands_of_pairs(rules: str, language: str) -> None:
    rng = random.Random(f"{rules} {language}")
    gold, predicted, best, equal = [], [], [], []
    for _ in range(1000):
        answers = [text_of(rng, language) for _ in range(rng.randint(1, 3))]
        text = rng.choice([*answers, text_of(rng, language)])
        gold.append(question(answers, rules, language))
        predicted.append(question([text]))
        tokens = [reference_tokens(answer, rules, language) for answer in answers]
        found = reference_tokens(text, rules, language)
        assert tokens_of(text, rules, language) == found, text
        best.append(max(reference_f1(one, found) for one in tokens))
        equal.append(found in tokens)
    result = answer_scores(gold, predicted, {})
    # Answers here are short, so F1 is the official mean of exact fractions to the last digit.
    assert result["F1"].percent == float(100 * sum(best) / len(best))
    assert result["exact_match"].percent == 100 * sum(equal) / len(equal)
    assert set(result["F1"].denominators.tolist()) == {DENOMINATOR}


def test_counts_are_exact_up_to_22_tokens_and_fit_into_32_bits() -> None:
    for length in range(2, 23):
        for shared in range(1, length // 2 + 1):
            assert (Fraction(2 * shared, length) * DENOMINATOR).denominator == 1
    assert DENOMINATOR < 2**31
    long = token_f1(["x"] * 50, ["x"] * 47)
    assert abs(Fraction(round(long * DENOMINATOR), DENOMINATOR) - long) < Fraction(3, 10**9)
