"""Compute statistics of how a tokenizer splits the words of a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..analyses.tokenizers.tokenizer_statistics import CountingTokenizer, tokenizer_statistics
from ..corpora.formats import FORMATS, format_of, read_sentences
from ..corpora.lines import Lines
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json


def count_pieces(encoder: Path, corpus: Path, columns: Mapping[str, str], output: Path) -> None:
    """Compute statistics of how a tokenizer splits the words of a corpus.

    Args:
        encoder: directory of the encoder, with ``tokenizer.json``.
        corpus: treebank (``.conllu``; syntactic words), named entities (``.iob2``; tokens) or raw
            text (``.txt``, one sentence per line; words between white space). Raw text is read as a
            stream.
        columns: additional values of the output, e.g. names of variety, encoder and corpus.
        output: JSON file: ``columns``, ``kind`` and the result of ``tokenizer_statistics``.

    Raises:
        InputError: a file cannot be read, is malformed or has no words.
    """
    written = format_of(corpus)
    if written is None:
        suffixes = ", ".join(known.suffix for known in FORMATS.values())
        raise InputError(f"{corpus}: not a corpus; name a file that ends in {suffixes}")
    read = verified_checksums([encoder / "tokenizer.json", corpus])
    tokenizer = CountingTokenizer(encoder)
    if written.functions is None:
        sentences = raw_sentences(corpus)
    else:
        sentences = (sentence.forms for sentence in read_sentences(corpus))
    numbers = tokenizer_statistics(sentences, tokenizer)
    if not numbers["words"]:
        raise InputError(f"{corpus}:1: the file holds no words; was everything filtered out?")
    write_json(output, {**columns, "kind": written.label, **numbers})
    write_record(output, "count_pieces", read, config=dict(columns))


def raw_sentences(path: Path) -> Iterator[list[str]]:
    """The words of each line of a text that is not empty, read as a stream.

    Raises:
        InputError: the file is missing, or not UTF-8 (names the line).
    """
    return (line.split() for line in Lines(path))
