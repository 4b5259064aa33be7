"""An encoder with a task's head on the states of words, and its directory on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ..encoders.batching import Batch
from ..encoders.interface import CONFIG_FILE
from ..encoders.kinds import kind_of, kind_of_network
from ..encoders.weights import check_safetensors, own_weights
from ..runtime.errors import InputError
from ..runtime.files import read_bytes, read_json, replacing, write_json
from ..tasks.heads.crf import CRFHead
from ..tasks.registry import make_task
from ..tasks.task import Task

TASK_FILE = "task.json"
WEIGHTS_FILE = "model.safetensors"
CLASSIFIER = "classifier"
"""What the models of most families in transformers call the head of token classification."""


class WordModel(nn.Module):
    """An encoder and a head that reads the states of words.

    Args:
        encoder: a network of any kind.
        head: made by the task.

    Attributes:
        kind: of the encoder.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.kind = kind_of_network(encoder)
        self.encoder = encoder
        self.head = head

    def word_states(self, batch: Batch) -> torch.Tensor:
        """The states of words in the last layer: (sentences, words, hidden)."""
        return self.kind.word_states(self.encoder, batch)


def untrained_head(task: Task, hidden_size: int, labels: Sequence[str]) -> nn.Module:
    """A task's head for some labels, its weights drawn from the global random state."""
    head = task.head(hidden_size, len(labels))
    if isinstance(head, CRFHead):
        head.forbid(labels)
    return head


def save_model(
    directory: Path | str,
    model: WordModel,
    encoder_directory: Path | str,
    task: Task,
    labels: Sequence[str],
    precision: str = "float32",
) -> list[Path]:
    """Write a fine-tuned model; its weights come last, so a directory with weights is whole.

    Weights of transformers keep their names, so the directory also opens as a plain encoder and,
    where the head is that of the class, with ``AutoModelForTokenClassification`` or
    ``AutoModelForSequenceClassification``.

    Args:
        directory: to write to.
        model: what to save.
        encoder_directory: that the model was made from; a pretrained encoder's tokenizer is copied.
        task: what the head is for.
        labels: in the order of the head's outputs.
        precision: of the numbers on disk, ``float32``, ``bfloat16`` or ``float16``.

    Returns:
        The files of the model but for its weights.

    Raises:
        InputError: a weight is too large for the precision.
    """
    directory, encoder_directory = Path(directory), Path(encoder_directory)
    directory.mkdir(parents=True, exist_ok=True)
    classes = labels if task.head_prefix == CLASSIFIER or task.is_sequence_class else None
    of_task = classes, task.is_sequence_class
    written = model.kind.save(model.encoder, encoder_directory, directory, *of_task)
    content = {"settings": dict(task.settings), "labels": list(labels)}
    write_json(directory / TASK_FILE, content)
    tensors = {
        _saved_name(model, task, name): _stored(value, precision, directory)
        for name, value in saved_weights(model).items()
    }
    with replacing(directory / WEIGHTS_FILE) as temporary:
        save_file(tensors, temporary, {"format": "pt"})
    return [*written, directory / TASK_FILE]


def saved_weights(model: WordModel) -> dict[str, torch.Tensor]:
    """The weights of a model that are written into its directory, by name."""
    parts = {
        "encoder": model.kind.own_weights(model.encoder),
        "head": own_weights(model.head),
    }
    return {f"{part}.{name}": value for part, some in parts.items() for name, value in some.items()}


def _stored(weight: torch.Tensor, precision: str, directory: Path) -> torch.Tensor:
    """A weight as it is written."""
    weight = weight.detach().cpu().contiguous()
    if not weight.is_floating_point():
        return weight
    stored = weight.to(getattr(torch, precision))
    # What was infinite before is meant: labels that may not follow each other.
    if bool((stored.isinf() & ~weight.isinf()).any()):
        raise InputError(
            f"{directory / WEIGHTS_FILE}: a weight is too large for {precision}; choose bfloat16 "
            "under `keep.precision`"
        )
    return stored


@torch.no_grad()
def load_model(
    directory: Path | str, opened: WordModel | None = None
) -> tuple[WordModel, Task, list[str]]:
    """Open a fine-tuned model: the model, its task and its labels.

    Args:
        directory: of the model.
        opened: a model of the same architecture, task and labels (``same_architecture``), which
            takes on the weights and is handed back: building one takes longer than reading one.

    Raises:
        InputError: a file is missing, damaged or not of this kind of model.
    """
    directory = Path(directory)
    content = read_json(directory / TASK_FILE)
    task = make_task(content["settings"])
    model = opened or _unfilled_model(directory, task, content["labels"])
    path = directory / WEIGHTS_FILE
    check_safetensors(path)
    own = {_saved_name(model, task, name): value for name, value in saved_weights(model).items()}
    weights = load_file(path)
    differing = set(weights) ^ set(own)
    if differing:
        raise InputError(
            f"{path}: not a model of this kind ({task.kind}): '{min(differing)}' is missing or "
            "too much"
        )
    for name, value in own.items():
        if value.shape != weights[name].shape:
            raise InputError(
                f"{path}: not a model of this kind ({task.kind}): '{name}' has the shape "
                f"{tuple(weights[name].shape)} instead of {tuple(value.shape)}"
            )
        value.copy_(weights[name])
    return model, task, content["labels"]


def same_architecture(directory: Path, other: Path) -> bool:
    """Whether the models of two directories differ in their weights alone.

    What an encoder reads may be part of it, as the vocabulary is of a BiLSTM.
    """
    return all(
        read_bytes(directory / name) == read_bytes(other / name)
        for name in (CONFIG_FILE, TASK_FILE, *kind_of(directory).reader_files)
    )


class ModelReader:
    """Opens models one after the other; each takes the place of the one before.

    Those that differ in their weights alone share a module, which is filled again.

    Args:
        device: what they are moved to.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._model: WordModel | None = None
        self._directory = Path()

    def open(self, directory: Path) -> tuple[WordModel, Task, list[str]]:
        """As ``load_model``."""
        if self._model is not None and not same_architecture(directory, self._directory):
            self._model = None
        model, *found = load_model(directory, self._model)
        if self._model is None:
            self._model = model.to(self._device)
        self._directory = directory
        return model, *found


def _unfilled_model(directory: Path, task: Task, labels: Sequence[str]) -> WordModel:
    encoder = kind_of(directory).empty(directory)
    return WordModel(encoder, untrained_head(task, encoder.config.hidden_size, labels))


def _saved_name(model: WordModel, task: Task, name: str) -> str:
    """What a weight of a ``WordModel`` is called on disk."""
    part, _, rest = name.partition(".")
    if part == "encoder":
        return f"{model.encoder.base_model_prefix}.{rest}"
    names = model.kind.sequence_head(model.encoder) if task.is_sequence_class else None
    if names is None:
        prefix = task.head_prefix
        own = model.kind.classifier(model.encoder) if prefix == CLASSIFIER else None
        return f"{own or prefix}.{rest}"
    layer, _, weight = rest.partition(".")
    return f"{getattr(names, layer)}.{weight}"
