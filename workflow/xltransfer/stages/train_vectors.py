"""Train word vectors from raw text."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..corpora.lines import Lines
from ..embeddings.skip_gram import LIBRARY, train_word_vectors
from ..embeddings.word_vectors import save_word_vectors
from ..records.record import versions, write_record
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def train_vectors(
    text: Path,
    config: Annotated[Mapping[str, Any], Keys("training", "seed", "maximum_words")],
    output: Path,
) -> None:
    """Train word vectors from raw text.

    Args:
        text: cleaned text, a line per sentence.
        config: settings of the ``training`` (``embeddings/skip_gram.py``), its ``seed``, and
            ``maximum_words``, the number of most frequent words to write (null: all).
        output: safetensors with ``vectors``, shape (words, dimensions), and the words as metadata.

    Raises:
        InputError: fastText is not installed, or no word is frequent enough.
    """
    read = verified_checksums([text])
    vectors = train_word_vectors(Lines(text), config["training"], config["seed"])
    vectors = vectors.first(config["maximum_words"])
    save_word_vectors(output, vectors)
    library = versions(LIBRARY)[LIBRARY]
    write_record(output, "train_vectors", read, config=dict(config), fasttext=library)
    log.info("%s: %d words of %d dimensions", output, len(vectors.words), vectors.dimensions)
