"""A reader that does everything that a reader must not do, for the test of the harness itself."""

from __future__ import annotations

import os
import random
from typing import Any

from xltransfer.runtime.errors import InputError

from ..cases import (
    CRASH,
    HANG,
    MISREAD,
    NOT_ONE_LINE,
    OUTCOMES,
    READ,
    REFUSED,
    TRACEBACK,
    WRONGLY_READ,
    WRONGLY_REFUSED,
    Reader,
    Verdict,
    accept,
    refuse,
)


class Panic(BaseException):
    """An error that no ``except Exception`` sees."""


class Misbehaving(Reader):
    """An input is the outcome that it must have."""

    def make(self, rng: random.Random) -> str:
        return rng.choice(OUTCOMES)

    def judge(self, content: str) -> Verdict:
        if content in (READ, MISREAD, WRONGLY_REFUSED):
            return accept("meaning")
        return refuse(content)

    def read(self, content: str) -> Any:
        if content in (REFUSED, WRONGLY_REFUSED):
            raise InputError("file:1: wrong")
        if content == NOT_ONE_LINE:
            error = InputError("file:1: wrong")
            error.args = ("file:1:\nwrong",)
            raise error
        if content == TRACEBACK:
            raise Panic
        if content == CRASH:
            os.abort()
        while content == HANG:
            pass
        assert content in (READ, WRONGLY_READ, MISREAD)
        return "another" if content == MISREAD else "meaning"


SUBJECT = Misbehaving
