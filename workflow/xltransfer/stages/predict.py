"""Predict the annotation of a corpus with fine-tuned models."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..corpora.formats import read_sentences, write_predictions
from ..encoders.language_embeddings import languages_of
from ..records.record import write_record
from ..records.verification import verified_checksums, verified_encoder, verified_model
from ..runtime.files import sha256_of_file
from ..runtime.signatures import Keys
from ..training.dataset import Dataset
from ..training.devices import device_name, prepare_device
from ..training.ensembles import Mixture
from ..training.model import ModelReader
from ..training.word_vector_files import read_lookup

log = logging.getLogger(__name__)


def predict(
    models: Sequence[Path],
    corpus: Path,
    predictions: Sequence[Path],
    threads: int = 1,
    language: str = "",
    vectors: Sequence[Path] = (),
    language_adapters: Sequence[Path] = (),
    ensemble: Annotated[Mapping[str, Any] | None, Keys("steps", "step_size", "sentences")] = None,
) -> None:
    """Predict the annotation of a corpus with fine-tuned models.

    Args:
        models: directories of fine-tuned models.
        corpus: gold file.
        predictions: output files, one per model: the gold file with predicted columns.
        threads: number of CPU threads.
        language: code of the language of the corpus, for encoders with language embeddings.
        vectors: word vectors of the language of the corpus, for encoders that read words by them.
        language_adapters: encoder directories whose language adapters replace those that the models
            were trained on; several are an ensemble.
        ensemble: how several are weighted: ``steps`` that minimise the entropy (0: equal weights),
            ``step_size``, and number of ``sentences`` that share weights.

    Raises:
        InputError: a model or the corpus cannot be used, or differs from its record.
    """
    device = prepare_device(threads)
    read = verified_checksums([corpus, *vectors])
    for adapter in language_adapters:
        read |= verified_encoder(adapter)
    lookup = read_lookup(vectors)
    sentences = read_sentences(corpus)
    datasets: dict[tuple[Any, ...], Dataset] = {}
    reader = ModelReader(device)
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
        data = datasets[key]
        mixture = Mixture(model, directory, language_adapters, ensemble)
        write_predictions(output, mixture.annotate(task, labels, data, device))
        spoken = {"language": language} if kind.of_languages or languages_of(directory) else {}
        facts = {"device": device_name(device), "threads": threads, **spoken, **mixture.facts}
        facts |= task.reading_report(data.examples)
        write_record(output, "predict", inputs, **facts)
        mixture.write_time(output)
        log.info("%s: %d sentences", output, len(sentences))
