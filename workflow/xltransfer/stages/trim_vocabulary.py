"""Reduce the vocabulary of an encoder to the subwords that some corpora need."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from ..corpora.formats import FORMATS, format_of, read_sentences
from ..corpora.lines import Lines
from ..encoders.kinds import pretrained_kind_of
from ..encoders.tokenizer import MOST_PIECES, WordTokenizer
from ..encoders.trimming import Trimming, read_tokenizer
from ..records.record import TOKENIZER_CONFIG, write_record
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.errors import InputError
from ..runtime.files import read_json, replacing, write_json
from .represent import text

SENTENCES_AT_ONCE = 1000

log = logging.getLogger(__name__)


def trim_vocabulary(encoder: Path, corpora: Sequence[Path], output: Path) -> None:
    """Reduce the vocabulary of an encoder to the subwords that some corpora need.

    The tokenisation of these corpora stays the same, which is checked at the end, and so do the
    states of the encoder. Single characters and special tokens are kept, too.

    Args:
        encoder: directory of the encoder.
        corpora: treebanks, named entities and raw texts.
        output: output directory: ``config.json``, ``model.safetensors``, ``tokenizer.json``.

    Raises:
        InputError: the encoder or a corpus cannot be used, or the kind of vocabulary is not
            supported.
    """
    kind = pretrained_kind_of(encoder)
    named = [path for path in (encoder / TOKENIZER_CONFIG,) if path.exists()]
    read = verified_encoder(encoder, kind.files) | verified_checksums([*named, *corpora])
    network = kind.load(encoder)
    before = WordTokenizer(encoder)
    content = read_tokenizer(encoder / "tokenizer.json")
    used = {int(i) for path in corpora for row in _tokenised(before, path) for i in row}
    used |= {*before.prefix, *before.suffix, before.padding}
    trimming = Trimming(content, used, f"{encoder}/tokenizer.json")
    settings = read_json(encoder / "config.json")
    kind.save_reader(network, encoder, output)
    write_json(output / "config.json", trimming.config(settings))
    with replacing(output / "tokenizer.json") as temporary:
        temporary.write_text(json.dumps(trimming.tokenizer(), ensure_ascii=False), encoding="utf-8")
    tensors = load_file(encoder / "model.safetensors")
    weights = trimming.weights(tensors, network, network.config.vocab_size)
    with replacing(output / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})
    _check(before, WordTokenizer(output), corpora, trimming)
    for name in (*kind.files, *(path.name for path in named)):
        write_record(output / name, "trim_vocabulary", read)
    log.info("%d of %d subwords are kept", len(trimming.kept), before.vocabulary_size)


def _tokenised(tokenizer: WordTokenizer, path: Path) -> Iterator[np.ndarray]:
    """The ids of a corpus: of its words; and of raw text, and of the sentences of treebanks."""
    kind = format_of(path)
    if kind is None:
        suffixes = ", ".join(known.suffix for known in FORMATS.values())
        raise InputError(f"{path}: not a corpus; name a file that ends in {suffixes}")
    if kind.functions is None:
        lines = iter(Lines(path))
        while batch := list(islice(lines, SENTENCES_AT_ONCE)):
            yield from tokenizer.rows(batch, MOST_PIECES)
        return
    sentences = iter(read_sentences(path))
    while some := list(islice(sentences, SENTENCES_AT_ONCE)):
        yield from (found.pieces for found in tokenizer([s.forms for s in some]))
        if kind.folder == "treebanks":
            yield from tokenizer.rows([text(s) for s in some], MOST_PIECES)


def _check(
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
