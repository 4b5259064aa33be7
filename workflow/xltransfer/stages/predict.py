"""Predict the annotation of a corpus with fine-tuned models."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..corpora.formats import read_sentences, write_predictions
from ..encoders.language_embeddings import languages_of
from ..records.record import write_record
from ..records.verification import verified_checksums, verified_model
from ..runtime.files import sha256_of_file
from ..training.dataset import Dataset
from ..training.devices import device_name, prepare_device
from ..training.model import ModelReader
from ..training.prediction import annotate
from ..training.word_vector_files import read_lookup

log = logging.getLogger(__name__)


def predict(
    models: Sequence[Path],
    corpus: Path,
    predictions: Sequence[Path],
    threads: int = 1,
    language: str = "",
    vectors: Sequence[Path] = (),
) -> None:
    """Predict the annotation of a corpus with fine-tuned models.

    Args:
        models: directories of fine-tuned models.
        corpus: gold file.
        predictions: output files, one per model: the gold file with predicted columns.
        threads: number of CPU threads.
        language: code of the language of the corpus, for encoders with language embeddings.
        vectors: word vectors of the language of the corpus, for encoders that read words by them.

    Raises:
        InputError: a model or the corpus cannot be used, or differs from its record.
    """
    device = prepare_device(threads)
    read = verified_checksums([corpus, *vectors])
    lookup = read_lookup(vectors)
    sentences = read_sentences(corpus)
    datasets: dict[tuple[Any, ...], Dataset] = {}
    reader = ModelReader()
    for directory, output in zip(models, predictions, strict=True):
        inputs = read | verified_model(directory)
        model, task, labels = reader.open(directory)
        kind = model.kind.with_word_vectors(lookup)
        kind.select_language(model.encoder, language)
        # Models of one encoder share their tokenizer, so the corpus is tokenised once.
        longest = kind.longest_input(model.encoder)
        files = [sha256_of_file(directory / name) for name in kind.reader_files]
        key = type(kind), *files, longest, task.word_state
        if key not in datasets:
            own_reader = kind.reader_of(kind.reader(directory), language)
            datasets[key] = Dataset(
                sentences, own_reader, longest, task.word_state, make=task.examples
            )
        write_predictions(output, annotate(model.to(device), task, labels, datasets[key], device))
        spoken = {"language": language} if kind.of_languages or languages_of(directory) else {}
        facts = {"device": device_name(device), "threads": threads, **spoken}
        write_record(output, "predict", inputs, **facts)
        log.info("%s: %d sentences", output, len(sentences))
