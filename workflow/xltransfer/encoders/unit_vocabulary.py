"""Vocabularies of bytes or characters for encoders that are pretrained from scratch.

The rows of such an encoder are longer than those of subwords, and no word is unknown to it. Its
architecture is that of any other encoder; what differs is the tokenizer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from ..runtime.errors import InputError
from .unit_tokenizers import byte_tokenizer
from .vocabulary import SPECIAL_TOKENS, add_frame

BYTES, CHARACTERS = "bytes", "characters"
KINDS = (BYTES, CHARACTERS)
MASK_OF_BYTES = "<mask>"
"""Token after the 256 bytes, where ByT5 has the first of its sentinels."""


def unit_vocabulary(settings: Mapping[str, Any], lines: Iterable[str]) -> Tokenizer:
    """A tokenizer of bytes or characters with the special tokens of masked language modelling.

    A word for whole-word masking is a blank and what follows it up to the next one.

    Args:
        settings: ``kind``; for characters also ``minimum_count``, how often a character must occur
            not to be unknown.
        lines: raw text, read for characters only.

    Raises:
        InputError: the kind is unknown, or no character is frequent enough.
    """
    if settings.get("kind") not in KINDS:
        raise InputError(f"vocabulary: kind '{settings.get('kind')}' is none of {', '.join(KINDS)}")
    if settings["kind"] == BYTES:
        return _bytes()
    return _characters(lines, settings.get("minimum_count", 1))


def _by_blanks() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(" ", "merged_with_next")


def _bytes() -> Tokenizer:
    """ByT5's ids (Xue et al. 2022), with a mask token and pairs of sentences."""
    tokenizer = byte_tokenizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([_by_blanks(), *tokenizer.pre_tokenizer])
    tokenizer.add_special_tokens([AddedToken(MASK_OF_BYTES, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def _characters(lines: Iterable[str], minimum_count: int) -> Tokenizer:
    """The characters of a text in code point order, after the special tokens of BERT."""
    normalizer = normalizers.NFC()
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(normalizer.normalize_str(line))
    frequent = sorted(one for one, count in counts.items() if count >= minimum_count)
    if not frequent:
        raise InputError(
            f"vocabulary: no character occurs {minimum_count} times; lower minimum_count"
        )
    tokens = [*SPECIAL_TOKENS, *frequent]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=SPECIAL_TOKENS[1]))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = _by_blanks()
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in SPECIAL_TOKENS])
    add_frame(tokenizer)
    return tokenizer
