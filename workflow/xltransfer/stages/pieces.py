"""List the distinct subwords of a corpus, for subword overlap."""

from __future__ import annotations

from pathlib import Path

from ..analyses.overlap import piece_types
from ..corpora.formats import read_sentences
from ..corpora.sentences import draw_sentences
from ..encoders.tokenizer import WordTokenizer
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.files import replacing


def pieces(
    encoder: Path, corpus: Path, output: Path, sentences: int | None = None, seed: int = 0
) -> None:
    """Write the distinct subwords of a corpus, sorted, one per line.

    Args:
        encoder: directory of the encoder, with ``tokenizer.json``.
        corpus: treebank (all words count) or named entities (only words inside entities count).
        output: output text file.
        sentences: number of sentences to draw, as in training; all if not given.
        seed: seed of the draw.
    """
    read = verified_checksums([encoder / "tokenizer.json", corpus])
    drawn = draw_sentences(read_sentences(corpus), sentences, seed)
    found = piece_types(drawn, WordTokenizer(encoder))
    with replacing(output) as temporary:
        temporary.write_text("".join(f"{piece}\n" for piece in sorted(found)), encoding="utf-8")
    write_record(output, "pieces", read)
