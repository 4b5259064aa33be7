"""Parts of a study: its encoders."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError

LAYERS = ("num_hidden_layers", "n_layers", "num_layers")
"""What the configurations of transformers call the number of layers."""


@dataclass(frozen=True)
class Encoder:
    """One encoder of a study.

    Attributes:
        name: as in paths and tables.
        layers: how many transformer layers it has.
        directory: where it lies, or will lie once it is fetched.
        hub: repository on the Hugging Face hub, or ``None`` for a local directory.
        revision: commit of the repository.
    """

    name: str
    layers: int
    directory: str
    hub: str | None = None
    revision: str | None = None


def read_encoders(items: Sequence[Mapping[str, Any]]) -> dict[str, Encoder]:
    """The section `encoders` of the configuration, by name."""
    encoders = {item["name"]: _read_encoder(item) for item in items}
    if len(encoders) < len(items):
        raise InputError("config: encoders: two encoders have the same name; rename one")
    return encoders


def _read_encoder(item: Mapping[str, Any]) -> Encoder:
    name = item["name"]
    given = [key for key in ("path", "hub") if key in item]
    if len(given) != 1 or ("hub" in item) != ("revision" in item):
        raise InputError(
            f"config: encoders: '{name}' needs either `path` or `hub` together with `revision`"
        )
    if "path" in item:
        return Encoder(name, item["layers"], expand(item["path"], f"encoders: '{name}'"))
    revision = item["revision"]
    directory = f"resources/downloads/models/{name}-{revision[:12]}"
    return Encoder(name, item["layers"], directory, item["hub"], revision)


def expand(text: str, key: str) -> str:
    """A text of the configuration with the environment's variables in place; ``key`` names it."""
    expanded = os.path.expanduser(os.path.expandvars(text))
    unset = re.search(r"\$\{?(\w+)", expanded)
    if unset:
        raise InputError(
            f"config: {key}: the environment variable {unset[1]} is not set; set it or write a path"
        )
    return expanded
