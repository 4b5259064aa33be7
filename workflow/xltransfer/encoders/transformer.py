"""Opening encoders: a directory in transformers format in, a model of hidden states out.

Weights come from ``model.safetensors`` alone, nothing is fetched and no code of the directory is
run.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import nn

from ..runtime.errors import InputError
from ..runtime.files import replacing
from .batching import Batch
from .configuration import read_config, refusing
from .families import FAMILIES, LAYERS
from .interface import CONFIG_FILE, PretrainedKind
from .lean_transformers import (
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    AutoModel,
    AutoModelForTextEncoding,
    PretrainedConfig,
    PreTrainedModel,
    no_init_weights,
    transformers_logging,
)
from .states import longest_row, piece_states
from .tokenizer import WordTokenizer
from .weights import check_safetensors

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


_PIECES = 16
"""In a first sentence; there are encoders of characters that do not take fewer than four."""


def load_encoder(directory: Path | str) -> PreTrainedModel:
    """The pretrained encoder of a directory, in float32, without a pooler.

    Args:
        directory: holds ``config.json`` and ``model.safetensors``; a checkpoint with a head (masked
            language model, token classifier, …) opens as its encoder.

    Raises:
        InputError: a file is missing or damaged, the architecture has no text encoder in
            transformers or cannot encode as it is configured, weights of the encoder are missing
            from the checkpoint, or it has layers that the configuration does not have.
    """
    directory = Path(directory)
    config = read_config(directory)
    weights = directory / "model.safetensors"
    check_safetensors(weights)
    problem = f"{weights}: not the weights of {directory}"
    with QuietTransformers(), refusing(problem, "are both files of one encoder?"):
        model, report = _automatic(config).from_pretrained(
            directory,
            config=config,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    _drop_pooler(model)
    missing = [name for name in report["missing_keys"] if not name.startswith("pooler.")]
    if missing:
        raise InputError(
            f"{weights}: {len(missing)} weights of the encoder are missing, the first is "
            f"'{sorted(missing)[0]}'; is this a checkpoint of {config.model_type}?"
        )
    with refusing(directory / "config.json"):
        _check_layers(model, report["unexpected_keys"], weights)
        _try_out(model)
    return model


def _automatic(config: PretrainedConfig) -> type[AutoModel] | type[AutoModelForTextEncoding]:
    """What opens the encoder of an architecture: of T5 and its kin only their encoder."""
    if config.model_type in MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES:
        return AutoModelForTextEncoding
    return AutoModel


def _check_layers(model: PreTrainedModel, unexpected: Iterable[str], weights: Path) -> None:
    """Refuse weights of more layers than the configuration has; the upper ones would be missing."""
    # Of layers that share their weights there is no list, nor can there be too many.
    lists = _layer_lists(model)
    names = [name for name, module in model.named_modules() if any(module is x for x in lists)]
    for name in names:
        count = len(lists[0])
        if found := [key for key in unexpected if f".{name}.{count}." in f".{key}"]:
            raise InputError(
                f"{weights}: has weights of a layer beyond the {count} that config.json says, "
                f"'{found[0]}'; correct the number of layers"
            )


def _try_out(model: PreTrainedModel) -> None:
    """Encode a few pieces: some values of a configuration are only looked at then."""
    was_training = model.training
    with torch.no_grad():
        pieces = torch.zeros((1, min(_PIECES, longest_input(model))), dtype=torch.long)
        states = piece_states(model.eval(), pieces, torch.ones_like(pieces))
    model.train(was_training)
    if states.shape[:2] != pieces.shape or states.dtype != torch.float32:
        raise ValueError(f"states of shape {tuple(states.shape)} and type {states.dtype}")


def empty_encoder(directory: Path | str) -> PreTrainedModel:
    """An encoder with the architecture of a directory, its weights still to be filled in.

    Raises:
        InputError: ``config.json`` is missing or names no architecture with a text encoder.
    """
    config = read_config(Path(directory))
    with no_init_weights(), QuietTransformers(), refusing(f"{directory}/config.json"):
        model = _automatic(config).from_config(config, dtype=torch.float32, trust_remote_code=False)
        model.tie_weights()
    _drop_pooler(model)
    return model


def new_encoder(config: PretrainedConfig, seed: int) -> PreTrainedModel:
    """An encoder of an architecture with freshly drawn weights, without a pooler.

    Args:
        config: the architecture.
        seed: of the draw, which the model's own initialiser makes; the global random state is left
            as it was.
    """
    with torch.random.fork_rng(devices=[]), QuietTransformers():
        torch.manual_seed(seed)
        # The type that the weights are stored in, say bfloat16, would round the draw.
        model = _automatic(config).from_config(config, dtype=torch.float32, trust_remote_code=False)
    _drop_pooler(model)
    return model


def longest_input(encoder: PreTrainedModel) -> int:
    """The most pieces, special tokens included, that an encoder takes in one row.

    RoBERTa-like models number positions from ``padding_idx + 1`` on, which costs them the first
    few; relative and rotary positions (T5, ModernBERT) have no table, and rows of 512 are what all
    those models were trained on, unless their configuration says fewer.
    """
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            return longest_row(encoder, module.num_embeddings - reserved)
    said = getattr(encoder.config, "max_position_embeddings", None)
    return min(said, 512) if isinstance(said, int) and said > 0 else 512


def layer_stack(model: nn.Module) -> nn.ModuleList:
    """The transformer layers of an encoder, lowest first, whatever the architecture calls them.

    Among all lists of like modules that are as long as the configuration has layers, it is the one
    with the most parameters. Where one module has several such lists (XLM keeps the attentions of
    all layers in one, their feed-forward networks in another), a layer is what they have at its
    place.

    Raises:
        InputError: no such list exists, or layers share their parameters (ALBERT).
    """
    lists = _layer_lists(model)
    if not lists:
        raise InputError(
            f"the {model.config.model_type} encoder has no stack of {_layer_count(model)} layers "
            "with weights of their own; layers cannot be re-initialised one by one"
        )
    if len(lists) == 1:
        return lists[0]
    return nn.ModuleList(nn.ModuleList(parts) for parts in zip(*lists, strict=True))


def _layer_lists(model: nn.Module) -> list[nn.ModuleList]:
    """The lists, of one module, that the layers are kept in; none where layers share weights."""
    count = _layer_count(model)
    found = [
        [
            child
            for child in module.children()
            if isinstance(child, nn.ModuleList)
            and len(child) == count
            and len({type(layer) for layer in child}) == 1
        ]
        for module in model.modules()
    ]
    return max(found, key=lambda lists: sum(p.numel() for x in lists for p in x.parameters()))


def _layer_count(model: nn.Module) -> int:
    config = model.config
    return next((getattr(config, name) for name in LAYERS if getattr(config, name, None)), 0)


def _drop_pooler(model: PreTrainedModel) -> None:
    """Sentence poolers are never used here and would sit in the optimiser without a gradient."""
    if getattr(model, "pooler", None) is not None:
        # SqueezeBERT calls its pooler in any case.
        model.pooler = nn.Identity() if model.config.model_type == "squeezebert" else None


class TransformerKind(PretrainedKind):
    """The kind of all encoders that transformers opens."""

    name = "an encoder of transformers"
    files = (CONFIG_FILE, "model.safetensors", "tokenizer.json")
    load = staticmethod(load_encoder)
    empty = staticmethod(empty_encoder)
    reader = WordTokenizer
    longest_input = staticmethod(longest_input)
    layers = staticmethod(layer_stack)

    def redrawn(self, network: PreTrainedModel, seed: int) -> PreTrainedModel:
        """As ``new_encoder`` draws it."""
        return new_encoder(network.config, seed)

    def word_states(self, network: PreTrainedModel, batch: Batch) -> torch.Tensor:
        """The states of the words, of those of their pieces."""
        return batch.states(piece_states(network, batch.input_ids, batch.attention_mask))

    def layer_states(
        self, network: PreTrainedModel, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """As ``piece_states`` computes them."""
        return piece_states(network, input_ids, attention_mask, every_layer=True)

    def save_reader(self, network: PreTrainedModel, source: Path, directory: Path) -> list[Path]:
        """Copy the tokenizer and those of its settings that transformers reads."""
        directory.mkdir(parents=True, exist_ok=True)
        copied = []
        for name in TOKENIZER_FILES:
            if (source / name).exists():
                with replacing(directory / name) as temporary:
                    shutil.copyfile(source / name, temporary)
                copied.append(directory / name)
        return copied

    def saved_config(
        self, network: PreTrainedModel, labels: Sequence[str] | None
    ) -> PretrainedConfig:
        """With what token classification in transformers adds to it."""
        config = copy.deepcopy(network.config)
        if labels is not None and self.classifier(network):
            config.id2label = dict(enumerate(labels))
            config.label2id = {label: index for index, label in enumerate(labels)}
            config.architectures = [MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES[config.model_type]]
        return config

    def classifier(self, network: PreTrainedModel) -> str | None:
        """What the family calls it."""
        family = FAMILIES.get(network.config.model_type)
        return family.head if family else None


class QuietTransformers:
    """Loading reports are turned into errors here; transformers need not print them as well."""

    def __enter__(self) -> None:
        self.level = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        transformers_logging.set_verbosity(self.level)
