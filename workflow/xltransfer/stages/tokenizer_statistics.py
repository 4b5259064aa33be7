"""Say how tokenizers split the words of corpora: a file of numbers for each, and their table."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..analyses.tables import write_table
from ..analyses.tokenizers.counts import CountingTokenizer, tokenizer_statistics
from ..analyses.tokenizers.tables import read_statistics, statistics_table
from ..corpora.formats import FORMATS, format_of, read_sentences
from ..records.record import write_record
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser
from ..runtime.errors import InputError
from ..runtime.files import write_json


def count(encoder: Path, corpus: Path, columns: Mapping[str, str], output: Path) -> None:
    """Write how a tokenizer splits a corpus.

    Args:
        encoder: directory with ``tokenizer.json``.
        corpus: a treebank (``.conllu``), of which the syntactic words count, named entities
            (``.iob2``), of which the tokens do, or raw text (``.txt``), a sentence a line, of which
            what stands between white space does. Raw text is not held in memory.
        columns: what else to write, e.g. the names of variety, encoder and corpus.
        output: JSON file: ``columns``, ``kind`` and what ``tokenizer_statistics`` returns.

    Raises:
        InputError: a file cannot be read, breaks its format or has no words.
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
    write_record(output, "tokenizer_statistics", read, config=dict(columns))


def raw_sentences(path: Path) -> Iterator[list[str]]:
    """The words of each line of a text, which is read as it goes.

    Raises:
        InputError: the file is missing or not UTF-8; in the last case with the line.
    """
    try:
        with open(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").split()
                except UnicodeDecodeError as error:
                    raise InputError(
                        f"{path}:{number}: byte 0x{line[error.start]:02x} is not UTF-8; convert "
                        "the file to UTF-8"
                    ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def tabulate(inputs: Sequence[Path], config: Mapping[str, Any], directory: Path) -> None:
    """Write ``tokenizer_stats.csv``, with its renderings.

    Args:
        inputs: files that ``count`` wrote.
        config: ``varieties``, in the order of the table: ``code``, ``name`` and ``original`` (the
            code of the variety that it is transliterated from; empty for others); and ``study``,
            ``config`` and ``seeds`` for the provenance.
        directory: where to write.

    Raises:
        InputError: a file is malformed, stands there twice or is about an unlisted variety.
    """
    provenance = table_provenance(config, inputs, "tokenizer_statistics")
    table = statistics_table(read_statistics(inputs), config["varieties"])
    write_table(directory / "tokenizer_stats.csv", table, provenance)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    kinds = parser.add_subparsers(dest="what", required=True)
    counting = kinds.add_parser("count", help="of one tokenizer on one file")
    counting.add_argument("--encoder", type=Path, required=True, help="its directory")
    counting.add_argument("--corpus", type=Path, required=True, help=".conllu, .iob2 or .txt")
    counting.add_argument("--columns", type=json.loads, default={}, help="JSON")
    counting.add_argument("--output", type=Path, required=True, help="JSON file")
    table = kinds.add_parser("table", help="of all of them")
    table.add_argument("--inputs", type=Path, nargs="+", required=True, help="files of counts")
    table.add_argument("--config", type=json.loads, required=True, help="JSON")
    table.add_argument("--directory", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    if arguments.what == "count":
        count(arguments.encoder, arguments.corpus, arguments.columns, arguments.output)
    else:
        tabulate(arguments.inputs, arguments.config, arguments.directory)
