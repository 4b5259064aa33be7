"""Learning a vocabulary of word pieces from raw text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from ..files import replacing, write_json

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def train_wordpiece(lines: Iterable[str], size: int) -> Tokenizer:
    """A cased WordPiece tokenizer (Schuster & Nakajima 2012; Devlin et al. 2019).

    The same lines give the same vocabulary.

    Args:
        lines: raw text.
        size: number of pieces, special tokens included.
    """
    lines = list(lines)
    # The trainer numbers characters inside words as a hash map yields them, which differs from run
    # to run and decides between equally frequent pairs. Numbered beforehand, they are the same.
    learner = _wordpiece({})
    words = {word for line in lines for word in _words(learner, line)}
    inside = [f"##{character}" for character in sorted({c for word in words for c in word[1:]})]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*SPECIAL_TOKENS, *inside], show_progress=False
    )
    learner.train_from_iterator(lines, trainer)
    tokenizer = _wordpiece(learner.get_vocab(with_added_tokens=False))
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    first, last = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", first), ("[SEP]", last)],
    )
    return tokenizer


def _wordpiece(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _words(tokenizer: Tokenizer, line: str) -> list[str]:
    normalised = tokenizer.normalizer.normalize_str(line)
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalised)]


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
