"""The prose of the documentation: sentences are short, and retired expressions do not return."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WORDS = 18
"""Average number of words in a sentence that all documents together stay below."""
WORDS_OF_A_DOCUMENT = 22
FEWEST = 10
"""Sentences of a document that has an average of its own."""
RETIRED = (
    *(r"\banew\b", r"\bwhoever\b", r"\bmends?\b", r"\bis said\b", r"tell large changes alone"),
    *(r"What happens when things die", r"What you can mend", r"what does not hold"),
)


def sentences(text: str) -> list[str]:
    """The sentences of a document in Markdown, without code blocks, tables and headings.

    Code within a sentence counts as one word.
    """
    text = re.sub(r"^```.*?^```", "\n", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(\||#|!\[|:::|\{).*$", "", text, flags=re.MULTILINE)
    found = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text):
        line = re.sub(r"^([-*]|\d+\.) ", "", " ".join(block.split()))
        line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
        line = re.sub(r"`[^`]*`", "code", line)
        found += re.split(r"(?<=[.!?])[)\"*]*\s+(?=[A-Z(\"*\d]|code)", line)
    return [sentence for sentence in found if words(sentence)]


def words(sentence: str) -> int:
    return len(re.findall(r"[^\W_][\w'’.,-]*", sentence))


def test_sentences_are_counted() -> None:
    text = "# A title\n\nOne two `a b` [three](x.md). Four five: six!\n\n| a | b |\n\n- Seven.\n"
    text += "```\nno words here\n```\n"
    assert [*map(words, sentences(text))] == [4, 3, 1]


def test_sentences_are_short_on_average() -> None:
    lengths = [
        words(sentence)
        for path in DOCUMENTS
        for sentence in sentences(path.read_text(encoding="utf-8"))
    ]
    assert len(lengths) > 1000
    assert sum(lengths) / len(lengths) < WORDS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_no_document_is_hard_to_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lengths = [*map(words, sentences(text))]
    if len(lengths) >= FEWEST:
        assert sum(lengths) / len(lengths) < WORDS_OF_A_DOCUMENT
    for form in RETIRED:
        found = re.search(form, text)
        assert found is None, found
