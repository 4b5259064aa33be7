"""List the distinct word pieces of a corpus, for piece overlap."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..analyses.overlap import piece_types
from ..corpora.formats import read_sentences
from ..corpora.sentences import draw_sentences
from ..encoders.tokenizer import WordTokenizer
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser
from ..runtime.files import replacing


def list_pieces(
    encoder: Path, corpus: Path, output: Path, number: int | None = None, seed: int = 0
) -> None:
    """Write the distinct pieces of a corpus, one a line, sorted.

    Args:
        encoder: directory with ``tokenizer.json``.
        corpus: a treebank, of which all words count, or named entities, of which only they do.
        output: text file.
        number: of sentences to draw, as training does; all if not given.
        seed: of the draw.
    """
    read = verified_checksums([encoder / "tokenizer.json", corpus])
    sentences = draw_sentences(read_sentences(corpus), number, seed)
    pieces = piece_types(sentences, WordTokenizer(encoder))
    with replacing(output) as temporary:
        temporary.write_text("".join(f"{piece}\n" for piece in sorted(pieces)), encoding="utf-8")
    write_record(output, "pieces", read)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="its tokenizer.json")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--sentences", type=int, help="draw so many, not all")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    list_pieces(
        arguments.encoder.parent,
        arguments.corpus,
        arguments.output,
        arguments.sentences,
        arguments.seed,
    )
