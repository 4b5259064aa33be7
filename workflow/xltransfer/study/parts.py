"""Parts of a study: its encoders."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..encoders.ablations import reinitialised
from ..encoders.families import layers_of
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..runtime.safe_values import check_no_credentials, printable

_SPECIAL = re.compile(r"[{}<>\[\]*?$~\\\"'`|;&\x00-\x1f\x7f]")
PAIRS = "pairs"
"""Ablation that stands for every pair of consecutive layers."""


@dataclass(frozen=True)
class Encoder:
    """One encoder of a study.

    Attributes:
        name: name in paths and tables.
        layers: number of transformer layers.
        directory: directory of the encoder, possibly not fetched yet.
        hub: repository on the Hugging Face hub, or ``None`` for a local directory.
        revision: commit of the repository.
        causal: whether attention is meant to be causal.
    """

    name: str
    layers: int
    directory: str
    hub: str | None = None
    revision: str | None = None
    causal: bool = False

    def configuration(self, root: Path) -> dict[str, Any] | None:
        """The content of its ``config.json``; ``None`` if it is missing or unreadable.

        The stage that opens the encoder reports unreadable files.

        Args:
            root: folder of the workflow.
        """
        try:
            content = read_json(root / self.directory / "config.json")
        except InputError:
            return None
        named = isinstance(content, dict) and isinstance(content.get("model_type"), str)
        return content if named else None


def read_encoders(items: Sequence[Mapping[str, Any]], root: Path) -> dict[str, Encoder]:
    """The section `encoders` of the configuration, by name.

    Args:
        items: section ``encoders``.
        root: folder of the workflow, to which directories are relative.

    Raises:
        InputError: two encoders share a name, an entry lacks a key, or the number of layers is
            neither given nor in ``config.json``.
    """
    encoders = {item["name"]: _read_encoder(item, root) for item in items}
    if len(encoders) < len(items):
        raise InputError("config: encoders: two encoders have the same name; rename one")
    return encoders


def _read_encoder(item: Mapping[str, Any], root: Path) -> Encoder:
    name = item["name"]
    given = [key for key in ("path", "hub") if key in item]
    if len(given) != 1 or ("hub" in item) != ("revision" in item):
        raise InputError(
            f"config: encoders: '{name}' needs either `path` or `hub` together with `revision`"
        )
    layers, causal = item.get("layers", 0), item.get("causal", False)
    if "path" in item:
        directory = expand(item["path"], f"encoders: '{name}'")
        encoder = Encoder(name, layers, directory, causal=causal)
    else:
        revision = item["revision"]
        directory = f"resources/downloads/models/{name}-{revision[:12]}"
        encoder = Encoder(name, layers, directory, item["hub"], revision, causal)
    if layers:
        return encoder
    found = layers_of(encoder.configuration(root) or {})
    if found is None:
        raise InputError(
            f"config: encoders: '{name}' has no `layers`, and {root / directory}/config.json is "
            "not there yet or does not say how many there are; write `layers`"
        )
    return replace(encoder, layers=found)


def expand_pairs(ablations: Sequence[str], encoders: Mapping[str, Encoder]) -> list[str]:
    """Ablations with `pairs` replaced by RANDOM-INIT of layers 1-2, 3-4, and so on.

    If the number of layers is odd, the last layer is re-initialised alone: `random-init-5-5`.

    Args:
        ablations: ablations of the configuration.
        encoders: encoders of the study.

    Raises:
        InputError: the encoders have different numbers of layers, or a pair is named as well.
    """
    if PAIRS not in ablations:
        return list(ablations)
    counts = {encoder.layers: encoder.name for encoder in encoders.values()}
    if len(counts) > 1:
        (one, first), (other, second) = list(counts.items())[:2]
        raise InputError(
            f"config: ablations: '{PAIRS}' are different layers of '{first}' ({one} layers) and "
            f"'{second}' ({other}); give each a study of its own"
        )
    last = next(iter(counts))
    pairs = [reinitialised(n, min(n + 1, last)) for n in range(1, last + 1, 2)]
    if twice := [ablation for ablation in ablations if ablation in pairs]:
        raise InputError(f"config: ablations: {twice[0]} is one of '{PAIRS}' already; remove it")
    place = ablations.index(PAIRS)
    return [*ablations[:place], *pairs, *ablations[place + 1 :]]


def read_mirrors(items: Sequence[str]) -> list[str]:
    """The section `mirrors` of the configuration, with environment variables expanded.

    Raises:
        InputError: a variable is not set, or as for `check_mirrors`.
    """
    check_mirrors(items)
    return [expand(item, f"mirrors.{number}") for number, item in enumerate(items)]


def check_mirrors(items: Sequence[str]) -> None:
    """Raise an error for mirrors that could leak secrets.

    Unset variables are accepted, because only download jobs need them.

    Raises:
        InputError: a URL contains a password, has an unknown scheme, or contains a variable, which
            could send access tokens from the environment to the server.
    """
    for number, item in enumerate(items):
        place, expanded = f"config: mirrors.{number}", os.path.expandvars(item)
        for address in (item, expanded):
            check_no_credentials(address, place)
        kind = expanded.partition("://")[0].lower() if "://" in expanded else "file"
        if kind not in ("file", "http", "https"):
            raise InputError(
                f"{place}: '{printable(item)}' is neither a folder nor an address with file://, "
                "http:// or https://; correct it"
            )
        if kind != "file" and "$" in item.removeprefix("$"):
            raise InputError(
                f"{place}: '{printable(item)}' would send what is in the environment to a server; "
                "write the address out, or keep all of it in one variable"
            )


def check_results(folder: str) -> None:
    """Raise an error for a folder of results that is unsafe in wildcards, shells or Snakemake.

    Raises:
        InputError: a relative path leaves the study's folder or enters a hidden one, or a path has
            characters with a special meaning in Snakemake.
    """
    parts = folder.strip("/").split("/")
    hidden = not folder.startswith("/") and any(part.startswith(".") for part in parts)
    dashed = any(part.startswith("-") for part in parts)
    if ".." in parts or "" in parts or hidden or dashed or _SPECIAL.search(folder):
        raise InputError(
            f"config: pathvars.results: '{printable(folder)}' is no folder for results: give a "
            "path inside this folder or an absolute one, without .., hidden folders and any of "
            "{}<>[]*?$~\\\"'` or control characters"
        )


def expand(text: str, key: str) -> str:
    """A text of the configuration (at ``key``) with environment variables expanded."""
    expanded = os.path.expanduser(os.path.expandvars(text))
    unset = re.search(r"\$\{?(\w+)", expanded)
    if unset:
        raise InputError(
            f"config: {key}: the environment variable {unset[1]} is not set; set it or write a path"
        )
    return expanded
