"""Tokenisation of raw text into subwords, some of which can be masked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding

from ..runtime.errors import InputError
from ..runtime.files import read_json
from .tokenizer import WordTokenizer


class TextTokenizer(WordTokenizer):
    """The fast tokenizer of an encoder directory, applied to lines of raw text.

    Args:
        directory: directory with ``tokenizer.json``.

    Attributes:
        mask: id of the mask token.
        ordinary: ids of all subwords except the special tokens, ascending.

    Raises:
        InputError: the file is missing, not a tokenizer, or has no mask token.
    """

    def __init__(self, directory: Path | str) -> None:
        super().__init__(directory)
        names = [_mask_token(Path(directory) / "tokenizer_config.json"), "[MASK]", "<mask>"]
        mask = self._first_id(*(name for name in names if name))
        if mask is None:
            raise InputError(
                f"{directory}/tokenizer.json: no mask token; masked language modelling needs an "
                "encoder whose tokenizer has one"
            )
        self.mask = mask
        added = self._tokenizer.get_added_tokens_decoder()
        special = {index for index, token in added.items() if token.special}
        special |= {mask, self._unknown, self.padding, *self.prefix, *self.suffix}
        ids = set(self._tokenizer.get_vocab(with_added_tokens=True).values())
        self.ordinary = np.array(sorted(ids - special), dtype=np.int64)

    def encode(self, lines: Sequence[str]) -> list[Encoding]:
        """The subwords of lines, without special tokens."""
        return self._encode(lines)


def _mask_token(path: Path) -> str | None:
    """The mask token in ``tokenizer_config.json``."""
    if not path.exists():
        return None
    content = read_json(path)
    token: Any = content.get("mask_token") if isinstance(content, dict) else content
    name = token.get("content") if isinstance(token, dict) else token
    if not isinstance(content, dict) or not isinstance(name, str | None):
        raise InputError(f"{path}: 'mask_token' is no text; save the tokenizer again")
    return name
