"""The floor of question answering, against values by hand and against guesses that are drawn."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from xltransfer.analyses.guessed_answers import WORD, guessed_scores, spans_of
from xltransfer.corpora.questions import Answer, Question
from xltransfer.tasks.metrics.answer_scores import answer_scores

PASSAGE = "the cat sat, on a mat"


def question(*texts: str, passage: str = PASSAGE, language: str = "en") -> Question:
    answers = [Answer(passage.index(text), text) for text in texts]
    return Question(texts[0], "what?", passage, answers, language=language)


def test_one_question_by_hand() -> None:
    """Of the five spans of two words, `cat sat` shares both tokens and two others share one."""
    assert list(spans_of(PASSAGE, 2)) == ["the cat", "cat sat,", "sat, on", "on a", "a mat"]
    assert list(spans_of(PASSAGE, 9)) == [PASSAGE]
    # The article is no token: `the cat` is one of one token, `sat on` one of two.
    two = 100 * (2 / 3 + 1 + 2 / 4) / 5
    assert guessed_scores([question("cat sat")], longest=2)["F1"] == pytest.approx(two)
    # The first five words have three tokens, two of them right, the last five four tokens.
    five = 100 * (4 / 5 + 4 / 6) / 2
    found = guessed_scores([question("cat sat")])
    assert (found["F1"], found["F1_words"]) == (pytest.approx(five), 5)
    # `the cat sat` is right, too.
    assert found["exact_match"] == pytest.approx(100 / 4)
    assert found["exact_match_words"] == 3


def test_one_length_for_all_questions() -> None:
    """The best length is that of the mean, not the best one for each question."""
    questions = [question("cat"), question("sat, on a mat")]
    alone = [guessed_scores([one])["exact_match"] for one in questions]
    assert alone == [pytest.approx(100 / 5), pytest.approx(100 / 3)]
    # Four words: none is `cat`, one of three is `sat, on a mat`.
    found = guessed_scores(questions)
    assert found["exact_match"] == pytest.approx(100 / 3 / 2)
    assert found["exact_match_words"] == 4


def test_drawn_guesses_have_these_scores_on_average() -> None:
    """An independent estimate, with several correct answers and short passages."""
    draws = random.Random(1)
    texts = [" ".join(draws.choices("abcdefghijk", k=draws.randrange(1, 14))) for _ in range(40)]
    questions = []
    for number, passage in enumerate(texts):
        answers = []
        for _ in range(2):
            begin = draws.randrange(len(passage) // 2 + 1) * 2
            text = passage[begin : begin + 1 + 2 * draws.randrange(4)].strip()
            answers.append(Answer(begin, text))
        questions.append(Question(f"{number}", "what?", passage, answers))
    expected = guessed_scores(questions)
    rounds = 300
    for metric in ("F1", "exact_match"):
        mean = 0.0
        for _ in range(rounds):
            guesses = []
            for one in questions:
                words = one.passage.split()
                wanted = min(int(expected[f"{metric}_words"]), len(words))
                begin = draws.randrange(len(words) - wanted + 1)
                guess = " ".join(words[begin : begin + wanted])
                guesses.append(replace(one, answers=[Answer(-1, guess)]))
            mean += answer_scores(questions, guesses, {})[metric].percent / rounds
        assert mean == pytest.approx(expected[metric], abs=1.2)


def test_chinese_and_thai_characters_are_words() -> None:
    assert WORD.findall("他在 2010年 ที่ okay") == ["他", "在", "2010", "年", "ท", "ี", "่", "okay"]
    found = guessed_scores([question("年", passage="他在2010年", language="zh")])
    assert (found["exact_match"], found["exact_match_words"]) == (pytest.approx(25), 1)
