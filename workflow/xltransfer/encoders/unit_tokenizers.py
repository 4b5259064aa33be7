"""``tokenizer.json`` files for encoders that read characters or bytes.

transformers has these tokenizers only in Python. The files give the same ids, and the rest of the
code treats characters and bytes like subwords.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors
from tokenizers.pre_tokenizers import ByteLevel

from ..runtime.errors import InputError
from ..runtime.files import read_json, replacing
from .families import units_of

CANINE_CLS, CANINE_SEP = 0xE000, 0xE001
"""Private-use code points that CANINE adds at the beginning and end of a text."""
_CODE_POINTS = (range(0xD800), range(0xE000, 0x32400), range(0xE0000, 0xE0200))
"""Blocks with all code points that Unicode has assigned, without empty and private planes."""
_REPLACEMENT = "\ufffd"
_BYTES_FROM = 3
"""Id of byte 0 in ByT5, after <pad>, </s> and <unk>."""


def character_tokenizer() -> Tokenizer:
    """CANINE's tokenizer (Clark et al. 2022): the id of a character is its code point.

    Characters outside the assigned blocks become U+FFFD.
    """
    vocabulary = {chr(code): code for codes in _CODE_POINTS for code in codes}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=_REPLACEMENT))
    special = [chr(code) for code in (CANINE_CLS, CANINE_SEP)]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{special[0]} $A {special[1]}",
        special_tokens=[(special[0], CANINE_CLS), (special[1], CANINE_SEP)],
    )
    return tokenizer


def byte_tokenizer() -> Tokenizer:
    """ByT5's tokenizer (Xue et al. 2022): the id of a UTF-8 byte is its value plus 3."""
    special = {"<pad>": 0, "</s>": 1, "<unk>": 2}
    bytes_as_written = {_letter(byte): byte + _BYTES_FROM for byte in range(256)}
    model = models.BPE(vocab=special | bytes_as_written, merges=[], unk_token="<unk>")
    tokenizer = Tokenizer(model)
    # In a sequence, because otherwise a space would be added before each text.
    levels = [ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(levels)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def _letter(byte: int) -> str:
    """The printable letter that byte-level vocabularies write for a byte."""
    latin = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x100))
    if any(byte in letters for letters in latin):
        return chr(byte)
    others = [b for b in range(256) if not any(b in letters for letters in latin)]
    return chr(256 + others.index(byte))


def write_unit_tokenizer(directory: Path) -> Path:
    """Write the ``tokenizer.json`` of an encoder of characters or bytes.

    Args:
        directory: encoder directory, with ``config.json``.

    Returns:
        The path of the file.

    Raises:
        InputError: the encoder reads subwords.
    """
    path = directory / "config.json"
    content = read_json(path)
    units = units_of(content) if isinstance(content, dict) else ""
    if not units:
        raise InputError(
            f"{path}: no encoder of characters (canine) or bytes (tokenizer_class ByT5Tokenizer); "
            "save its fast tokenizer with save_pretrained"
        )
    tokenizer = character_tokenizer() if units == "characters" else byte_tokenizer()
    with replacing(directory / "tokenizer.json") as temporary:
        tokenizer.save(str(temporary), pretty=False)
    return directory / "tokenizer.json"
