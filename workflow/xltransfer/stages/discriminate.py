"""Measure how well a fresh discriminator tells two languages apart by the states of models."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch

from ..analyses.similarity.cka import InnerProducts, Representation, cka, half_samples
from ..analyses.similarity.headline import HEADLINE
from ..corpora.formats import read_sentences
from ..corpora.sentences import AnnotatedSentence
from ..records.record import write_record
from ..records.verification import verified_checksums, verified_model
from ..runtime.files import write_json
from ..runtime.signatures import Keys
from ..tasks.task import Task
from ..training.dataset import Dataset
from ..training.devices import device_name, prepare_device
from ..training.language_probe import probe, word_states
from ..training.model import ModelReader, WordModel

LEAST_SENTENCES = 8
"""Minimum number of parallel sentences for CKA."""

log = logging.getLogger(__name__)


def discriminate(
    config: Annotated[Mapping[str, Any], Keys("columns", "seeds")],
    models: Sequence[Path],
    sources: Sequence[Path],
    source_languages: Sequence[str],
    target: Path,
    target_language: str,
    output: Path,
    threads: int = 1,
) -> None:
    """Measure how well a fresh discriminator tells two languages apart by the states of models.

    Args:
        config: ``columns`` of the table, and the ``seeds`` of the models.
        models: directories of fine-tuned models, one per seed.
        sources: test corpus of each source language; their sentences take turns.
        source_languages: language of each of them.
        target: test corpus of the target.
        target_language: language of the target.
        output: JSON with a row per model: the ``accuracy`` of the discriminator in percent, whether
            each sentence was told ``right``, and the CKA of the mean word states of parallel
            sentences, with its interval over ``parallel`` sentences.
        threads: number of CPU threads.

    Raises:
        InputError: a model or a corpus cannot be used, or differs from its record.
    """
    device = prepare_device(threads)
    read = verified_checksums([*sources, target])
    own = [read_sentences(path) for path in sources]
    other = read_sentences(target)
    reader, rows = ModelReader(device), []
    for seed, directory in zip(config["seeds"], models, strict=True):
        read |= verified_model(directory)
        model, task, _ = reader.open(directory)
        states = [
            _states(model, task, directory, sentences, language, device)
            for sentences, language in zip(
                [*own, other], [*source_languages, target_language], strict=True
            )
        ]
        turns = [
            (place, one)
            for place, some in enumerate(zip_longest(*states[:-1]))
            for one in some
            if one is not None
        ]
        # Sentences of all languages at one place are parallel.
        places = [place for place, _ in turns], range(len(states[-1]))
        found = probe([[one for _, one in turns], states[-1]], seed, places)
        rows.append(
            {
                "seed": seed,
                "accuracy": found.accuracy,
                "right": [int(one) for one in chain(*found.right)],
                **_similarity(own[0], states[0], other, states[-1]),
            }
        )
        log.info("%s: accuracy %.1f", directory, found.accuracy)
    content = {"columns": config["columns"], "chance": 50.0, "models": rows}
    write_json(output, content)
    facts = {"device": device_name(device), "threads": threads}
    write_record(output, "discriminate", read, config=dict(config), **facts)


def _states(
    model: WordModel,
    task: Task,
    directory: Path,
    sentences: Sequence[AnnotatedSentence],
    language: str,
    device: torch.device,
) -> list[torch.Tensor]:
    """The states of the words of each sentence: (words, hidden) each."""
    model.kind.select_language(model.encoder, language)
    reader = model.kind.reader_of(model.kind.reader(directory), language)
    longest = model.kind.longest_input(model.encoder)
    return word_states(model, Dataset(sentences, reader, longest, task.word_state), device)


def _similarity(
    own: Sequence[AnnotatedSentence],
    own_states: Sequence[torch.Tensor],
    other: Sequence[AnnotatedSentence],
    other_states: Sequence[torch.Tensor],
) -> dict[str, Any]:
    """CKA of the mean states of parallel sentences; ``None`` with too few of them."""
    places = {sentence.sent_id: n for n, sentence in enumerate(other) if sentence.sent_id}
    pairs = [(n, places[s.sent_id]) for n, s in enumerate(own) if s.sent_id in places]
    names = "cka", "cka_low", "cka_high"
    if len(pairs) < LEAST_SENTENCES:
        return {**dict.fromkeys(names), "parallel": len(pairs)}
    sides = [
        np.stack([states[pair[side]].mean(dim=0).numpy() for pair in pairs])
        for side, states in enumerate((own_states, other_states))
    ]
    samples = half_samples(f"discriminate {len(pairs)}", len(pairs))
    kernel, estimator = HEADLINE["kernel"], HEADLINE["estimator"]
    both = [Representation(InnerProducts(side), kernel, samples) for side in sides]
    values = (value if math.isfinite(value) else None for value in cka(*both)[estimator])
    return {**dict(zip(names, values, strict=True)), "parallel": len(pairs)}
