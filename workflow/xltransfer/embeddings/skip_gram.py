"""Training word vectors from raw text with fastText, an optional dependency.

fastText (Bojanowski, Grave, Joulin & Mikolov, TACL 2017) without character n-grams is the
skip-gram model with negative sampling of word2vec (Mikolov et al., NIPS 2013).
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..corpora.word_tokens import words_of
from ..runtime.errors import InputError
from .word_vectors import WordVectors

LIBRARY = "fasttext-community"
END_OF_SENTENCE = "</s>"
MODELS = {"skip-gram": "skipgram", "cbow": "cbow"}
"""Objectives and their names in fastText."""


def train_word_vectors(lines: Iterable[str], settings: Mapping[str, Any], seed: int) -> WordVectors:
    """Train word vectors on one thread, so that equal inputs give equal bytes.

    fastText has no seed for this objective: its initial vectors and negative samples are fixed. The
    seed decides the order of the lines, and so the order of all updates.

    Args:
        lines: raw text.
        settings: ``model`` (``skip-gram`` or ``cbow``), ``dimensions``, ``window``, ``epochs``,
            ``minimum_count``, ``negative`` (samples per word), ``learning_rate``, ``subsampling``
            (threshold of frequent words), ``ngrams`` (shortest and longest character n-gram, 0
            and 0 for none), ``buckets`` (rows that n-grams share) and ``lowercase``.
        seed: seed of the order of the lines.

    Returns:
        The words that occur ``minimum_count`` times or more: most frequent first, then by code
        points.

    Raises:
        InputError: fastText is not installed, or no word is frequent enough.
    """
    fasttext = _library()
    texts = [" ".join(words_of(line, settings["lowercase"])) for line in lines]
    texts = [text for text in texts if text]
    random.Random(seed).shuffle(texts)
    shortest, longest = settings["ngrams"]
    with tempfile.TemporaryDirectory(prefix="xltransfer-") as folder:
        path = Path(folder) / "text.txt"
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        try:
            model = fasttext.train_unsupervised(
                str(path),
                model=MODELS[settings["model"]],
                dim=settings["dimensions"],
                ws=settings["window"],
                epoch=settings["epochs"],
                minCount=settings["minimum_count"],
                neg=settings["negative"],
                lr=settings["learning_rate"],
                t=settings["subsampling"],
                minn=shortest,
                maxn=longest,
                bucket=settings["buckets"],
                thread=1,
                verbose=0,
            )
        except ValueError:
            # fastText refuses an empty vocabulary.
            raise InputError(_too_rare(settings)) from None
    counts = dict(zip(*model.get_words(include_freq=True), strict=True))
    words = sorted((w for w in counts if w != END_OF_SENTENCE), key=lambda w: (-counts[w], w))
    if not words:
        raise InputError(_too_rare(settings))
    # The mean over a word and its n-grams, as in .vec files; `get_word_vector` of some releases
    # scales it to length 1.
    matrix = model.get_input_matrix()
    rows = [model.get_subwords(word)[1] for word in words]
    return WordVectors(words, np.stack([matrix[row].mean(axis=0) for row in rows]))


def _too_rare(settings: Mapping[str, Any]) -> str:
    return (
        f"no word of the text occurs {settings['minimum_count']} times; lower `minimum_count`, or "
        "train on more text"
    )


def _library() -> Any:
    try:
        import fasttext
    except ImportError:
        raise InputError(
            f"word vectors are trained with {LIBRARY}, which is not installed; run "
            f"`pip install {LIBRARY}`, or name files of vectors"
        ) from None
    return fasttext
