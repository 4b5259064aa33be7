"""Estimate of the parsing time of wikitext, in one pass over its brackets and tags.

A wikitext parser backtracks if an opening bracket is not closed. The cost of a page is therefore
the sum, over unclosed brackets, of the characters up to the position where the parser detects this.
An article has few of them. A page of 130 kB that repeats ``<a b="`` takes many minutes.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"(?P<comment><!--)|(?P<end_of_comment>-->)"
    r"|(?P<template>\{\{)|(?P<end_of_template>\}\})"
    r"|(?P<link>\[\[)|(?P<end_of_link>\]\])"
    r"|(?P<table>\{\|)|(?P<end_of_table>\|\})"
    r"|(?P<address>\[(?:[a-z+.-]{2,12}:|//))|(?P<end_of_address>\])"
    r"|</(?P<end_of_tag>[a-z][a-z0-9]*)[^<>]{0,100}>"
    r"|(?P<tag><[a-z][a-z0-9]*)|(?P<self_closed>/>)|(?P<end_of_head>>)",
    re.IGNORECASE,
)
_WEIGHTS = {
    "comment": 0.05,
    "template": 1.0,
    "link": 0.1,
    "table": 0.1,
    "address": 0.1,
    "head": 1.0,
    "tag": 0.1,
}
"""Relative time per character after an unclosed opening bracket, measured with version 0.7 of
mwparserfromhell; the maximum is 1."""
_ALONE = frozenset(["br", "wbr", "hr", "meta", "link", "img", "li", "dt", "dd", "th", "td", "tr"])
"""Tags without an end tag."""


def parsing_cost(source: str) -> float:
    """Number of characters that a parser reads in vain, weighted by time per character.

    Args:
        source: wikitext of a page.

    Returns:
        0 if every bracket is closed; 10 million correspond to about three seconds.
    """
    cost = 0.0
    stack: list[tuple[str, str, int]] = []
    counts: dict[tuple[str, str], int] = {}

    def push(kind: str, name: str, start: int) -> None:
        stack.append((kind, name, start))
        counts[kind, name] = counts.get((kind, name), 0) + 1

    def close(kind: str, name: str, end: int) -> None:
        nonlocal cost
        # Without this check, each stray closing bracket would search the whole stack.
        if not counts.get((kind, name)):
            return
        while stack:
            opened, tag, start = stack.pop()
            counts[opened, tag] -= 1
            if (opened, tag) == (kind, name):
                # If a tag begins within a tag, the outer one is invalid, which its end reveals.
                if kind == "head" and counts[kind, name]:
                    cost += _WEIGHTS[kind] * (end - start)
                return
            cost += _WEIGHTS[opened] * (end - start)

    for found in _TOKEN.finditer(source):
        kind = found.lastgroup or ""
        if kind == "tag":
            push("head", "", found.start())
            last = found[0][1:].lower()
        elif kind == "end_of_tag":
            close("tag", found[kind].lower(), found.start())
        elif kind == "self_closed":
            close("head", "", found.start())
        elif kind == "end_of_head":
            if counts.get(("head", "")):
                close("head", "", found.start())
                if last not in _ALONE:
                    push("tag", last, found.end())
        elif kind.startswith("end_of_"):
            close(kind.removeprefix("end_of_"), "", found.start())
        elif kind in _WEIGHTS:
            push(kind, "", found.start())
    return cost + sum(_WEIGHTS[kind] * (len(source) - start) for kind, _, start in stack)
