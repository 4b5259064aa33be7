"""From words to the subword pieces of an encoder."""

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
"""Of an encoder whose ``config.json`` does not say it."""
WORD_MARKER = "\u2581"
"""What SentencePiece puts before a word (U+2581); a piece of its own where no longer one exists."""
SPACE_BYTE = "\u0120"
"""The space as byte-level vocabularies write it (Ġ)."""
WORDS_AT_ONCE = 256
"""Words without context are handed to the tokenizer in made-up sentences of this length."""


@contextmanager
def _library(path: Path, problem: str = "a tokenizer that fails") -> Iterator[None]:
    """Errors of the library are those of the file: it raises plain ``Exception``, and where it
    panics, an exception of its own that derives from ``BaseException``.

    Raises:
        InputError: what is done within fails.
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


class WordTokenizer:
    """The fast tokenizer of an encoder directory, applied to sentences that are split into words.

    Args:
        directory: holds ``tokenizer.json``.

    Attributes:
        prefix, suffix: ids of the special tokens around a sentence (``[CLS]``, ``[SEP]``; for T5
            only ``</s>``).
        padding: id to pad with; padding is masked, so any id serves where there is none.
        whole_words: the first piece of a word is only a part of it.

    Raises:
        InputError: the file is missing or not a tokenizer, or has pieces beyond the ``vocab_size``
            of ``config.json`` in the same directory; from all methods, the library fails.
    """

    whole_words: ClassVar[bool] = False

    def __init__(self, directory: Path | str) -> None:
        path = Path(directory) / "tokenizer.json"
        if not path.exists():
            raise InputError(
                f"{path}: no such file; save the encoder's fast tokenizer with save_pretrained"
            )
        self._path = path
        with _library(path, "not a fast tokenizer"):
            self._tokenizer = Tokenizer.from_file(str(path))
            self._prepare()

    def _prepare(self) -> None:
        """Settle what every sentence needs."""
        path = self._path
        # Both can be switched on inside the file and would drop or add pieces silently.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if isinstance(self._tokenizer.pre_tokenizer, ByteLevel):
            # Without it, pretokenised words would be read as continuations of one long word.
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
        """Ids of the pieces that are nothing but the mark of a word's beginning.

        Byte-level vocabularies write the space before a word as a letter (Ġ), which may be a piece
        of its own, too.
        """
        marks = WORD_MARKER
        if isinstance(self._tokenizer.pre_tokenizer, ByteLevel):
            marks += SPACE_BYTE
        vocabulary = self._tokenizer.get_vocab().items()
        bare = sorted(index for piece, index in vocabulary if piece and not piece.strip(marks))
        return np.array(bare, dtype=np.int64)

    def _check_ids(self) -> None:
        """Refuse pieces for which the encoder of the same directory has no embedding."""
        config = self._path.with_name("config.json")
        content = read_json(config) if config.exists() else None
        size = content.get("vocab_size") if isinstance(content, dict) else None
        if type(size) is not int:
            size = MOST_PIECES
        known = self._tokenizer.get_vocab().values()
        greatest = max([*known, *self.prefix, *self.suffix], default=0)
        if greatest >= size:
            raise InputError(
                f"{self._path}: has a piece with the id {greatest}, but the encoder embeds "
                f"{size} pieces ({config}); are both files of one encoder?"
            )

    def _find_before_word(self, path: Path) -> str:
        """What a word needs before it to be read as one that follows a space in running text.

        Tokenizers that mark spaces in a normaliser or within a sequence of steps leave words that
        are handed over one by one without a mark, as if they continued the word before.
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
        """Id of the piece for text that the vocabulary lacks; ``None`` if it lacks nothing.

        Byte-level vocabularies have no such piece, though often a special token of that name.
        """
        with _library(self._path):
            if isinstance(self._tokenizer.model, Unigram):
                return json.loads(self._tokenizer.to_str())["model"].get("unk_id")
            return self._tokenizer.get_vocab().get(self._tokenizer.model.unk_token)

    @property
    def vocabulary_size(self) -> int:
        """Number of pieces, special tokens included."""
        return self._tokenizer.get_vocab_size()

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """Tokenise sentences, each distinct word once, for words are split on their own.

        Args:
            sentences: word forms of each sentence.

        Returns:
            One ``WordPieces`` per sentence. A word of which the tokenizer leaves nothing (control
            characters, say) becomes one unknown piece, so that every word has a first piece. A
            word of bare markers alone has its first piece as content.
        """
        words = list(chain.from_iterable(sentences))
        ids = {word: place for place, word in enumerate(dict.fromkeys(words))}
        types = np.fromiter(map(ids.__getitem__, words), dtype=np.int64, count=len(words))
        pieces, lengths = self._split_words(list(ids))
        starts = np.cumsum(lengths) - lengths
        skipped = self._skipped_markers(pieces, lengths)
        lengths, starts = lengths[types], starts[types]
        first = np.cumsum(lengths) - lengths
        content = None if skipped is None else first + skipped[types]
        # The pieces of a word stand together, in the text as in the list of distinct words.
        text = pieces[np.arange(lengths.sum()) + np.repeat(starts - first, lengths)]
        ends = np.cumsum(np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences)))
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
        """How many bare markers each of some words begins with; 0 if it has nothing else.

        Args:
            pieces, lengths: as ``_split_words`` returns them.
        """
        if not len(self._bare_markers):
            return None
        # The place of the next piece with content, for every piece; past the end if there is none.
        place = np.where(np.isin(pieces, self._bare_markers), len(pieces), np.arange(len(pieces)))
        following = np.minimum.accumulate(place[::-1])[::-1]
        starts = np.cumsum(lengths) - lengths
        skipped = following[starts] - starts if len(pieces) else starts
        return np.where(skipped < lengths, skipped, 0)

    def _encode_words(self, words: Sequence[str]) -> list[Encoding]:
        """The pieces of words without context, ``WORDS_AT_ONCE`` words in each encoding.

        Offsets count ``_before_word``.
        """
        words = self._marked(words)
        rows = [
            words[start : start + WORDS_AT_ONCE] for start in range(0, len(words), WORDS_AT_ONCE)
        ]
        return self._encode(rows, is_pretokenized=True)

    def _encode(self, rows: Sequence, is_pretokenized: bool = False) -> list[Encoding]:
        """The pieces of texts or lists of words, without special tokens."""
        with _library(self._path):
            return self._tokenizer.encode_batch(
                list(rows), is_pretokenized=is_pretokenized, add_special_tokens=False
            )

    def _split_words(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """All pieces of some words, one word after the other, and how many each of them has."""
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

    def _marked(self, words: Sequence[str]) -> list[str]:
        return [self._before_word + word for word in words] if self._before_word else list(words)

    def rows(self, texts: Sequence[str], longest: int) -> list[np.ndarray]:
        """The input of raw texts, special tokens included, cut to what the encoder takes.

        Args:
            texts: raw sentences.
            longest: the most pieces of a row.
        """
        room = longest - len(self.prefix) - len(self.suffix)
        encodings = self._encode(texts)
        return [
            np.array([*self.prefix, *encoding.ids[:room], *self.suffix], dtype=np.int64)
            for encoding in encodings
        ]

    def piece_types(self, sentences: Sequence[Sequence[str]]) -> set[str]:
        """The distinct pieces of some sentences, as they are written in the vocabulary.

        The unknown piece is left out: two texts do not share what the vocabulary lacks.
        """
        encodings = self._encode([self._marked(words) for words in sentences], True)
        ids = {index for encoding in encodings for index in encoding.ids} - {self.unknown_piece}
        return {self._tokenizer.id_to_token(index) for index in ids}
