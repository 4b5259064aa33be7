"""Dependency trees as SVG: arcs above the words, from heads to dependents."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from .predicted_files import Annotation

_CHARACTER, _GAP, _LEVEL, _WORDS = 8.5, 22.0, 26.0, 34.0
"""Width of a character, space between words, height of a level of arcs, height of the words."""


@dataclass(frozen=True)
class Arc:
    """An arc of a drawing.

    Attributes:
        path: SVG path from head to dependent, or down to the root.
        label: relation.
        x, y: place of the label.
        is_right: whether head and relation are those of the gold tree.
    """

    path: str
    label: str
    x: float
    y: float
    is_right: bool


@dataclass(frozen=True)
class Drawing:
    """A tree, ready to be drawn.

    Attributes:
        width, height: size in pixels.
        words: word, x and y.
        arcs: arcs.
        description: the tree in words, for readers who cannot see it.
    """

    width: float
    height: float
    words: list[tuple[str, float, float]]
    arcs: list[Arc]
    description: str


def is_right_to_left(forms: Sequence[str]) -> bool:
    """Whether most letters belong to a script that is written from right to left."""
    kinds = [unicodedata.bidirectional(character) for form in forms for character in form]
    return 2 * sum(kind in ("R", "AL") for kind in kinds) > len(kinds)


def draw_tree(annotation: Annotation, gold: Annotation) -> Drawing:
    """Place the words and arcs of a tree.

    Args:
        annotation: the tree.
        gold: gold tree of the same words; arcs that are not in it are marked.

    Returns:
        The drawing; sentences in scripts from right to left start on the right.
    """
    heads, gold_heads = annotation.heads, gold.heads
    assert heads is not None and gold_heads is not None
    centres, width = _places(annotation)
    levels = arc_levels(heads)
    top = max(levels, default=1) * _LEVEL + 14
    arcs, described = [], []
    for word, head in enumerate(heads, start=1):
        label, level = annotation.labels[word - 1], levels[word - 1]
        is_right = head == gold_heads[word - 1] and label == gold.labels[word - 1]
        x, y = centres[word - 1], top - level * _LEVEL
        if head:
            start = centres[head - 1]
            path = f"M{start:.1f} {top:.1f} C{start:.1f} {y:.1f} {x:.1f} {y:.1f} {x:.1f} {top:.1f}"
            # The highest point of this curve is at three quarters of its control points.
            place = ((start + x) / 2, top - 0.75 * level * _LEVEL - 3)
        else:
            path, place = f"M{x:.1f} 4 L{x:.1f} {top:.1f}", (x + 18, 12.0)
        arcs.append(Arc(path, label, *place, is_right))
        of = f"of {annotation.forms[head - 1]}" if head else "of the sentence"
        described.append(
            f"{annotation.forms[word - 1]} is {label} {of}{'' if is_right else ' (wrong)'}"
        )
    words = [(form, x, top + 18) for form, x in zip(annotation.forms, centres, strict=True)]
    return Drawing(width, top + _WORDS, words, arcs, "; ".join(described))


def _places(annotation: Annotation) -> tuple[list[float], float]:
    """Centre of each word, and the width of the drawing."""
    centres, left = [], _GAP / 2
    for form, label in zip(annotation.forms, annotation.labels, strict=True):
        width = _CHARACTER * max(len(form), len(label), 2)
        centres.append(left + width / 2)
        left += width + _GAP
    if is_right_to_left(annotation.forms):
        centres = [left - x for x in centres]
    return centres, left


def arc_levels(heads: Sequence[int]) -> list[int]:
    """Height of each arc: one more than the highest arc below it.

    Args:
        heads: 1-based heads, 0 for the root.
    """
    spans = [(min(word, head), max(word, head)) for word, head in enumerate(heads, start=1)]
    levels = [1] * len(heads)
    by_length = sorted(range(len(heads)), key=lambda index: spans[index][1] - spans[index][0])
    for place, index in enumerate(by_length):
        low, high = spans[index]
        if not heads[index]:
            continue
        below = [
            levels[other]
            for other in by_length[:place]
            if heads[other] and low <= spans[other][0] and spans[other][1] <= high
        ]
        levels[index] = 1 + max(below, default=0)
    highest = max(levels, default=1)
    return [level if head else highest for level, head in zip(levels, heads, strict=True)]
