"""Errors that a user can mend."""

from __future__ import annotations


class InputError(Exception):
    """Something the user gave cannot be used; the message is one line: what, where, and remedy."""


class DivergedError(InputError):
    """A model computes something that is not a number."""
