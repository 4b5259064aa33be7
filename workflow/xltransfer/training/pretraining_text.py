"""The text of a pretraining: its streams of rows, how often each is used, and their languages."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from ..corpora.language_sampling import sampling_probabilities
from ..corpora.sentence_pairs import SentencePairs
from ..encoders.language_embeddings import add_table, table_of
from ..encoders.lean_transformers import PreTrainedModel
from ..encoders.states import first_position
from ..encoders.text_tokenizer import TextTokenizer
from ..runtime.errors import InputError
from .objectives.masked_lm import BLOCKS, LINES, MaskedLanguageModelling, row_pieces
from .sampled_text import SampledText
from .text_streams import LineStream, PairStream, Stream
from .tokenised_text import TokenisedText

log = logging.getLogger(__name__)

MASKED_LM, TRANSLATION_LM = OBJECTIVES = ("masked-lm", "translation-lm")
"""Objectives: parallel sentences are separate lines, or one row."""


@dataclass(frozen=True)
class PretrainingText:
    """Text for training and evaluation.

    Attributes:
        lines, held_out: raw text, one item per corpus.
        pairs, held_out_pairs: parallel text, one item per corpus.
    """

    lines: Sequence[Iterable[str]]
    held_out: Sequence[Iterable[str]]
    pairs: Sequence[SentencePairs] = ()
    held_out_pairs: Sequence[SentencePairs] = ()

    def sides(self) -> list[list[str]]:
        """Both sides of the parallel training text, as texts of their own."""
        return [pairs.side(index) for pairs in self.pairs for index in (0, 1)]


def make_objective(
    model: PreTrainedModel,
    text: PretrainingText,
    tokenizer: TextTokenizer,
    config: Mapping[str, Any],
) -> MaskedLanguageModelling:
    """Masked or translation language modelling of a text.

    Language embeddings are added to the model if the configuration asks for them.

    Args:
        model: model with its head.
        text: text; without ``sampling_exponent`` all lines are one text.
        tokenizer: tokenizer of the encoder.
        config: ``seed`` and ``training``; with parallel text also ``objective`` (one of
            ``OBJECTIVES``), ``languages`` (codes of ``lines`` and pairs of codes of ``pairs``),
            ``reset_positions`` and ``language_embeddings``. In ``training``: ``parallel_share``,
            the share of batches of parallel text if there is other text too.

    Raises:
        InputError: the settings do not fit the model or the text.
    """
    streams = _Streams(model, tokenizer, config)
    settings = config["training"]
    apart = settings.get("sampling_exponent") is not None
    mono = streams.of_lines(text.lines, settings.get("packing", LINES) == BLOCKS, apart)
    parallel = streams.of_pairs(text.pairs)
    plain = streams.without_noise()
    held_out = plain.of_lines(text.held_out, False, bool(streams.index))
    held_out += chain.from_iterable(plain.of_pairs(text.held_out_pairs))
    probabilities = _probabilities(mono, parallel, settings) if apart else None
    training = [*mono, *chain.from_iterable(parallel)]
    seed = config["seed"]
    return MaskedLanguageModelling(
        model, training, held_out, tokenizer, settings, seed, probabilities
    )


@dataclass(frozen=True)
class _Joined:
    """The lines of several corpora; can be iterated repeatedly."""

    corpora: Sequence[Iterable[str]]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.corpora)


class _Streams:
    """Makes streams of texts for a model.

    Attributes:
        index: index of the embedding of each language; empty without language embeddings.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: TextTokenizer, config: Mapping[str, Any]
    ) -> None:
        self.tokenizer = tokenizer
        self.longest = row_pieces(model, config["training"])
        self.words = config["training"].get("whole_word_masking", False)
        self.noise = config["training"].get("noise")
        self.joined = config.get("objective", MASKED_LM) == TRANSLATION_LM
        if self.joined and self.noise:
            raise InputError(
                f"training: noise: {TRANSLATION_LM} has no noise, with which pairs might not fit "
                "into their rows; remove the key"
            )
        self.reset = config.get("reset_positions", False)
        if self.joined and self.reset:
            first_position(model.base_model)  # Refuses encoders without such positions.
        languages = config.get("languages", {"lines": [], "pairs": []})
        self.of_line, self.of_pair = languages["lines"], languages["pairs"]
        if config.get("language_embeddings"):
            spoken = {*self.of_line, *chain.from_iterable(self.of_pair)}
            add_table(model.base_model, sorted(spoken))
        table = table_of(model.base_model)
        known = table.languages if table is not None else ()
        self.index = {language: place for place, language in enumerate(known)}

    def without_noise(self) -> _Streams:
        """The same for held-out text."""
        copied = copy.copy(self)
        copied.noise = None
        return copied

    def of_lines(self, texts: Sequence[Iterable[str]], blocks: bool, apart: bool) -> list[Stream]:
        """A stream of each text, or one of all texts together."""
        if not texts:
            return []
        if not apart and not self.index:
            return [self._lines(_Joined(texts), blocks, None)]
        languages = self.of_line or [""] * len(texts)
        if len(languages) != len(texts):
            raise InputError(
                f"languages: {len(languages)} of raw text, but there are {len(texts)} texts; give "
                "one for each"
            )
        return [
            self._lines(lines, blocks, self.index.get(language))
            for lines, language in zip(texts, languages, strict=True)
        ]

    def _lines(self, lines: Iterable[str], blocks: bool, language: int | None) -> LineStream:
        of = lines, self.tokenizer, blocks, self.words
        text = SampledText(*of, self.noise["subwords"]) if self.noise else TokenisedText(*of)
        return LineStream(text, self.longest, blocks, language)

    def of_pairs(self, corpora: Sequence[SentencePairs]) -> list[list[Stream]]:
        """The streams of each parallel text: of its pairs, or of both sides."""
        given = self.of_pair or [("", "")] * len(corpora)
        if len(given) != len(corpora):
            raise InputError(
                f"languages: {len(given)} pairs, but there are {len(corpora)} parallel texts; give "
                "one for each"
            )
        return [
            self._pairs(pairs, languages) for pairs, languages in zip(corpora, given, strict=True)
        ]

    def _pairs(self, pairs: SentencePairs, languages: Sequence[str]) -> list[Stream]:
        if not self.joined:
            return [
                self._lines(pairs.side(side), False, self.index.get(language))
                for side, language in enumerate(languages)
            ]
        sides = [TokenisedText(pairs.side(s), self.tokenizer, False, self.words) for s in (0, 1)]
        spoken = self._languages(pairs, languages) if self.index else None
        if not pairs.pairs:
            raise InputError(f"{pairs.path}: no pairs; every parallel text needs at least one")
        stream = PairStream(*sides, self.longest, spoken, self.reset)
        if stream.too_long:
            log.info("%s: %d pairs are too long for a row", pairs.path, stream.too_long)
        if not stream.sentences:
            raise InputError(
                f"{pairs.path}: no pair fits into a row of {self.longest} subwords; raise "
                "`block_size` or use shorter sentences"
            )
        return [stream]

    def _languages(self, pairs: SentencePairs, languages: Sequence[str]) -> tuple[int, int]:
        unknown = [language for language in languages if language not in self.index]
        if unknown:
            raise InputError(
                f"{pairs.path}: the encoder has language embeddings of {', '.join(self.index)}, "
                f"and none of {unknown[0] or 'its languages'}; leave this text out, or start from "
                "an encoder without language embeddings"
            )
        first, second = (self.index[language] for language in languages)
        return first, second


def _probabilities(
    mono: Sequence[Stream], parallel: Sequence[Sequence[Stream]], settings: Mapping[str, Any]
) -> np.ndarray:
    """The probability of each stream, by language sampling within raw and within parallel text.

    The sizes of languages and of language pairs are counted in sentences and in pairs. Both sides
    of a parallel text, if they are separate streams, share its probability.
    """
    exponent, share = settings["sampling_exponent"], settings.get("parallel_share", 0.5)
    weights = (1 - share, share) if mono and parallel else (1.0, 1.0)
    found = []
    for texts, weight in zip(([[stream] for stream in mono], parallel), weights, strict=True):
        if texts:
            sizes = [streams[0].sentences for streams in texts]
            probabilities = weight * sampling_probabilities(sizes, exponent)
            for probability, streams in zip(probabilities, texts, strict=True):
                found += [probability / len(streams)] * len(streams)
    return np.array(found)
