"""Questions of the embedded world: spans of passages, parallel in all languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_embedded_world import CATALOGUE, CODES, SEEN, TABLE
from xltransfer.corpora.embedded_world.concepts import all_concepts
from xltransfer.corpora.embedded_world.languages import read_language
from xltransfer.corpora.embedded_world.lexicon import build_lexicon
from xltransfer.corpora.embedded_world.question_world import (
    INTERROGATIVE,
    QuestionWorld,
    surface,
    write_questions,
)
from xltransfer.corpora.embedded_world.writers import World, write_text
from xltransfer.corpora.embedded_world.writing import write
from xltransfer.corpora.questions import read_squad

NUMBERS = range(40)


def language(code: str):
    row = CATALOGUE[code]
    return read_language(TABLE, code, row.family, row.script)


def world(code: str) -> QuestionWorld:
    return QuestionWorld(1, language(code), (2, 3))


def test_all_other_words_are_as_before() -> None:
    assert INTERROGATIVE not in all_concepts()
    for code in CODES:
        before, after = build_lexicon(1, language(code)), world(code).lexicon
        assert {k: v for k, v in after.words.items() if k != INTERROGATIVE} == before.words
        assert after.suffixes == before.suffixes
        assert after.words[INTERROGATIVE] not in before.words.values()


def test_a_passage_never_changes() -> None:
    first = world("qaa").questions(0)
    assert [one.identifier for one in first] == ["embedded-0-1", "embedded-0-2"]
    assert first[0].passage == PASSAGE
    assert [(one.question, one.answers[0].text) for one in first] == QUESTIONS


PASSAGE = "bi dasos li hufo gelgigo, lo zenu susi fezu bi zelhe. sozi honnigu dedaur."
QUESTIONS = [("li hufo voji gelgigo?", "bi dasos"), ("dedaur voji?", "sozi")]


def test_the_text_is_that_of_other_parts(tmp_path: Path) -> None:
    """``surface`` adds the characters of each word; a contraction is one span of two words."""
    numbers = range(3_000_000, 3_000_060)
    for code in ("qaa", "qba", "qea"):
        plain = World(1, language(code))
        write_text(tmp_path / code, plain, numbers)
        lines = (tmp_path / code).read_text(encoding="utf-8").splitlines()
        for number, line in zip(numbers, lines, strict=True):
            words = plain.say(number)
            text, spans = surface(words)
            assert text == line
            fused = False
            for (begin, end, word), before in zip(spans, [None, *spans[:-1]], strict=True):
                expected = word.fused_form or word.form
                assert (begin, end) == before[:2] if fused else text[begin:end] == expected
                fused = bool(word.fused_form) and not fused


@pytest.mark.parametrize("code", [*SEEN, "qax"])
def test_questions_are_parallel_and_answers_are_in_the_passage(code: str, tmp_path: Path) -> None:
    write_questions(tmp_path / "q.json", world(code), NUMBERS)
    found = read_squad(tmp_path / "q.json")
    write_questions(tmp_path / "r.json", world("qaa"), NUMBERS)
    original = read_squad(tmp_path / "r.json")
    assert [one.identifier for one in found] == [one.identifier for one in original]
    assert len({one.passage for one in found}) == len(NUMBERS)
    word = world(code).lexicon.words[INTERROGATIVE]
    word = write(word, language(code).script)
    for one in found:
        assert one.question.endswith("?") and one.question[:-1].split().count(word) == 1
        answer = one.answers[0]
        before, after = one.passage[: answer.start], one.passage[answer.start + len(answer.text) :]
        # Whole words, and never a whole sentence.
        assert not before or before[-1] == " "
        assert after[0] in " .,"
        assert word not in one.passage.split()
        assert len(answer.text.split()) < len(one.passage.split()) - 1


def test_a_question_names_one_sentence_of_its_passage() -> None:
    """Verbs of a passage differ, so a question has the verb of one sentence alone."""
    for number in NUMBERS:
        trees = list(world("qaa")._sentences(number))
        assert 2 <= len(trees) <= 3
        verbs = [tree.concept for tree in trees]
        assert len(set(verbs)) == len(verbs)
