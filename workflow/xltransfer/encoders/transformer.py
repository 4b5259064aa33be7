"""Loading of encoders from directories in the format of transformers.

Weights are read only from ``model.safetensors``. Nothing is downloaded, and no code of the
directory is run.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import nn

from ..runtime.errors import InputError
from ..runtime.files import replacing
from .batching import Batch
from .configuration import read_config, refusing
from .families import FAMILIES, LAYERS
from .interface import CONFIG_FILE, PretrainedKind
from .language_embeddings import add_configured_table, load_table
from .lean_torch import TensorsWithoutData, compiler_left_out
from .lean_transformers import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    AutoModel,
    AutoModelForTextEncoding,
    PretrainedConfig,
    PreTrainedModel,
    no_init_weights,
    transformers_logging,
)
from .sequence_heads import SEQUENCE_HEADS, SequenceHeadNames
from .states import longest_row, piece_states, position_table, reserved_positions
from .tokenizer import WordTokenizer
from .weights import check_safetensors

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
FROM_DIRECTORY = {
    "dtype": torch.float32,
    "local_files_only": True,
    "use_safetensors": True,
    "trust_remote_code": False,
    "output_loading_info": True,
}
"""How networks of transformers are opened."""
_PIECES = 16
"""Length of the test input; some character encoders need at least four characters."""


def load_encoder(directory: Path | str) -> PreTrainedModel:
    """The pretrained encoder of a directory, in float32, without a pooler.

    Args:
        directory: directory with ``config.json`` and ``model.safetensors``; the head of a
            checkpoint (masked language model, token classifier, …) is not loaded.

    Raises:
        InputError: a file is missing or damaged, the architecture has no text encoder in
            transformers or cannot encode with its configuration, weights of the encoder are missing
            from the checkpoint, or it has more layers than the configuration.
    """
    directory = Path(directory)
    config = read_config(directory)
    weights = directory / "model.safetensors"
    check_safetensors(weights)
    problem = f"{weights}: not the weights of {directory}"
    with QuietTransformers(), refusing(problem, "are both files of one encoder?"):
        of_type = _automatic(config)
        model, report = of_type.from_pretrained(directory, config=config, **FROM_DIRECTORY)
    _drop_pooler(model)
    missing = [name for name in report["missing_keys"] if not name.startswith("pooler.")]
    if missing:
        raise InputError(
            f"{weights}: {len(missing)} weights of the encoder are missing, the first is "
            f"'{sorted(missing)[0]}'; is this a checkpoint of {config.model_type}?"
        )
    load_table(model, directory)
    with refusing(directory / "config.json"):
        _check_layers(model, report["unexpected_keys"], weights)
        read_short_row(model)
    return model


def _automatic(config: PretrainedConfig) -> type[AutoModel] | type[AutoModelForTextEncoding]:
    """The class that opens the encoder of an architecture; for T5 without the decoder."""
    if config.model_type in MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES:
        return AutoModelForTextEncoding
    return AutoModel


def _check_layers(model: PreTrainedModel, unexpected: Iterable[str], weights: Path) -> None:
    """Reject weights of more layers than configured; the upper layers would be dropped."""
    # Layers that share their weights are in no list, and there cannot be too many of them.
    lists = _layer_lists(model)
    names = [name for name, module in model.named_modules() if any(module is x for x in lists)]
    for name in names:
        count = len(lists[0])
        if found := [key for key in unexpected if f".{name}.{count}." in f".{key}"]:
            raise InputError(
                f"{weights}: has weights of a layer beyond the {count} that config.json says, "
                f"'{found[0]}'; correct the number of layers"
            )


def read_short_row(model: PreTrainedModel) -> None:
    """Encode a short input, because some values of the configuration are only used then."""
    was_training, device = model.training, next(model.parameters()).device
    shape = 1, min(_PIECES, longest_input(model))
    pieces = torch.zeros(shape, dtype=torch.long, device=device)
    try:
        with torch.no_grad():
            states = piece_states(model.eval(), pieces, torch.ones_like(pieces))
    finally:
        model.train(was_training)
    if states.shape[:2] != shape or states.dtype != torch.float32:
        raise ValueError(f"states of shape {tuple(states.shape)} and type {states.dtype}")


def empty_encoder(directory: Path | str) -> PreTrainedModel:
    """An encoder with the architecture of a directory, without its weights.

    Raises:
        InputError: ``config.json`` is missing or names no architecture with a text encoder.
    """
    config = read_config(Path(directory))
    with no_init_weights(), QuietTransformers(), refusing(f"{directory}/config.json"):
        model = _automatic(config).from_config(config, dtype=torch.float32, trust_remote_code=False)
        model.tie_weights()
    add_configured_table(model, f"{directory}/config.json")
    _drop_pooler(model)
    return model


def new_encoder(config: PretrainedConfig, seed: int) -> PreTrainedModel:
    """An encoder with random weights from its own initialiser, without a pooler.

    Args:
        config: architecture.
        seed: seed of the draw; the global random state does not change.
    """
    with torch.random.fork_rng(devices=[]), QuietTransformers():
        torch.manual_seed(seed)
        # The type of the stored weights, e.g. bfloat16, would round the draw.
        model = _automatic(config).from_config(config, dtype=torch.float32, trust_remote_code=False)
    add_configured_table(model, CONFIG_FILE)
    _drop_pooler(model)
    return model


def longest_input(encoder: PreTrainedModel) -> int:
    """Maximum number of subwords per row, including special tokens.

    RoBERTa-like models number positions from ``padding_idx + 1`` on and cannot use the first ones.
    Models with relative or rotary positions (T5, ModernBERT) have no table of positions. All were
    trained on rows of 512, which is their maximum unless the configuration has less.
    """
    if (table := position_table(encoder)) is not None:
        return longest_row(encoder, table.num_embeddings - reserved_positions(table))
    said = getattr(encoder.config, "max_position_embeddings", None)
    return min(said, 512) if isinstance(said, int) and said > 0 else 512


def layer_stack(model: nn.Module) -> nn.ModuleList:
    """The transformer layers of an encoder, lowest first, for any architecture.

    The layers are the list of modules of one type with the configured number of layers and the most
    parameters. If one module has several such lists (XLM keeps the attentions of all layers in one,
    their feed-forward networks in another), a layer consists of the items at its index.

    Raises:
        InputError: there is no such list, or layers share their parameters (ALBERT).
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
    """The lists of layers, all of one module; empty if layers share weights."""
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
    """Remove the unused sentence pooler; it would be in the optimiser without a gradient."""
    if getattr(model, "pooler", None) is not None:
        # SqueezeBERT always calls its pooler.
        model.pooler = nn.Identity() if model.config.model_type == "squeezebert" else None


