"""An encoder with a task's head on the states of words, and its directory on disk."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ..encoders.batching import Batch
from ..encoders.bilstm import CONFIG_FILE, BiLSTMConfig, BiLSTMEncoder, is_bilstm
from ..encoders.families import FAMILIES
from ..encoders.lean_transformers import (
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    PretrainedConfig,
    PreTrainedModel,
)
from ..encoders.states import piece_states
from ..encoders.transformer import check_safetensors, copy_tokenizer, empty_encoder
from ..encoders.weights import own_weights
from ..runtime.errors import InputError
from ..runtime.files import read_bytes, read_json, replacing, write_json
from ..tasks.heads.crf import CRFHead
from ..tasks.interface import Task
from ..tasks.registry import make_task

TASK_FILE = "task.json"
WEIGHTS_FILE = "model.safetensors"
CLASSIFIER = "classifier"
"""What the models of most families in transformers call the head of token classification."""


class WordModel(nn.Module):
    """An encoder and a head that reads the states of words.

    Args:
        encoder: any transformers encoder, or a BiLSTM.
        head: made by the task.
    """

    def __init__(self, encoder: PreTrainedModel | BiLSTMEncoder, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def word_states(self, batch: Batch) -> torch.Tensor:
        """The states of words in the last layer: (sentences, words, hidden)."""
        if isinstance(self.encoder, BiLSTMEncoder):
            return self.encoder(batch.input_ids, batch.word_index, batch.word_mask)
        states = piece_states(self.encoder, batch.input_ids, batch.attention_mask)
        return batch.states(states)


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

    Weights keep the names they have in transformers, so the directory also opens as a plain encoder
    and, where the head is a linear layer, with ``AutoModelForTokenClassification``.

    Args:
        directory: to write to.
        model: what to save.
        encoder_directory: its tokenizer is copied; a BiLSTM has its vocabulary with it.
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
    if isinstance(model.encoder, BiLSTMEncoder):
        written = [model.encoder.vocabulary.save(directory)]
    else:
        written = copy_tokenizer(encoder_directory, directory)
    with replacing(directory / "config.json") as temporary:
        _config(model.encoder, task, labels).to_json_file(temporary)
    content = {"settings": dict(task.settings), "labels": list(labels)}
    write_json(directory / TASK_FILE, content)
    tensors = {
        _saved_name(model.encoder, task, name): _stored(value, precision, directory)
        for name, value in own_weights(model).items()
    }
    with replacing(directory / WEIGHTS_FILE) as temporary:
        save_file(tensors, temporary, {"format": "pt"})
    return [*written, directory / CONFIG_FILE, directory / TASK_FILE]


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
    encoder = model.encoder
    path = directory / WEIGHTS_FILE
    check_safetensors(path)
    weights = {_own_name(encoder, task, name): value for name, value in load_file(path).items()}
    differing = set(weights) ^ set(own_weights(model))
    if differing:
        raise InputError(
            f"{path}: not a model of this kind ({task.kind}): '{min(differing)}' is missing or "
            "too much"
        )
    try:
        model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a model of this kind ({task.kind}): {reason}") from None
    return model, task, content["labels"]


def same_architecture(directory: Path, other: Path) -> bool:
    """Whether the models of two directories differ in their weights alone.

    A BiLSTM never counts as the same: its vocabulary is part of it.
    """
    return not is_bilstm(directory) and all(
        read_bytes(directory / name) == read_bytes(other / name)
        for name in (CONFIG_FILE, TASK_FILE)
    )


class ModelReader:
    """Opens models one after the other; each takes the place of the one before.

    Those that differ in their weights alone share a module, which is filled again.
    """

    def __init__(self) -> None:
        self._model: WordModel | None = None
        self._directory = Path()

    def open(self, directory: Path) -> tuple[WordModel, Task, list[str]]:
        """As ``load_model``."""
        if self._model is not None and not same_architecture(directory, self._directory):
            self._model = None
        found = load_model(directory, self._model)
        self._model, self._directory = found[0], directory
        return found


def _unfilled_model(directory: Path, task: Task, labels: Sequence[str]) -> WordModel:
    encoder = empty_encoder(directory)
    return WordModel(encoder, untrained_head(task, encoder.config.hidden_size, labels))


def _config(
    encoder: PreTrainedModel | BiLSTMEncoder, task: Task, labels: Sequence[str]
) -> PretrainedConfig | BiLSTMConfig:
    """The encoder's configuration, with what token classification adds to it."""
    if isinstance(encoder, BiLSTMEncoder):
        return encoder.config
    config = copy.deepcopy(encoder.config)
    if task.head_prefix == CLASSIFIER and _family_head(encoder):
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
        config.architectures = [MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES[config.model_type]]
    return config


def _family_head(encoder: PreTrainedModel | BiLSTMEncoder) -> str | None:
    """What the encoder's family calls a linear head of token classification, if it has one."""
    family = FAMILIES.get(getattr(encoder.config, "model_type", ""))
    return family.head if family else None


def _head_prefix(encoder: PreTrainedModel | BiLSTMEncoder, task: Task) -> str:
    """What the weights of the head are called on disk."""
    if task.head_prefix != CLASSIFIER:
        return task.head_prefix
    return _family_head(encoder) or CLASSIFIER


def _saved_name(encoder: PreTrainedModel | BiLSTMEncoder, task: Task, name: str) -> str:
    """What a weight of a ``WordModel`` is called on disk."""
    part, _, rest = name.partition(".")
    prefix = encoder.base_model_prefix if part == "encoder" else _head_prefix(encoder, task)
    return f"{prefix}.{rest}"


def _own_name(encoder: PreTrainedModel | BiLSTMEncoder, task: Task, name: str) -> str:
    """The inverse of ``_saved_name``."""
    head = _head_prefix(encoder, task)
    for part, prefix in (("encoder", encoder.base_model_prefix), ("head", head)):
        if name.startswith(f"{prefix}."):
            return f"{part}.{name.removeprefix(f'{prefix}.')}"
    return name
