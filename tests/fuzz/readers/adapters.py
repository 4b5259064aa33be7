"""``config.json`` of an encoder with a language adapter, next to weights that stay as they are.

The oracle knows which keys are needed, which sizes the weights have, and that the encoder below
must be the one with the checksums.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from encoders import LAYERS, make_encoder
from safetensors.torch import save_file
from xltransfer.encoders.adapted_directories import describe, fill, load_adapted, reference_free
from xltransfer.encoders.adapters import AdapterSettings, add_level
from xltransfer.encoders.transformer import load_encoder

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import json_bytes, mutated_json

VALUES: list[Any] = [
    "relu", "gelu", "none", True, False, None, -1, 0, 1, 3, 4, 5, 2**40, 1.5, [], [1], [9], ["1"],
    "nowhere", "/", "../..", "a\x00b", "x" * 5000, {}, {"size": 3}, "0" * 64, "<results>/x",
]  # fmt: skip
SETTINGS = AdapterSettings(3, leave_out=(2,), invertible=True, invertible_size=5)


@dataclass(frozen=True)
class Config:
    """The bytes of a ``config.json``, and whether they are the original."""

    data: bytes
    original: bool


class Adapters(Reader):
    """``load_adapted``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        torch.set_num_threads(1)
        below = make_encoder(folder / "below")
        network = load_encoder(below)
        add_level(network, SETTINGS)
        self.base = describe(network, below)
        (folder / "adapter").mkdir()
        own = {f"bert.{name}": v.detach() for name, v in reference_free(network).items()}
        save_file(own, folder / "adapter" / "model.safetensors", {"format": "pt"})

    def make(self, rng: random.Random) -> Config:
        content: Any = self.base
        changes = rng.choice([0, 1, 1, 1, 2])
        for _ in range(changes):
            content = mutated_json(rng, content, VALUES) if content else content
        data = json_bytes(rng, content) if changes else json.dumps(content).encode()
        return Config(data, not changes)

    def judge(self, content: Config) -> Verdict:
        if content.original:
            return accept()
        try:
            found = json.loads(content.data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return refuse("no JSON")
        if not isinstance(found, dict):
            return refuse("no object")
        below, base = found.get("below"), self.base["below"]
        if not isinstance(below, dict) or any(below.get(key) != base[key] for key in base):
            return refuse("another encoder below")
        if found.get("complete") is not False:
            return refuse("weights of the whole encoder are not there")
        if found.get("changed_layers") != []:
            return refuse("re-initialised layers are not there")
        return _judge_settings(found.get("adapter"), self.base["adapter"])

    def read(self, content: Config) -> Any:
        directory = self.folder / "adapter"
        (directory / "config.json").write_bytes(content.data)
        network = load_adapted(directory)
        fill(network, directory, with_head=False)


def _judge_settings(found: Any, base: dict[str, Any]) -> Verdict:
    if not isinstance(found, dict) or set(found) - set(base):
        return refuse("settings")
    if type(found.get("size")) is not int or found["size"] != base["size"]:
        return refuse("another size than that of the weights")
    left_out = found.get("leave_out", [])
    known = isinstance(left_out, list) and all(type(n) is int and 0 < n <= LAYERS for n in left_out)
    if not known or not {2} <= set(left_out) or len(set(left_out)) == LAYERS:
        return refuse("layers")
    return either()


SUBJECT = Adapters
