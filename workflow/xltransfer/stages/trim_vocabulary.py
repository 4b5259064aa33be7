"""Reduce the vocabulary of an encoder to the subwords that some corpora need."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn

from ..corpora.classified_sentences import is_classified
from ..corpora.formats import FORMATS, format_of, read_sentences
from ..corpora.lines import Lines
from ..corpora.sentence_pairs import PAIRS_SUFFIX, SentencePairs
from ..encoders.adapted_directories import is_adapted
from ..encoders.families import units_of
from ..encoders.kinds import pretrained_kind_of
from ..encoders.tokenizer import MOST_PIECES, WordTokenizer
from ..encoders.trimming import Trimming, is_token_id, matches, read_tokenizer, unsplit_words
from ..records.record import TOKENIZER_CONFIG, write_record
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.errors import InputError
from ..runtime.files import read_json, replacing, write_json
from .represent import text

SENTENCES_AT_ONCE = 1000
LONGEST = 128
"""Maximum number of subwords of the sentences whose states are compared."""

log = logging.getLogger(__name__)


def trim_vocabulary(encoder: Path, corpora: Sequence[Path], output: Path) -> None:
    """Reduce the vocabulary of an encoder to the subwords that some corpora need.

    The tokenisation of these corpora stays the same, which is checked at the end, and so do the
    states of the encoder. Single characters and special tokens are kept, too.

    Args:
        encoder: directory of the encoder.
        corpora: treebanks, named entities, questions with their passages, and raw or parallel
            texts.
        output: output directory: ``config.json``, ``model.safetensors``, ``tokenizer.json``.

    Raises:
        InputError: the encoder or a corpus cannot be used, or the kind of vocabulary is not
            supported.
    """
    kind = pretrained_kind_of(encoder)
    if is_adapted(encoder):
        raise InputError(
            f"{encoder}/config.json: an adapter of another encoder, whose vocabulary would not be "
            "trimmed; trim that encoder before the adapter is trained"
        )
    named = [path for path in (encoder / TOKENIZER_CONFIG,) if path.exists()]
    read = verified_encoder(encoder, kind.files) | verified_checksums([*named, *corpora])
    settings = read_json(encoder / "config.json")
    if units := units_of(settings):
        raise InputError(
            f"{encoder}/config.json: it reads {units}, so that there is no vocabulary to trim; use "
            "the encoder as it is"
        )
    network, before = kind.load(encoder), WordTokenizer(encoder)
    trimming = _trimming(encoder, before, settings, corpora)
    kind.save_reader(network, encoder, output)
    write_json(output / "config.json", trimming.config(settings))
    with replacing(output / "tokenizer.json") as temporary:
        temporary.write_text(json.dumps(trimming.tokenizer(), ensure_ascii=False), encoding="utf-8")
    _check_subwords(before, WordTokenizer(output), corpora, trimming)
    tensors = load_file(encoder / "model.safetensors")
    weights = trimming.weights(tensors, network, network.config.vocab_size)
    with replacing(output / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})
    _check_states(network, kind.load(output), before, corpora, trimming)
    for name in (*kind.files, *(path.name for path in named)):
        write_record(output / name, "trim_vocabulary", read)
    log.info("%d of %d subwords are kept", len(trimming.kept), before.vocabulary_size)


def _trimming(
    encoder: Path, tokenizer: WordTokenizer, settings: Mapping[str, Any], corpora: Sequence[Path]
) -> Trimming:
    """What is kept: the subwords of the corpora, and everything that other files refer to."""
    place = encoder / "tokenizer.json"
    content = read_tokenizer(place)
    used = {int(i) for path in corpora for row in _tokenised(tokenizer, path) for i in row}
    used |= {*tokenizer.prefix, *tokenizer.suffix, tokenizer.padding}
    ids = {value for key, value in settings.items() if is_token_id(key) and type(value) is int}
    # RoBERTa counts positions from the id of padding, which must therefore stay the same.
    used |= ids | set(range(max((settings.get("pad_token_id") or 0, tokenizer.padding)) + 1))
    if content["model"]["type"] == "WordPiece":
        sentences = (sentence for path in corpora for sentence in _sentences(path))
        texts = (some for words, running in sentences for some in (*words, running))
        words = unsplit_words(Tokenizer.from_file(str(place)), texts)
        used |= {index for word in words for index in matches(word, content["model"])}
    return Trimming(content, used, str(place))


def _sentences(path: Path) -> Iterator[tuple[list[str], str]]:
    """The words of each sentence, and its text if a stage reads that."""
    if path.suffix == PAIRS_SUFFIX and not is_classified(path):
        pairs = SentencePairs(path)
        for sentence in (*pairs.side(0), *pairs.side(1)):
            yield sentence.split(), sentence
        return
    kind = format_of(path)
    if kind is None:
        suffixes = ", ".join([*(known.suffix for known in FORMATS.values()), PAIRS_SUFFIX])
        raise InputError(f"{path}: not a corpus; name a file that ends in {suffixes}")
    if kind.functions is None:
        for line in Lines(path):
            yield line.split(), line
        return
    if kind.folder == "questions":
        # Models read questions and passages as running text, many questions the same passage.
        read = read_sentences(path)
        for some in dict.fromkeys(part for one in read for part in (one.question, one.passage)):
            yield some.split(), some
        return
    for sentence in read_sentences(path):
        yield sentence.forms, text(sentence) if kind.folder == "treebanks" else ""


def _tokenised(tokenizer: WordTokenizer, path: Path) -> Iterator[np.ndarray]:
    """The ids of a corpus as stages read it: word by word, and as running text."""
    sentences = _sentences(path)
    while some := list(islice(sentences, SENTENCES_AT_ONCE)):
        yield from (found.pieces for found in tokenizer([words for words, _ in some]))
        yield from tokenizer.rows([running for _, running in some], MOST_PIECES)


def _check_subwords(
    before: WordTokenizer, after: WordTokenizer, corpora: Sequence[Path], trimming: Trimming
) -> None:
    """Compare the tokenisation of all corpora by the old and the new vocabulary.

    Raises:
        InputError: a sentence is tokenised differently.
    """
    for path in corpora:
        pairs = zip(_tokenised(before, path), _tokenised(after, path), strict=True)
        for old, new in pairs:
            if [trimming.new_id(int(i)) for i in old] != new.tolist():
                raise InputError(
                    f"{path}: the vocabulary cannot be trimmed, because a sentence would be split "
                    "into other subwords; use the encoder as it is"
                )


def _check_states(
    before: nn.Module,
    after: nn.Module,
    tokenizer: WordTokenizer,
    corpora: Sequence[Path],
    trimming: Trimming,
) -> None:
    """Compare the states of the longest of some sentences of each corpus.

    Raises:
        InputError: they differ.
    """
    for path in corpora:
        some = islice(_sentences(path), SENTENCES_AT_ONCE)
        rows = tokenizer.rows([running or " ".join(words) for words, running in some], LONGEST)
        old = max(rows, key=len, default=np.zeros(0, dtype=np.int64))
        if not len(old):
            continue
        new = [trimming.new_id(int(i)) for i in old]
        with torch.inference_mode():
            states = [
                network.eval()(input_ids=torch.tensor(ids)[None])[0]
                for network, ids in ((before, old.tolist()), (after, new))
            ]
        # Matrix products may differ in the last bits, depending on where the weights are in memory.
        if not torch.allclose(*states, rtol=1e-4, atol=1e-5):
            raise InputError(
                f"{path}: the vocabulary cannot be trimmed, because the states of the encoder "
                "would change; use the encoder as it is"
            )
