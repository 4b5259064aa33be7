"""Encoders with a masked language modelling head: creation, loading, logits and saving.

Every architecture is supported for which transformers has a masked language model.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

from ..runtime.errors import InputError
from ..runtime.files import replacing
from .adapted_directories import Description, fill, is_adapted, reference_free
from .adapters import invert_before_output, stack_of
from .configuration import check_numbers, reason_of, refusing
from .families import FAMILIES
from .language_embeddings import load_table
from .lean_transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    PretrainedConfig,
    PreTrainedModel,
)
from .states import first_position
from .transformer import FROM_DIRECTORY, QuietTransformers, load_encoder
from .vocabulary import special_token
from .weights import own_weights

log = logging.getLogger(__name__)

STORED_TYPES = {"float32": torch.float32, "float16": torch.float16}


def new_masked_lm(architecture: Mapping[str, Any], tokenizer: Tokenizer) -> PreTrainedModel:
    """A masked language model with weights drawn from the global random state.

    Args:
        architecture: parameters of the model's configuration in transformers, and ``model_type``
            (default: ``bert``).
        tokenizer: tokenizer with the vocabulary and the special tokens of BERT or ByT5.

    Raises:
        InputError: transformers has no such masked language model, or a parameter is unknown or
            invalid.
    """
    values = dict(architecture)
    check_numbers(values, "architecture")
    kind = values.pop("model_type", "bert")
    if kind not in FAMILIES or not FAMILIES[kind].masked_lm:
        raise InputError(
            f"architecture: '{kind}' is no text encoder with a masked language model; use bert"
        )
    names = (special_token(tokenizer, name) for name in ("[PAD]", "[SEP]", "[CLS]"))
    padding, last, first = (tokenizer.token_to_id(name) if name else None for name in names)
    # Vocabularies of bytes have no token before a sentence.
    first = last if first is None else first
    ids = {"vocab_size": tokenizer.get_vocab_size(), "pad_token_id": padding}
    with refusing("architecture", "correct it"):
        usual = AutoConfig.for_model(kind)
        unknown = sorted(key for key in values if not hasattr(usual, key))
        if unknown:
            raise InputError(f"architecture: {kind} has no '{unknown[0]}'; correct or remove it")
        if usual.bos_token_id is not None:
            ids |= {"bos_token_id": first, "eos_token_id": last}
        return AutoModelForMaskedLM.from_config(AutoConfig.for_model(kind, **ids, **values))


def load_masked_lm(directory: Path) -> PreTrainedModel:
    """The encoder of a directory with its masked language modelling head, in float32.

    A checkpoint without a head gets a new one, drawn from the global random state, with output
    embeddings tied to the input embeddings.

    Args:
        directory: encoder directory.

    Raises:
        InputError: a file is missing or damaged, or the architecture has no masked language
            modelling head.
    """
    return load_with_head(directory)[0]


def load_with_head(directory: Path) -> tuple[PreTrainedModel, bool]:
    """As ``load_masked_lm``, and whether the checkpoint has the head.

    Args:
        directory: encoder directory.

    Raises:
        InputError: as for ``load_masked_lm``.
    """
    if is_adapted(directory):
        return _load_adapted(directory)
    prefix = load_encoder(directory).base_model_prefix  # reports errors of the encoder itself
    with QuietTransformers():
        try:
            model, report = AutoModelForMaskedLM.from_pretrained(directory, **FROM_DIRECTORY)
        except Exception as error:
            raise InputError(f"{directory}: no masked language model: {reason_of(error)}") from None
    if model.config.is_encoder_decoder or model.base_model is model:
        raise InputError(
            f"{directory}/config.json: {model.config.model_type} is no encoder with a head for "
            "masked language modelling; adapt another encoder"
        )
    missing = [name for name in report["missing_keys"] if not name.startswith(f"{prefix}.")]
    if missing:
        log.info("%s: no head for masked language modelling, so a new one is drawn", directory)
        # The initialisers of some architectures leave biases as they are, which is what was in the
        # memory before.
        for name in missing:
            if name.endswith("bias"):
                nn.init.zeros_(model.get_parameter(name))
        model.config.tie_word_embeddings = True
        model.tie_weights()
    load_table(model.base_model, directory)
    model.config.architectures = [type(model).__name__]
    return model, not missing


def _load_adapted(directory: Path) -> tuple[PreTrainedModel, bool]:
    """``load_with_head`` of an encoder with adapters; all of its weights are to be saved again."""
    description = Description(directory)
    model, has_head = load_with_head(description.below)
    description.apply(model.base_model)
    fill(model, directory, with_head=True)
    invert_before_output(model)
    stack = stack_of(model.base_model)
    stack.own, stack.complete, stack.changed_layers = None, True, ()
    return model, has_head


def train_head_only(model: PreTrainedModel, directory: Path) -> None:
    """Freeze the encoder, so that only the head for masked language modelling is trained.

    Output embeddings that are tied to the input embeddings are frozen with them.

    Args:
        model: model with its head.
        directory: directory of the encoder, for messages.

    Raises:
        InputError: the head has no weights of its own.
    """
    model.base_model.requires_grad_(False)
    if not any(weight.requires_grad for weight in model.parameters()):
        raise InputError(
            f"{directory}: the head for masked language modelling has no weights but the "
            "embeddings, so that there is nothing to train; remove `head_only`"
        )


def masked_logits(
    model: PreTrainedModel,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    masked: torch.Tensor,
    positions: torch.Tensor | None = None,
) -> torch.Tensor:
    """The logits of the masked positions; the head is applied only to these.

    The output layer is most of the cost of a small model, and few positions are masked.

    Args:
        model: model with its head.
        input_ids, attention_mask: tensors of shape (rows, subwords).
        masked: whether a position is masked; same shape.
        positions: index of each subword in its sentence, from 0 on, same shape; ``None``: the
            encoder's own, from the start of the row. ``first_position`` says which encoders take
            them.

    Returns:
        Shape (masked positions, vocabulary), in the order of the positions.
    """

    def keep_masked(_: nn.Module, __: Any, output: Any) -> Any:
        # All modules between encoder and logits process each state separately, so a row of only
        # the masked states gives the same logits.
        output.last_hidden_state = output.last_hidden_state[masked].unsqueeze(0)
        return output

    rows = {"input_ids": input_ids, "attention_mask": attention_mask}
    if positions is not None:
        rows["position_ids"] = positions + first_position(model.base_model)
    hook = model.base_model.register_forward_hook(keep_masked)
    try:
        return model(**rows).logits.squeeze(0)
    finally:
        hook.remove()


def save_masked_lm(model: PreTrainedModel, directory: Path, stored_type: str) -> None:
    """Write ``config.json`` and ``model.safetensors`` in the format of transformers.

    Of an encoder with adapters, ``language_adapters.write_description`` writes ``config.json``, and
    the weights are those that the encoder below does not have.

    Args:
        model: model with its head.
        directory: encoder directory.
        stored_type: type of the stored weights, one of ``STORED_TYPES``.
    """
    dtype = STORED_TYPES[stored_type]
    if stack_of(model.base_model) is None:
        config: PretrainedConfig = model.config
        if config.dtype is not None:
            config.dtype = dtype
        with replacing(directory / "config.json") as temporary:
            config.to_json_file(temporary)
    weights = {
        name: (value.to(dtype) if value.is_floating_point() else value).contiguous()
        for name, value in ((n, v.detach().cpu()) for n, v in _saved_weights(model).items())
    }
    with replacing(directory / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})


def _saved_weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    stack = stack_of(model.base_model)
    if stack is None or stack.complete:
        return own_weights(model)
    prefix = model.base_model_prefix
    own = reference_free(model.base_model)
    return {f"{prefix}.{name}": value for name, value in own.items()}
