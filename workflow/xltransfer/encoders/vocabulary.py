"""Learning of a subword vocabulary from raw text."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from ..runtime.files import replacing, write_json

log = logging.getLogger(__name__)

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
OTHER_NAMES = {"[PAD]": ("<pad>",), "[UNK]": ("<unk>",), "[SEP]": ("</s>",), "[MASK]": ("<mask>",)}
"""Names of the same roles in vocabularies of bytes, which have no token before a sentence."""


def train_wordpiece(lines: Iterable[str], size: int) -> Tokenizer:
    """A cased WordPiece tokenizer (Schuster & Nakajima 2012; Devlin et al. 2019).

    The same lines give the same vocabulary. It is smaller than requested if the text has fewer
    subwords. Single characters take at most half of it; if there are more, rare ones are left out,
    and words that contain one become unknown.

    Args:
        lines: raw text, which is read twice.
        size: number of subwords, including special tokens.
    """
    lines = list(lines) if isinstance(lines, Iterator) else lines
    learner = _wordpiece({})
    words = Counter(word for line in lines for word in text_units(learner, line))
    rare = _rare_characters(words, (size // 2 - len(SPECIAL_TOKENS)) // 2)
    if rare:
        log.info("vocabulary: no room for %d rare characters, such as %s", len(rare), rare[:10])
    # The trainer numbers characters inside words in the order of a hash map, which differs between
    # runs and breaks ties between equally frequent pairs. As special tokens, they have fixed ids.
    characters = {character for word in words for character in word[1:]} - set(rare)
    inside = [f"##{character}" for character in sorted(characters)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*SPECIAL_TOKENS, *inside], show_progress=False
    )
    learner.train_from_iterator(_without(rare, lines), trainer)
    tokenizer = _wordpiece(learner.get_vocab(with_added_tokens=False))
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    add_frame(tokenizer)
    return tokenizer


def add_frame(tokenizer: Tokenizer) -> None:
    """Put the special tokens of BERT around texts and pairs of texts."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )


def _wordpiece(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def text_units(tokenizer: Tokenizer, text: str) -> list[str]:
    """The normalised units of a text that a tokenizer splits into subwords, mostly words."""
    normalizer, steps = tokenizer.normalizer, tokenizer.pre_tokenizer
    normal = text if normalizer is None else normalizer.normalize_str(text)
    if steps is None:
        return [normal] if normal else []
    return [unit for unit, _ in steps.pre_tokenize_str(normal)]


def _rare_characters(words: Mapping[str, int], room: int) -> list[str]:
    """The characters after the ``room`` most frequent ones, most frequent first."""
    frequencies: Counter[str] = Counter()
    for word, frequency in words.items():
        for character in word:
            frequencies[character] += frequency
    ranked = sorted(frequencies, key=lambda character: (-frequencies[character], character))
    return ranked[max(0, room) :]


def _without(rare: Sequence[str], lines: Iterable[str]) -> Iterator[str]:
    """Lines with blanks in place of rare characters."""
    # A separate normaliser, because the tokenizer is locked while its trainer reads lines.
    normalizer = normalizers.NFC()
    blanks = str.maketrans(dict.fromkeys(rare, " "))
    for line in lines:
        yield normalizer.normalize_str(line).translate(blanks) if rare else line


def special_token(tokenizer: Tokenizer, name: str) -> str | None:
    """The token of a tokenizer in the role of a special token of BERT; ``None`` if it has none."""
    found = (name, *(other for other in OTHER_NAMES.get(name, ())))
    return next((one for one in found if tokenizer.token_to_id(one) is not None), None)


def save_tokenizer(tokenizer: Tokenizer, directory: Path, max_length: int) -> None:
    """Write ``tokenizer.json``, and ``tokenizer_config.json`` for transformers.

    Args:
        tokenizer: tokenizer with the special tokens of BERT, or with some of those of ByT5.
        directory: encoder directory.
        max_length: maximum number of subwords per row.
    """
    with replacing(directory / "tokenizer.json") as temporary:
        tokenizer.save(str(temporary))
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    roles = {
        name: special_token(tokenizer, token)
        for name, token in zip(names, SPECIAL_TOKENS, strict=True)
    }
    write_json(
        directory / "tokenizer_config.json",
        {
            **{name: token for name, token in roles.items() if token is not None},
            "model_max_length": max_length,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )
