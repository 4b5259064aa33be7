"""The families of encoders: supported model types of transformers, and why others are refused.

Only plain data and ``config.json`` are read, without transformers, so that a study is refused
during planning. docs/encoders.md describes the properties of each family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..runtime.errors import InputError

LAYERS = ("num_hidden_layers", "n_layers", "num_layers", "n_layer")
"""Keys for the number of layers in configurations of transformers."""
WRITE_TOKENIZER = "python -m xltransfer write_tokenizer"
"""Command that writes ``tokenizer.json`` for encoders of characters and bytes."""


@dataclass(frozen=True)
class Family:
    """Properties of the encoders of a model type.

    Attributes:
        causal: whether a position sees only earlier positions (decoders).
        shares_layers: whether all layers share one set of weights.
        masked_lm: whether transformers has the encoder with a masked language modelling head.
        head: attribute of the head in its class for token classification; ``None`` if there is no
            such class, or if the head is more than a linear layer.
        units: ``characters`` or ``bytes`` if it reads these instead of subwords.
        absolute_positions: false of encoders with masked language modelling whose positions are
            rotary or relative, or cannot be given.
    """

    causal: bool = False
    shares_layers: bool = False
    masked_lm: bool = True
    head: str | None = "classifier"
    units: str = ""
    absolute_positions: bool = True


_MASKED = Family()
_OTHER_POSITIONS = Family(absolute_positions=False)
_ENCODER_OF_T5 = Family(masked_lm=False)
_DECODER = Family(causal=True, masked_lm=False, head="score")
_OLDER_DECODER = replace(_DECODER, head="classifier")
_BARE_DECODER = replace(_DECODER, head=None)

FAMILIES: Mapping[str, Family] = {
    "albert": Family(shares_layers=True),
    "bert": _MASKED,
    "bert-generation": Family(masked_lm=False, head=None),
    "big_bird": _MASKED,
    "camembert": _MASKED,
    "canine": Family(masked_lm=False, units="characters"),
    "data2vec-text": _MASKED,
    "deberta": _MASKED,
    "deberta-v2": _MASKED,
    "distilbert": _MASKED,
    "electra": _MASKED,
    "ernie": _MASKED,
    "eurobert": _OTHER_POSITIONS,
    "flaubert": _MASKED,
    "gte": _OTHER_POSITIONS,
    "ibert": _OTHER_POSITIONS,
    "jina_embeddings_v3": _OTHER_POSITIONS,
    "longformer": _MASKED,
    "luke": _MASKED,
    "megatron-bert": _MASKED,
    "modernbert": Family(head=None, absolute_positions=False),
    "mpnet": _MASKED,
    "mt5": _ENCODER_OF_T5,
    "nomic_bert": _OTHER_POSITIONS,
    "rembert": _MASKED,
    "roberta": _MASKED,
    "roberta-prelayernorm": _MASKED,
    "roc_bert": _MASKED,
    "roformer": _OTHER_POSITIONS,
    "splinter": Family(masked_lm=False, head=None),
    "squeezebert": _MASKED,
    "t5": _ENCODER_OF_T5,
    "ultrabert": _OTHER_POSITIONS,
    "umt5": _ENCODER_OF_T5,
    "xlm": _MASKED,
    "xlm-roberta": _MASKED,
    "xlm-roberta-xl": _MASKED,
    "xlnet": Family(masked_lm=False),
    "xmod": _MASKED,
    # Decoders.
    "apertus": _DECODER,
    "bloom": _OLDER_DECODER,
    "cohere2": _BARE_DECODER,
    "falcon": _OLDER_DECODER,
    "gemma": _DECODER,
    "gemma2": _DECODER,
    "gemma3_text": _BARE_DECODER,
    "gpt2": _OLDER_DECODER,
    "gpt_neox": _OLDER_DECODER,
    "granite": _BARE_DECODER,
    "llama": _DECODER,
    "ministral": _DECODER,
    "mistral": _DECODER,
    "modernbert-decoder": _BARE_DECODER,
    "olmo2": _BARE_DECODER,
    "opt": _BARE_DECODER,
    "phi3": _DECODER,
    "qwen2": _DECODER,
    "qwen3": _DECODER,
    "xglm": _BARE_DECODER,
}
"""Families by model type of transformers."""

_PADDING = "the states of a sentence depend on the padding of its batch"
_IMAGES = (
    "it is a model of images and text; save the model of text inside it as an encoder of its own"
)
_PAIR = "it is a pair of encoder and decoder, and transformers has no model of its encoder alone"

REFUSED: Mapping[str, str] = {
    "new": (
        "its code is in the repository, which is never run; take a checkpoint of the type gte, "
        "which is mGTE in transformers"
    ),
    "convbert": f"its convolutions read the padding: {_PADDING}",
    "fnet": f"its Fourier transform reads the padding: {_PADDING}",
    "mobilebert": f"each of its embeddings contains the next one, be it padding: {_PADDING}",
    "nystromformer": "it takes only rows of certain lengths",
    "yoso": "it draws at random which positions attend to each other, also in prediction",
    "reformer": "it draws at random which positions attend to each other, also in prediction",
    "mra": "without kernels of its own a position attends to itself alone",
    "funnel": "its layers have states of different lengths, which cannot be compared",
    "perceiver": "its layers have no state of each piece",
    "embedding_gemma2_text": "its last states are of another size than those of its layers",
    "layoutlm": "it reads the places of words on a page",
    "layoutlmv2": "it reads the places of words on a page",
    "layoutlmv3": "it reads the places of words on a page",
    "lilt": "it reads the places of words on a page",
    "bros": "it reads the places of words on a page",
    "markuplm": "it reads the places of words in a web page",
    "tapas": "it reads tables",
    "esm": "it is a model of proteins",
    "esmc": "it is a model of proteins",
    "xltransfer-adapted": "it is an adapter of another encoder; make it with `from` and `by`",
    "xltransfer-bilstm": "a BiLSTM is never pretrained, it can only be fine-tuned",
    "xltransfer-vector-bilstm": "a BiLSTM is never pretrained, it can only be fine-tuned",
    "xltransfer-word-vectors": "word vectors have no weights, they can only be fine-tuned with",
    "clip": _IMAGES,
    "gemma3": _IMAGES,
    "gemma4": _IMAGES,
    "llama4": _IMAGES,
    "mistral3": _IMAGES,
    "modernvbert": _IMAGES,
    "qwen2_vl": _IMAGES,
    "qwen2_5_vl": _IMAGES,
    "qwen3_vl": _IMAGES,
    "qwen3_5": _IMAGES,
    "bart": _PAIR,
    "led": _PAIR,
    "m2m_100": _PAIR,
    "marian": _PAIR,
    "mbart": _PAIR,
    "mvp": _PAIR,
    "nllb-moe": _PAIR,
    "pegasus": _PAIR,
    "t5gemma": _PAIR,
    "t5gemma2": _PAIR,
    "longt5": _PAIR,
    "switch_transformers": _PAIR,
    "mamba": "it has no attention, but a state that runs along the text",
    "mamba2": "it has no attention, but a state that runs along the text",
    "mixtral": "its layers choose among experts, for which no study has been checked",
    "qwen2_moe": "its layers choose among experts, for which no study has been checked",
    "qwen3_moe": "its layers choose among experts, for which no study has been checked",
}
"""Reasons why well-known model types are refused."""


def family_of(content: Mapping[str, Any], place: str, causal: bool | None = None) -> Family:
    """The family of a supported encoder.

    Args:
        content: content of ``config.json``, with ``model_type``.
        place: name of the file, the beginning of the message.
        causal: whether the study expects a causal mask; ``None``: not checked.

    Raises:
        InputError: the encoder is not supported, or study and configuration disagree about the
            causal mask; names the model type and the reason.
    """
    kind = content["model_type"]
    family = FAMILIES.get(kind)
    if family is None:
        if kind in REFUSED:
            raise InputError(f"{place}: {kind} cannot be used: {REFUSED[kind]}; choose another")
        raise InputError(
            f"{place}: '{kind}' is none of the encoders that can be used; see docs/encoders.md"
        )
    if kind == "xmod" and not content.get("default_language"):
        raise InputError(
            f"{place}: xmod has adapters for single languages and no default_language, which says "
            "whose adapter reads all text; write one of its 'languages' there"
        )
    if family.causal and content.get("use_bidirectional_attention") in (True, "all"):
        family = replace(family, causal=False)
    if not family.causal and content.get("is_decoder") is True:
        raise InputError(
            f"{place}: {kind} is configured as a decoder; set is_decoder to false or choose another"
        )
    if causal and not family.causal:
        raise InputError(
            f"{place}: {kind} is bidirectional; remove `causal: true` from its entry in `encoders`"
        )
    if causal is False and family.causal:
        raise InputError(
            f"{place}: {kind} is a decoder, whose causal mask hides from each word what follows "
            "it; write `causal: true` in its entry in `encoders` if this is what you want to "
            "study, or choose an encoder"
        )
    return family


def has_absolute_positions(content: Mapping[str, Any]) -> bool:
    """Whether positions of an encoder with masked language modelling can start again in a row.

    Args:
        content: content of ``config.json``, with ``model_type``.
    """
    if content["model_type"] in ("deberta", "deberta-v2"):
        return content.get("position_biased_input", True) is not False
    family = FAMILIES.get(content["model_type"])
    return family is None or family.absolute_positions


def layers_of(content: Mapping[str, Any]) -> int | None:
    """The number of layers in a ``config.json``; ``None`` if it is not given."""
    found = (content[name] for name in LAYERS if type(content.get(name)) is int)
    return next((layers for layers in found if layers > 0), None)


def units_of(content: Mapping[str, Any]) -> str:
    """``characters`` or ``bytes`` if an encoder reads these, otherwise an empty string.

    ByT5 has the model type of T5; the name of its tokenizer distinguishes the two.
    """
    if content.get("tokenizer_class") == "ByT5Tokenizer":
        return "bytes"
    family = FAMILIES.get(str(content.get("model_type")))
    return family.units if family else ""