class TransformerKind(PretrainedKind):
    """The kind of all encoders that transformers opens."""

    name = "an encoder of transformers"
    takes_adapters = True
    files = (CONFIG_FILE, "model.safetensors", "tokenizer.json")
    load = staticmethod(load_encoder)
    empty = staticmethod(empty_encoder)
    reader = WordTokenizer
    longest_input = staticmethod(longest_input)
    layers = staticmethod(layer_stack)

    def redrawn(self, network: PreTrainedModel, seed: int) -> PreTrainedModel:
        """A network from ``new_encoder``."""
        return new_encoder(network.config, seed)

    def recompute_layers(self, network: PreTrainedModel) -> None:
        """As transformers does it, with the same random numbers."""
        if not network.supports_gradient_checkpointing:
            raise InputError(
                f"training.checkpointing: transformers has none for {network.config.model_type}; "
                "remove the key"
            )
        # The old name in releases of transformers before the new one.
        enable = getattr(network, "activation_checkpointing_enable", None)
        (enable or network.gradient_checkpointing_enable)({"use_reentrant": False})

    def word_states(self, network: PreTrainedModel, batch: Batch) -> torch.Tensor:
        """The states of words, read from those of their subwords."""
        states = piece_states(
            network, batch.input_ids, batch.attention_mask, segments=batch.segments
        )
        return batch.states(states)

    def layer_states(
        self, network: PreTrainedModel, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """The states from ``piece_states``."""
        return piece_states(network, input_ids, attention_mask, every_layer=True)

    def save_reader(self, network: PreTrainedModel, source: Path, directory: Path) -> list[Path]:
        """Copy the tokenizer and its settings for transformers."""
        directory.mkdir(parents=True, exist_ok=True)
        copied = []
        for name in TOKENIZER_FILES:
            if (source / name).exists():
                with replacing(directory / name) as temporary:
                    shutil.copyfile(source / name, temporary)
                copied.append(directory / name)
        return copied

    def saved_config(
        self, network: PreTrainedModel, labels: Sequence[str] | None, of_sequences: bool = False
    ) -> PretrainedConfig:
        """The configuration, with labels and class for classification in transformers."""
        config = copy.deepcopy(network.config)
        classes = MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES
        opens: object = self.classifier(network)
        if of_sequences:
            classes = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES
            opens = self.sequence_head(network)
        if labels is not None and opens:
            config.id2label = dict(enumerate(labels))
            config.label2id = {label: index for index, label in enumerate(labels)}
            config.architectures = [classes[config.model_type]]
        return config

    def classifier(self, network: PreTrainedModel) -> str | None:
        """The attribute according to the family."""
        family = FAMILIES.get(network.config.model_type)
        return family.head if family else None

    def sequence_head(self, network: PreTrainedModel) -> SequenceHeadNames | None:
        """The names according to the model type."""
        return SEQUENCE_HEADS.get(network.config.model_type)


class QuietTransformers:
    """A context that silences transformers, whose loading reports become errors here.

    Nor does loading import the compiler of torch, or sympy.
    """

    def __enter__(self) -> None:
        self.contexts = ExitStack()
        self.contexts.enter_context(compiler_left_out())
        self.contexts.enter_context(TensorsWithoutData())
        self.contexts.callback(
            transformers_logging.set_verbosity, transformers_logging.get_verbosity()
        )
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        self.contexts.close()
