"""Tokenisation of words into the subwords of an encoder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import ClassVar

import numpy as np
from tokenizers import Encoding, Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import ByteLevel

from ..runtime.errors import InputError
from ..runtime.files import read_json
from .reader import WordPieces

MOST_PIECES = 1 << 24
"""Maximum vocabulary size if ``config.json`` does not give it."""
WORD_MARKER = "\u2581"
"""SentencePiece's mark before a word (U+2581); a separate subword if no longer one matches."""
SPACE_BYTE = "\u0120"
"""The space in byte-level vocabularies (Ġ)."""
WORDS_AT_ONCE = 256
"""Number of words without context that are tokenised together, as an artificial sentence."""


@contextmanager
def _library(path: Path, problem: str = "a tokenizer that fails") -> Iterator[None]:
    """Report errors of the library as errors of the file.

    It raises plain ``Exception``; its panics derive from ``BaseException``.

    Raises:
        InputError: the block fails.
    """
    try:
        yield
    except InputError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(f"{path}: {problem} ({reason}); save it again") from None


def _steps_as_json(tokenizer: Tokenizer) -> bytes:
    """The steps before the vocabulary as JSON, of which one may be within a sequence."""
    steps = tokenizer.pre_tokenizer
    return b"" if steps is None else bytes(steps.__getstate__())


