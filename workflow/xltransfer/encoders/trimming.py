"""Vocabularies reduced to the subwords that some corpora need, without changing their tokenisation.

Multilingual vocabularies have 100,000 to 500,000 subwords, of which a study needs a part: XLM-R's
embeddings are two thirds of its weights, and AdamW updates all of them in every step.

Why the tokenisation of the corpora stays the same: removed subwords never win. WordPiece takes the
longest match, BPE the applicable merge of the lowest rank, Unigram the segmentation with the
highest sum of scores. In each case the winner is kept, and removing others cannot change it. For
words that WordPiece cannot split, the matches before it fails are kept (``matches``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from ..runtime.errors import InputError
from .tokenizer import SPACE_BYTE, WORD_MARKER
from .vocabulary import text_units

_CONTINUATION = "##"
"""Prefix of WordPiece subwords within a word."""
SIZES = ("vocab_size", "n_words")
"""Keys of ``config.json`` for the size of the vocabulary."""
_INDICES = ("bos_index", "eos_index", "pad_index", "unk_index", "mask_index")


class Trimming:
    """The reduction of a vocabulary.

    Args:
        content: content of ``tokenizer.json``.
        used: ids that the corpora need.
        place: name of the file in messages.

    Attributes:
        kept: ids of the old vocabulary that are kept, ascending; the new ids are their indices.

    Raises:
        InputError: the kind of vocabulary is not supported.
    """

    def __init__(self, content: Mapping[str, Any], used: Iterable[int], place: str) -> None:
        self._content = content
        model = content["model"]
        if model.get("type") not in ("Unigram", "WordPiece", "BPE"):
            raise InputError(
                f"{place}:1: a vocabulary of the type {model.get('type')}; only Unigram, WordPiece "
                "and BPE can be trimmed, use the encoder as it is"
            )
        self._by_id = _pieces(model) | {t["id"]: t["content"] for t in content["added_tokens"]}
        kept = (set(used) & self._by_id.keys()) | {token["id"] for token in content["added_tokens"]}
        kept |= {index for index, piece in self._by_id.items() if _is_basic(piece)}
        if model["type"] == "Unigram":
            # The score of unknown characters is relative to the lowest score.
            scores = [score for _, score in model["vocab"]]
            kept |= {scores.index(min(scores))}
            kept |= {model["unk_id"]} - {None}
        elif model.get("unk_token") in model["vocab"]:
            kept |= {model["vocab"][model["unk_token"]]}
        if model["type"] == "BPE":
            kept |= _parts_of_merges(model, kept, self._by_id)
        self.kept = sorted(kept)
        self._new = {old: new for new, old in enumerate(self.kept)}

    def new_id(self, old: int) -> int:
        """The id of a kept subword in the new vocabulary."""
        return self._new[old]

    def tokenizer(self) -> dict[str, Any]:
        """The content of the new ``tokenizer.json``."""
        model = dict(self._content["model"])
        if model["type"] == "Unigram":
            model["vocab"] = [e for i, e in enumerate(model["vocab"]) if i in self._new]
            if model["unk_id"] is not None:
                model["unk_id"] = self._new[model["unk_id"]]
        else:
            vocabulary = model["vocab"].items()
            model["vocab"] = {p: self._new[i] for p, i in vocabulary if i in self._new}
        if model["type"] == "BPE":
            model["merges"] = [
                merge
                for merge, (left, right) in zip(model["merges"], _merges(model), strict=True)
                if {left, right, _merged(left, right, model)} <= model["vocab"].keys()
            ]
        added = [{**t, "id": self._new[t["id"]]} for t in self._content["added_tokens"]]
        processor = self._renumbered(self._content.get("post_processor"))
        return {
            **self._content,
            "model": model,
            "added_tokens": added,
            "post_processor": processor,
        }

    def _renumbered(self, processor: Any) -> Any:
        """A post-processor with new ids: lists ``ids``, and pairs of a token and its id."""
        if isinstance(processor, Mapping):
            return {
                key: [self._new[i] for i in value] if key == "ids" else self._renumbered(value)
                for key, value in processor.items()
            }
        if isinstance(processor, list):
            if len(processor) == 2 and list(map(type, processor)) == [str, int]:
                return [processor[0], self._new[processor[1]]]
            return [self._renumbered(value) for value in processor]
        return processor

    def config(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content of the new ``config.json``; ids beyond the vocabulary stay as they are.

        Args:
            content: content of ``config.json``.
        """
        found = dict(content)
        for key, value in content.items():
            if is_token_id(key) and type(value) is int:
                found[key] = self._new.get(value, value)
            if key in SIZES:
                found[key] = len(self.kept)
        return {**found, SIZES[0]: len(self.kept)}

    def weights(
        self, tensors: Mapping[str, torch.Tensor], network: nn.Module, vocabulary_size: int
    ) -> dict[str, torch.Tensor]:
        """The weights with the rows of the kept subwords.

        Args:
            tensors: all tensors of ``model.safetensors``.
            network: encoder of the same directory, without a head.
            vocabulary_size: ``vocab_size`` of the old ``config.json``.

        Returns:
            All tensors. Rows are selected from the input embeddings, and from the tensors of a head
            that have a row per subword.
        """
        embedding = network.get_input_embeddings().weight
        own = dict(network.named_parameters(remove_duplicate=False))
        tables = [name for name, value in own.items() if value is embedding]
        places = torch.tensor(self.kept)

        def has_row_per_piece(name: str, value: torch.Tensor) -> bool:
            if any(name == table or name.endswith(f".{table}") for table in tables):
                return True
            in_encoder = any(name == other or name.endswith(f".{other}") for other in own)
            return not in_encoder and value.ndim > 0 and len(value) == vocabulary_size

        return {
            name: value[places].contiguous() if has_row_per_piece(name, value) else value
            for name, value in tensors.items()
        }


