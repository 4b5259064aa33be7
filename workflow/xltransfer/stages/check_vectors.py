"""Validate a file of word vectors and write its most frequent words."""

from __future__ import annotations

import logging
from pathlib import Path

from ..corpora.checksums import UNCHECKED, refuse_other_content, verify_checksum
from ..embeddings.fasttext_model import read_fasttext_model
from ..embeddings.vector_text import read_vector_text
from ..embeddings.word_vectors import save_word_vectors
from ..records.record import write_record
from ..records.verification import verified_checksums

log = logging.getLogger(__name__)


def check_vectors(file: Path, output: Path, maximum_words: int, checksum: str = UNCHECKED) -> None:
    """Validate a file of word vectors and write its first words, the most frequent ones.

    Args:
        file: ``.bin`` is a model of fastText, anything else text in the format of word2vec
            (``.vec``, ``.txt``, also with ``.gz``).
        output: safetensors with ``vectors``, shape (words, dimensions), and the words as metadata.
        maximum_words: number of words to keep; 0 keeps all.
        checksum: expected checksum.

    Raises:
        InputError: the file does not match its checksum, or is damaged or malformed.
    """
    refuse_other_content(file, file.suffix)
    verify_checksum(file, checksum)
    read = verified_checksums([file])
    reader = read_fasttext_model if file.suffix == ".bin" else read_vector_text
    vectors, repeated = reader(file, maximum_words or None)
    save_word_vectors(output, vectors)
    write_record(output, "check_vectors", read, maximum_words=maximum_words, repeated=repeated)
    log.info(
        "%s: %d words of %d dimensions; %d repeated words skipped",
        *(file, len(vectors.words), vectors.dimensions, repeated),
    )
