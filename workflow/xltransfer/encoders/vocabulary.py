"""Learning a vocabulary of word pieces from raw text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from ..files import replacing, write_json

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def train_wordpiece(lines: Iterable[str], size: int) -> Tokenizer:
    """A cased WordPiece tokenizer (Schuster & Nakajima 2012; Devlin et al. 2019).

    Args:
        lines: raw text.
        size: number of pieces, special tokens included.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    first, last = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", first), ("[SEP]", last)],
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, directory: Path, max_length: int) -> None:
    """Write ``tokenizer.json`` and what transformers needs beside it.

    Args:
        tokenizer: with the special tokens of BERT.
        directory: an encoder directory.
        max_length: the most pieces the encoder takes.
    """
    with replacing(directory / "tokenizer.json") as temporary:
        tokenizer.save(str(temporary))
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    write_json(
        directory / "tokenizer_config.json",
        {
            **dict(zip(names, SPECIAL_TOKENS, strict=True)),
            "model_max_length": max_length,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )
