"""Fast vectorised validation of CoNLL-U in large blocks.

The check is conservative: a sentence that is not accepted here may still be valid. ``conllu`` then
validates it row by row and reports errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .conllu_rows import OtherRows

_TAB, _LINE_FEED, _HASH, _ZERO = map(ord, "\t\n#0")
_COLUMNS = 10
_DIGITS = 6
"""Maximum number of digits of a number."""
_IS_SPACE = np.array([chr(code).isspace() for code in range(0x3002)])
"""Whether a code point is white space in Python; the last entry is for all higher ones."""


@dataclass
class Blocks:
    """The sentences of a text; shapes (sentences,).

    Attributes:
        starts: offset of the first character.
        ends: offset of the end of the last line, before the line end.
        lines: number of lines, without the final empty line.
        valid: whether the sentence is certainly valid.
    """

    starts: np.ndarray
    ends: np.ndarray
    lines: np.ndarray
    valid: np.ndarray


def find_sentences(text: str) -> Blocks:
    """Find the sentences of a text, and which are valid.

    A valid sentence consists of comments and rows of ten columns without leading white space. Its
    words are numbered from 1 and form a tree with one root (HEAD), and its multiword tokens and
    empty nodes are within the range of the words.

    Args:
        text: sentences, each followed by an empty line.
    """
    codes = _code_points(text)
    ends = np.flatnonzero(codes == _LINE_FEED)
    starts = np.concatenate([[0], ends[:-1] + 1])
    last = np.flatnonzero(ends == starts)
    first = np.concatenate([[0], last[:-1] + 1])
    sentence = np.repeat(np.arange(len(last)), last - first + 1)
    is_comment = codes[starts] == _HASH
    is_row = ~is_comment
    is_row[last] = False
    doubtful = np.zeros(len(last), dtype=bool)
    # A comment must precede the rows.
    doubtful[sentence[1:][is_comment[1:] & is_row[:-1]]] = True
    rows = np.flatnonzero(is_row)
    table = _Table(codes, starts[rows], ends[rows], sentence[rows])
    doubtful |= table.doubtful_sentences(text, len(last))
    return Blocks(starts[first], np.maximum(ends[last] - 1, starts[first]), last - first, ~doubtful)


def _code_points(text: str) -> np.ndarray:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


class _Table:
    """The rows of some sentences.

    Args:
        codes: code points of the text.
        starts, ends: offsets of the rows; shape (rows,).
        sentence: index of the sentence of each row; shape (rows,).
    """

    def __init__(
        self, codes: np.ndarray, starts: np.ndarray, ends: np.ndarray, sentence: np.ndarray
    ) -> None:
        self._codes = codes
        self._sentence = sentence
        self._tabs = np.flatnonzero(codes == _TAB)
        tabs = np.append(self._tabs, len(codes))
        before = np.searchsorted(tabs, starts)
        self._ten_columns = np.searchsorted(tabs, ends) - before == _COLUMNS - 1
        # The last existing tab for rows with too few columns, which are rejected anyway.
        places = np.minimum(before[:, None] + np.array([0, 5, 6]), len(tabs) - 1)
        self._starts = starts
        self._id_ends, self._head_starts, self._head_ends = tabs[places].T

    def doubtful_sentences(self, text: str, sentences: int) -> np.ndarray:
        """Which sentences are not certainly valid; shape (sentences,)."""
        numbers, is_number = self._numbers(self._starts, self._id_ends)
        is_word = is_number & (self._codes[self._starts] != _ZERO)
        words = np.bincount(self._sentence[is_word], minlength=sentences)
        before = np.concatenate([[0], np.cumsum(words)])[:-1]
        expected = np.cumsum(is_word) - is_word - before[self._sentence] + 1
        doubtful = ~self._ten_columns | self._has_blanks()
        doubtful |= is_word & (numbers != expected)
        others, sentence = OtherRows(), -1
        for row in np.flatnonzero(~is_word):
            if self._sentence[row] != sentence:
                others, sentence = OtherRows(), self._sentence[row]
            identifier = text[self._starts[row] : self._id_ends[row]]
            doubtful[row] |= others.problem(identifier, int(expected[row])) is not None
            doubtful[row] |= others.covered > words[sentence]
        heads, is_head = self._numbers(self._head_starts + 1, self._head_ends)
        first = np.minimum(self._head_starts + 1, len(self._codes) - 1)
        is_head &= (self._codes[first] != _ZERO) | (self._head_ends - self._head_starts == 2)
        is_head &= heads <= words[self._sentence]
        doubtful |= is_word & ~is_head
        found = _are_no_trees(np.where(is_head, heads, 0)[is_word], words)
        found[self._sentence[doubtful]] = True
        return found

    def _has_blanks(self) -> np.ndarray:
        """Whether a cell after the first is empty or starts with white space; shape (rows,)."""
        after = np.minimum(self._tabs + 1, len(self._codes) - 1)
        blank = self._tabs[_IS_SPACE.take(self._codes[after], mode="clip")]
        # For a tab in a comment, the preceding row is rejected and validated row by row.
        rows = np.searchsorted(self._starts, blank, side="right") - 1
        found = np.zeros(len(self._starts), dtype=bool)
        found[rows[rows >= 0]] = True
        return found

    def _numbers(self, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers in some cells, and whether each cell is a short number in ASCII digits."""
        lengths = ends - starts
        are_numbers = (lengths > 0) & (lengths <= _DIGITS)
        values = np.zeros(len(starts), dtype=np.int64)
        longest = int(lengths[are_numbers].max(initial=0))
        for place in range(longest):
            inside = place < lengths
            at = np.minimum(starts + place, len(self._codes) - 1)
            digits = self._codes[at].astype(np.int64) - _ZERO
            are_numbers &= ~inside | ((digits >= 0) & (digits <= 9))
            values = np.where(inside, 10 * values + digits, values)
        return values, are_numbers


def _are_no_trees(heads: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Which sentences are not a tree with one root; shape (sentences,).

    Args:
        heads: heads of the words of all sentences, 0 for a root; shape (words,).
        words: number of words of each sentence; shape (sentences,).
    """
    sentences = np.arange(len(words))
    # The root node of each sentence precedes its words.
    roots = np.cumsum(words) - words + sentences
    sentence = np.repeat(sentences, words)
    nodes = np.arange(len(heads)) + sentence + 1
    ancestors = np.arange(len(heads) + len(words))
    ancestors[nodes] = roots[sentence] + heads
    # After k rounds an entry is the 2^k-th ancestor, so in a tree all entries become the root.
    for _ in range(int(words.max(initial=0)).bit_length()):
        ancestors = ancestors[ancestors]
    found = np.bincount(sentence[heads == 0], minlength=len(words)) != 1
    found[sentence[ancestors[nodes] != roots[sentence]]] = True
    return found
