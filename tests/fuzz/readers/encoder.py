"""``config.json`` of an encoder, next to weights that stay as they are.

Which values a model of transformers can be built with, only it knows. The oracle knows the sizes of
the weights: with other sizes the model is another one, and must be refused.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from encoders import make_encoder
from xltransfer.encoders.bilstm import read_architecture
from xltransfer.encoders.transformer import empty_encoder, layer_stack, load_encoder, longest_input

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import json_bytes, mutated_json

SIZES = {
    "vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size", "type_vocab_size",
    "max_position_embeddings", "dim", "n_layers", "hidden_dim", "d_model", "d_kv", "d_ff",
    "num_layers", "relative_attention_num_buckets",
}  # fmt: skip
"""Keys that decide the shapes or the number of weights."""
VALUES: list[Any] = [
    "bert", "t5", "gpt2", "roberta", "albert", "gelu", "gelu_new", "swish", "float16", "bfloat16",
    "flash_attention_2", "eager", "sdpa", "gptq", 1e-12, 10**9, 10**12, 2**40, 4, 8, 16, 24, 1.5,
    -1e9,
    {"quant_method": "gptq"}, {"quant_method": "none"}, {"rope_type": "x"}, ["BertModel"],
    {"AutoModel": "x--y.Z"}, {"0": "LABEL"}, "../../x", "http://x.org/y",
]  # fmt: skip
EXTRA = [
    "quantization_config", "auto_map", "attn_implementation", "_attn_implementation", "is_decoder",
    "add_cross_attention", "torch_dtype", "dtype", "position_embedding_type", "rope_parameters",
    "problem_type", "num_labels", "id2label", "chunk_size_feed_forward", "pruned_heads",
    "layer_types",
    "output_attentions", "return_dict", "use_cache", "transformers_version", "tie_word_embeddings",
    "_name_or_path", "architectures", "model_type", "vision_config", "text_config", "torchscript",
    "head_dim", "gradient_checkpointing", "base_model_tp_plan", "is_encoder_decoder",
    "use_bfloat16",
]  # fmt: skip
BILSTM = {
    "model_type": "xltransfer-bilstm", "word_units": 100, "character_units": 50,
    "hidden_units": 200,
    "layers": 2, "dropout": 0.3, "character_dropout": 0.0, "word_dropout": 0.1, "residual": False,
    "minimum_count": 2, "longest_word": 30,
}  # fmt: skip


@dataclass(frozen=True)
class Config:
    """The architecture, the bytes of its ``config.json``, and whether they are the original."""

    architecture: str
    data: bytes
    original: bool


class Encoders(Reader):
    """``load_encoder`` with a forward pass, ``empty_encoder`` and ``read_architecture``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        torch.set_num_threads(1)
        self.base = {}
        for architecture in ("bert", "xlm-roberta", "distilbert", "mt5"):
            make_encoder(folder / architecture, architecture)
            path = folder / architecture / "config.json"
            self.base[architecture] = json.loads(path.read_text())
        (folder / "bilstm").mkdir()
        self.base["bilstm"] = BILSTM

    def make(self, rng: random.Random) -> Config:
        architecture = rng.choice(["bert", "bert", "xlm-roberta", "distilbert", "mt5", "bilstm"])
        content: Any = self.base[architecture]
        changes = rng.choice([0, 1, 1, 1, 1, 2])
        for _ in range(changes):
            if rng.random() < 0.25 and isinstance(content, dict):
                value = rng.choice([*VALUES, True, None, -1, 0, "x", [], {}])
                content = {**content, rng.choice(EXTRA): value}
            elif content:
                content = mutated_json(rng, content, VALUES)
        data = json_bytes(rng, content) if changes else json.dumps(content).encode()
        return Config(architecture, data, not changes)

    def judge(self, content: Config) -> Verdict:
        if content.original:
            return accept()
        try:
            found = json.loads(content.data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return refuse("no JSON")
        if not isinstance(found, dict):
            return refuse("no object")
        if content.architecture == "bilstm":
            return _judge_bilstm(found)
        base = self.base[content.architecture]
        if not isinstance(found.get("model_type"), str):
            return refuse("model_type")
        if found["model_type"] != base["model_type"]:
            return either()
        for key in SIZES & set(base):
            # A key that is left out has the size of the published model, which is not ours.
            if _other(found.get(key), base[key]) and not _is_default(
                content.architecture, key, found
            ):
                return refuse(f"{key} is {found.get(key)!r:.60}, not {base[key]}")
        return either()

    def read(self, content: Config) -> Any:
        directory = self.folder / content.architecture
        (directory / "config.json").write_bytes(content.data)
        try:
            if content.architecture == "bilstm":
                read_architecture(directory)
            else:
                _use(directory)
        finally:
            torch.set_default_dtype(torch.float32)


def _use(directory: Path) -> None:
    encoder = load_encoder(directory).eval()
    layer_stack(encoder)
    length = min(longest_input(encoder), 6)
    assert length > 0
    with torch.no_grad():
        ids = torch.tensor([[2, 5, 6, 7, 8, 3][:length]])
        states = encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    assert states.shape[:2] == ids.shape and states.dtype == torch.float32
    other = empty_encoder(directory)
    shapes = [{k: v.shape for k, v in model.state_dict().items()} for model in (encoder, other)]
    assert shapes[0] == shapes[1]


def _other(found: Any, expected: int) -> bool:
    """Whether a value is not a size, or another one; 16.0 is 16 to some versions."""
    return isinstance(found, bool) or not isinstance(found, int | float) or found != expected


def _is_default(architecture: str, key: str, found: dict[str, Any]) -> bool:
    """Whether a size that is left out or that no weight shows has no meaning or the same."""
    if key == "type_vocab_size" and key not in found:
        return architecture == "bert"
    # Of the relative positions only the number of buckets is a shape; a missing one is 32.
    return key == "relative_attention_num_buckets" and key not in found


def _judge_bilstm(found: dict[str, Any]) -> Verdict:
    if found.get("model_type") != BILSTM["model_type"]:
        return refuse("model_type")
    for key, value in found.items():
        if key == "model_type":
            continue
        if key not in BILSTM:
            return refuse(f"key {key!r:.60}")
        default: Any = BILSTM[key]
        if isinstance(default, bool) != isinstance(value, bool):
            return refuse(key)
        if isinstance(default, float):
            if not isinstance(value, int | float) or not 0 <= value < 1:
                return refuse(key)
        elif (
            not isinstance(value, int)
            or (not isinstance(value, bool) and not 1 <= value <= 2**31)
            or (key == "longest_word" and value > 1000)
        ):
            return refuse(key)
    return either()


SUBJECT = Encoders