def _pieces(model: Mapping[str, Any]) -> dict[int, str]:
    if model["type"] == "Unigram":
        return {index: piece for index, (piece, _) in enumerate(model["vocab"])}
    return {index: piece for piece, index in model["vocab"].items()}


def _is_basic(piece: str) -> bool:
    """Whether a subword is a single character or byte, so that other text can still be read."""
    for mark in (WORD_MARKER, SPACE_BYTE, _CONTINUATION):
        piece = piece.removeprefix(mark)
    return len(piece) <= 1 or (len(piece) == 6 and piece.startswith("<0x") and piece[-1] == ">")


def _merges(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The merges of BPE; older files have them as texts with a space."""
    pairs = (m.split(" ", 1) if isinstance(m, str) else m for m in model["merges"])
    return [(left, right) for left, right in pairs]


def _parts_of_merges(
    model: Mapping[str, Any], kept: Iterable[int], pieces: Mapping[int, str]
) -> set[int]:
    """Ids of the intermediate subwords from which BPE makes the kept ones.

    Merges within a subword are the same in any context, because no merge crossed its boundary.
    """
    merges, vocabulary = _merges(model), model["vocab"]
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    found: set[int] = set()
    for index in kept:
        parts = _characters(pieces[index], model)
        found |= {vocabulary[part] for part in parts if part in vocabulary}
        while len(parts) > 1:
            pairs = [(ranks.get(pair, len(merges)), n) for n, pair in enumerate(pairwise(parts))]
            rank, place = min(pairs)
            if rank == len(merges):
                break
            merged = _merged(*parts[place : place + 2], model)
            parts[place : place + 2] = [merged]
            found |= {vocabulary[merged]} if merged in vocabulary else set()
    return found


def _merged(left: str, right: str, model: Mapping[str, Any]) -> str:
    """The subword that a merge makes; only the left part keeps a prefix for continuations."""
    return left + right.removeprefix(model.get("continuing_subword_prefix") or "")


def _characters(piece: str, model: Mapping[str, Any]) -> list[str]:
    """The characters of a subword, as BPE starts from them."""
    prefix = model.get("continuing_subword_prefix") or ""
    suffix = model.get("end_of_word_suffix") or ""
    found = [prefix + letter for letter in piece.removeprefix(prefix).removesuffix(suffix)]
    if found and not piece.startswith(prefix):
        found[0] = found[0].removeprefix(prefix)
    if found and piece.endswith(suffix):
        found[-1] += suffix
    return found


def is_token_id(key: str) -> bool:
    """Whether a key of ``config.json`` has the id of a token; XLM has other names."""
    return key.endswith("_token_id") or key in _INDICES


def matches(word: str, model: Mapping[str, Any]) -> set[int]:
    """Ids of the longest matches of WordPiece in a word, up to the place where it fails.

    Args:
        word: word, normalised and without spaces.
        model: vocabulary with ``vocab`` and ``continuing_subword_prefix``.
    """
    vocabulary, prefix = model["vocab"], model.get("continuing_subword_prefix") or ""
    found: set[int] = set()
    start = 0
    while start < len(word):
        before = prefix if start else ""
        ends = range(len(word), start, -1)
        end = next((e for e in ends if before + word[start:e] in vocabulary), None)
        if end is None:
            break
        found.add(vocabulary[before + word[start:end]])
        start = end
    return found


def unsplit_words(tokenizer: Tokenizer, texts: Iterable[str]) -> set[str]:
    """The words of texts that a WordPiece vocabulary cannot split, normalised."""
    words = {word for text in texts for word in text_units(tokenizer, text)}
    unknown = tokenizer.model.unk_token
    split = ((word, tokenizer.model.tokenize(word)) for word in words if word)
    return {word for word, pieces in split if [piece.value for piece in pieces] == [unknown]}


def read_tokenizer(path: Path) -> dict[str, Any]:
    """The content of a ``tokenizer.json`` that ``WordTokenizer`` has accepted.

    The library writes what older files leave out, such as the type of the vocabulary.
    """
    content: dict[str, Any] = json.loads(Tokenizer.from_file(str(path)).to_str())
    return content
