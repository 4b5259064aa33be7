"""Compute sentence vectors of a treebank at every layer of encoders."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from safetensors.numpy import save_file
from torch import nn

from ..corpora.conllu import Sentence, read_conllu
from ..encoders.ablate import ablate
from ..encoders.ablations import NEVER_PRETRAINED
from ..encoders.interface import CONFIG_FILE, PretrainedKind
from ..encoders.kinds import kind_of, pretrained_kind_of
from ..encoders.language_embeddings import languages_of
from ..records.record import write_record
from ..records.verification import verified_checksums, verified_model
from ..runtime.errors import InputError
from ..runtime.files import replacing, sha256_of_file
from ..training.devices import device_name, prepare_device
from ..training.loop import Precision
from ..training.model import TASK_FILE, ModelReader
from ..training.representation import sentence_vectors

PRECISIONS = ("auto", "float32", "bfloat16")

log = logging.getLogger(__name__)


def represent(
    treebank: Path,
    outputs: Sequence[Path],
    encoders: Sequence[Path] = (),
    redrawn: Sequence[int] = (),
    threads: int = 1,
    as_published: bool = False,
    redrawn_from: Path | None = None,
    precision: Literal[PRECISIONS] = "float32",
    language: str = "",
) -> None:
    """Compute sentence vectors of a treebank at every layer of encoders.

    Args:
        treebank: treebank whose sentences have ``sent_id``, which parallel sentences share.
        outputs: output files for ``encoders``, then for ``redrawn``: safetensors with ``vectors``,
            shape (layers + 1, sentences, hidden), and the identifiers of the sentences as metadata.
        encoders: directories of encoders or fine-tuned models.
        redrawn: seeds of encoders with random weights, which show the effect of the architecture
            alone.
        threads: number of CPU threads.
        as_published: whether to compute vectors as the published script (``sentence_vectors``).
        redrawn_from: directory of the encoder for ``redrawn``; default: the first of ``encoders``.
        precision: precision of the encoder's forward pass. The record has the precision that
            ``auto`` selected.
        language: code of the language of the treebank, for encoders with language embeddings.

    Raises:
        InputError: an encoder or the treebank cannot be used.
    """
    device = prepare_device(threads)
    read = verified_checksums([treebank])
    sentences = read_conllu(treebank)
    used = Precision(precision, device).kind
    facts = {"device": device_name(device), "threads": threads, "precision": used}
    identifiers = json.dumps(_identifiers(sentences, treebank), ensure_ascii=False)
    texts = [text(sentence) for sentence in sentences]
    states = [(directory, None) for directory in encoders]
    states += [(redrawn_from or encoders[0], seed) for seed in redrawn]
    states_read: dict[Path, dict[str, str]] = {}
    models, readers, is_redrawn = ModelReader(device), {}, False
    for (directory, seed), output in zip(states, outputs, strict=True):
        if directory not in states_read:
            states_read[directory] = verified_model(directory, kind_of(directory).files)
        kind = pretrained_kind_of(directory)
        # All weights of a redrawn encoder are replaced by those of the next one.
        if not is_redrawn:
            encoder = _open(kind, directory, models, device)
        if is_redrawn := seed is not None:
            ablate(encoder, NEVER_PRETRAINED, seed)
        kind.select_language(encoder, language)
        longest = kind.longest_input(encoder)
        # Models of one encoder share their tokenizer, which takes longer to open than to use.
        files = [sha256_of_file(directory / name) for name in (CONFIG_FILE, *kind.reader_files)]
        key = type(kind), *files
        if key not in readers:
            readers[key] = kind.reader(directory)
        tokenizer = readers[key]
        vectors = sentence_vectors(encoder, tokenizer, texts, longest, device, as_published, used)
        if not torch.isfinite(torch.from_numpy(vectors)).all():
            raise InputError(f"{directory}: its states are not finite; is the model damaged?")
        with replacing(output) as temporary:
            # One key only, because safetensors writes several in random order; the precision is in
            # the record.
            metadata = {"identifiers": identifiers}
            save_file({"vectors": vectors}, temporary, metadata)
        spoken = {"language": language} if languages_of(directory) else {}
        inputs = read | states_read[directory]
        write_record(output, "represent", inputs, redrawn=seed, **facts, **spoken)
        log.info("%s: %d sentences", output, len(texts))


def _open(
    kind: PretrainedKind, directory: Path, models: ModelReader, device: torch.device
) -> nn.Module:
    """An encoder, or that of a fine-tuned model, on a device."""
    if (directory / TASK_FILE).exists():
        return models.open(directory)[0].encoder
    return kind.load(directory).to(device)


def _identifiers(sentences: Sequence[Sentence], path: Path) -> list[str]:
    found = [sentence.sent_id for sentence in sentences]
    for number, identifier in enumerate(found, start=1):
        if identifier is None:
            raise InputError(f"{path}: sentence {number} has no sent_id, so nothing is parallel")
    if len(set(found)) < len(found):
        twice = next(identifier for identifier in found if found.count(identifier) > 1)
        raise InputError(f"{path}: two sentences have the sent_id '{twice}'")
    return found


def text(sentence: Sentence) -> str:
    """The text of a sentence: its ``# text``, or its words joined by spaces."""
    for comment in sentence.comments:
        name, _, value = comment[1:].partition("=")
        if name.strip() == "text":
            return value.strip()
    return " ".join(sentence.forms)
