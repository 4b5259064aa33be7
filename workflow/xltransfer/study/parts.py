"""Parts of a study: its encoders."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..safe_values import check_no_credentials, printable

_SPECIAL = re.compile(r"[{}<>\[\]*?$~\\\"'`|;&\x00-\x1f\x7f]")
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


def read_mirrors(items: Sequence[str]) -> list[str]:
    """The section `mirrors` of the configuration, the environment's variables in place.

    Raises:
        InputError: a variable is not set, or as of `check_mirrors`.
    """
    check_mirrors(items)
    return [expand(item, f"mirrors.{number}") for number, item in enumerate(items)]


def check_mirrors(items: Sequence[str]) -> None:
    """Refuse mirrors that would give something away.

    Variables that are not set are left alone: only a job that fetches something needs them.

    Raises:
        InputError: an address carries a password, is of an unknown kind, or has a variable inside:
            what is in the environment, access tokens among it, would be sent to the server.
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
    """Refuse a folder of results whose path wildcards, shells or Snakemake would read otherwise.

    Raises:
        InputError: a relative path leaves the study's folder or enters a hidden one, or a path has
            characters with a meaning for Snakemake.
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
    """A text of the configuration with the environment's variables in place; ``key`` names it."""
    expanded = os.path.expanduser(os.path.expandvars(text))
    unset = re.search(r"\$\{?(\w+)", expanded)
    if unset:
        raise InputError(
            f"config: {key}: the environment variable {unset[1]} is not set; set it or write a path"
        )
    return expanded
