"""Errors that users can fix are one line, whatever they quote."""

from __future__ import annotations

import pickle

import pytest
from xltransfer.runtime.errors import LONGEST, DivergedError, InputError, one_line


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x00\x07\x7f\x85", r"\x00\x07\x7f\x85"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u2028\u2029\u00a0\u3000", r"\u2028\u2029\xa0\u3000"),
        ("\u202eright to left", r"\u202eright to left"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
        ("Ünïcödé नमस्ते שלום 語 🙂 \\ '", "Ünïcödé नमस्ते שלום 語 🙂 \\ '"),
    ],
)
def test_control_characters_and_line_separators_are_escaped(quoted: str, shown: str) -> None:
    message = str(InputError(f"file:1: '{quoted}'; correct it"))
    assert message == f"file:1: '{shown}'; correct it"
    assert message.encode() and message.isprintable()
    assert one_line(message) == message


def test_a_giant_value_leaves_the_place_and_the_remedy() -> None:
    message = str(InputError(f"file:7: '{'x' * 10**6}' is no number; correct it"))
    assert len(message) <= LONGEST
    assert message.startswith("file:7: 'xxx")
    assert message.endswith("xxx' is no number; correct it")


def test_kinds_of_errors_and_copies_are_escaped_too() -> None:
    error = DivergedError("a\nb")
    assert str(error) == r"a\nb"
    assert str(pickle.loads(pickle.dumps(error))) == r"a\nb"