class WordTokenizer:
    """The fast tokenizer of an encoder directory, applied to sentences that are split into words.

    Args:
        directory: directory with ``tokenizer.json``.

    Attributes:
        path: file of the tokenizer.
        prefix, suffix: ids of the special tokens around a sentence (``[CLS]``, ``[SEP]``; for T5
            only ``</s>``).
        padding: id for padding; padding is masked, so any id works if the vocabulary has none.
        whole_words: ``False``: the first subword of a word is only a part of it.

    Raises:
        InputError: the file is missing or not a tokenizer, or has ids beyond the ``vocab_size`` of
            ``config.json`` in the same directory. All methods: the library fails.
    """

    whole_words: ClassVar[bool] = False

    def __init__(self, directory: Path | str) -> None:
        path = Path(directory) / "tokenizer.json"
        if not path.exists():
            raise InputError(
                f"{path}: no such file; save the encoder's fast tokenizer with save_pretrained"
            )
        self.path = path
        with _library(path, "not a fast tokenizer"):
            self._tokenizer = Tokenizer.from_file(str(path))
            self._prepare()

    def _prepare(self) -> None:
        """Configure the tokenizer and read its special tokens."""
        path = self.path
        # The file may enable both, which would silently drop or add subwords.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if isinstance(self._tokenizer.pre_tokenizer, ByteLevel):
            # Without it, pre-tokenised words would be read as one long word.
            self._tokenizer.pre_tokenizer.add_prefix_space = True
        self._before_word = self._find_before_word(path)
        full = self._tokenizer.encode(["a"], is_pretokenized=True)
        own = [place for place, special in enumerate(full.special_tokens_mask) if not special]
        if not own:
            raise InputError(
                f"{path}: leaves nothing of the letter a; is this a tokenizer of text?"
            )
        self.prefix, self.suffix = full.ids[: own[0]], full.ids[own[-1] + 1 :]
        self.padding = self._first_id("[PAD]", "<pad>") or 0
        self._unknown = self._first_id("[UNK]", "<unk>")
        if self._unknown is None:
            self._unknown = self.padding
        self._bare_markers = self._find_bare_markers()
        self._check_ids()

    def _find_bare_markers(self) -> np.ndarray:
        """Ids of the subwords that consist only of word markers.

        Byte-level vocabularies write the space before a word as a letter (Ġ), which may also be a
        separate subword; in vocabularies of characters it is a space.
        """
        marks = f"{WORD_MARKER} "
        if b'"ByteLevel"' in _steps_as_json(self._tokenizer):
            marks += SPACE_BYTE
        vocabulary = self._tokenizer.get_vocab().items()
        bare = sorted(index for piece, index in vocabulary if piece and not piece.strip(marks))
        return np.array(bare, dtype=np.int64)

    def _check_ids(self) -> None:
        """Reject ids for which the encoder in the same directory has no embedding."""
        config = self.path.with_name("config.json")
        content = read_json(config) if config.exists() else None
        size = content.get("vocab_size") if isinstance(content, dict) else None
        if type(size) is not int:
            size = MOST_PIECES
        known = self._tokenizer.get_vocab().values()
        greatest = max([*known, *self.prefix, *self.suffix], default=0)
        if greatest >= size:
            raise InputError(
                f"{self.path}: has a piece with the id {greatest}, but the encoder embeds "
                f"{size} pieces ({config}); are both files of one encoder?"
            )

    def _find_before_word(self, path: Path) -> str:
        """The prefix with which a word is tokenised as after a space in running text.

        Tokenizers that mark spaces in a normaliser or within a sequence of steps do not mark
        pre-tokenised words, as if these continued the previous word.
        """
        once, twice = (
            self._tokenizer.encode(x, add_special_tokens=False).ids for x in ("a", "a a")
        )
        for before in ("", " "):
            words = [f"{before}a"] * 2
            found = self._tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
            first = found.word_ids.count(0)
            if found.ids[first:] == twice[len(once) :]:
                return before
        raise InputError(
            f"{path}: reads a word on its own otherwise than after a space; tokenizers of this "
            "kind are not known here"
        )

    def _first_id(self, *names: str) -> int | None:
        ids = (self._tokenizer.token_to_id(name) for name in names)
        return next((found for found in ids if found is not None), None)

    @cached_property
    def unknown_piece(self) -> int | None:
        """Id of the unknown token; ``None`` if the vocabulary covers all text.

        Byte-level vocabularies have none, though often a special token of that name.
        """
        with _library(self.path):
            if isinstance(self._tokenizer.model, Unigram):
                return json.loads(self._tokenizer.to_str())["model"].get("unk_id")
            return self._tokenizer.get_vocab().get(self._tokenizer.model.unk_token)

    @cached_property
    def between(self) -> list[int]:
        """Ids between two texts in one row: ``[SEP]`` for BERT, ``</s></s>`` for XLM-R.

        A tokenizer without a template for pairs has its suffix there.
        """
        with _library(self.path):
            pair = self._tokenizer.encode(["a"], ["a"], is_pretokenized=True)
        first, second = (
            [place for place, text in enumerate(pair.sequence_ids) if text == number]
            for number in (0, 1)
        )
        return pair.ids[first[-1] + 1 : second[0]] or self.suffix

    @property
    def library(self) -> Tokenizer:
        """The tokenizer of the library ``tokenizers``."""
        return self._tokenizer

    @property
    def vocabulary_size(self) -> int:
        """Number of subwords, including special tokens."""
        return self._tokenizer.get_vocab_size()

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """Tokenise sentences; each distinct word is split once, because words are independent.

        Args:
            sentences: word forms of each sentence.

        Returns:
            One ``WordPieces`` per sentence. A word without subwords (e.g. only control characters)
            becomes one unknown token, so that every word has a first subword. The content of a word
            of bare markers is its first subword.
        """
        words = list(chain.from_iterable(sentences))
        ids = {word: place for place, word in enumerate(dict.fromkeys(words))}
        types = np.fromiter(map(ids.__getitem__, words), dtype=np.int64, count=len(words))
        pieces, lengths = self.split_words(list(ids))
        return self.arranged(list(map(len, sentences)), types, pieces, lengths)

    def arranged(
        self, sizes: Sequence[int], types: np.ndarray, pieces: np.ndarray, lengths: np.ndarray
    ) -> list[WordPieces]:
        """The subwords of sentences.

        Args:
            sizes: number of words of each sentence.
            types: for each word of the sentences in order, its index among those that were split.
            pieces, lengths: results of ``split_words``.
        """
        starts = np.cumsum(lengths) - lengths
        skipped = self._skipped_markers(pieces, lengths)
        lengths, starts = lengths[types], starts[types]
        first = np.cumsum(lengths) - lengths
        content = None if skipped is None else first + skipped[types]
        # The subwords of a word are contiguous in the text and in the list of distinct words.
        text = pieces[np.arange(lengths.sum()) + np.repeat(starts - first, lengths)]
        ends = np.cumsum(np.array(sizes, dtype=np.int64))
        bounds = np.append(first, len(text))[np.append(0, ends)]
        return [
            WordPieces(
                text[start:end],
                first[word:last] - start,
                None if content is None else content[word:last] - start,
            )
            for start, end, word, last in zip(
                bounds[:-1], bounds[1:], np.append(0, ends[:-1]), ends, strict=True
            )
        ]

    def _skipped_markers(self, pieces: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
        """Number of bare markers at the beginning of each word; 0 if it has nothing else.

        Args:
            pieces, lengths: results of ``split_words``.
        """
        if not len(self._bare_markers):
            return None
        # Index of the next subword with content for each subword; past the end if there is none.
        place = np.where(np.isin(pieces, self._bare_markers), len(pieces), np.arange(len(pieces)))
        following = np.minimum.accumulate(place[::-1])[::-1]
        starts = np.cumsum(lengths) - lengths
        skipped = following[starts] - starts if len(pieces) else starts
        return np.where(skipped < lengths, skipped, 0)

    def _encode_words(self, words: Sequence[str]) -> list[Encoding]:
        """The subwords of words without context, ``WORDS_AT_ONCE`` words in each encoding.

        Offsets include ``_before_word``.
        """
        words = self.marked(words)
        rows = [
            words[start : start + WORDS_AT_ONCE] for start in range(0, len(words), WORDS_AT_ONCE)
        ]
        return self._encode(rows, is_pretokenized=True)

    def encodings(self, texts: Sequence[str]) -> list[Encoding]:
        """The subwords of raw texts with their offsets in characters, without special tokens."""
        return self._encode(texts)

    def _encode(self, rows: Sequence, is_pretokenized: bool = False) -> list[Encoding]:
        """The subwords of texts or lists of words, without special tokens."""
        with _library(self.path):
            return self._tokenizer.encode_batch(
                list(rows), is_pretokenized=is_pretokenized, add_special_tokens=False
            )

    def split_words(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The subwords of all words in order, and their number for each word.

        A word without subwords becomes one unknown token.
        """
        encodings = self._encode_words(words)
        pieces = [np.zeros(0, dtype=np.int64)]
        lengths = [np.zeros(0, dtype=np.int64)]
        starts = range(0, len(words), WORDS_AT_ONCE)
        for start, encoding in zip(starts, encodings, strict=True):
            found = np.array(encoding.ids, dtype=np.int64)
            row = min(WORDS_AT_ONCE, len(words) - start)
            counts = np.bincount(np.array(encoding.word_ids, dtype=np.int64), minlength=row)
            missing = np.flatnonzero(counts == 0)
            found = np.insert(found, np.cumsum(counts)[missing], self._unknown)
            counts[missing] = 1
            pieces.append(found)
            lengths.append(counts)
        return np.concatenate(pieces), np.concatenate(lengths)

    def marked(self, words: Sequence[str]) -> list[str]:
        """Words with what comes before a word in running text, if the tokenizer adds nothing."""
        return [self._before_word + word for word in words] if self._before_word else list(words)

    def rows(self, texts: Sequence[str], longest: int) -> list[np.ndarray]:
        """The subwords of raw texts, including special tokens, truncated to ``longest``.

        Args:
            texts: raw sentences.
            longest: maximum number of subwords per row.
        """
        room = longest - len(self.prefix) - len(self.suffix)
        encodings = self._encode(texts)
        return [
            np.array([*self.prefix, *encoding.ids[:room], *self.suffix], dtype=np.int64)
            for encoding in encodings
        ]

    def piece_types(self, sentences: Sequence[Sequence[str]]) -> set[str]:
        """The distinct subwords of some sentences, as written in the vocabulary.

        The unknown token is excluded, because it replaces different characters in different texts.
        """
        encodings = self._encode([self.marked(words) for words in sentences], True)
        ids = {index for encoding in encodings for index in encoding.ids} - {self.unknown_piece}
        return {self._tokenizer.id_to_token(index) for index in ids}
