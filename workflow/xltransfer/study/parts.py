"""Parts of a configuration: pairs of layers, mirrors, the folder of results."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from ..encoders.ablations import reinitialised
from ..runtime.errors import InputError
from ..runtime.safe_values import check_no_credentials, printable

_SPECIAL = re.compile(r"[{}<>\[\]*?$~\\\"'`|;&\x00-\x1f\x7f]")
PAIRS = "pairs"
"""Ablation that stands for every pair of consecutive layers."""


def expand_pairs(ablations: Sequence[str], layers: Mapping[str, int]) -> list[str]:
    """Ablations with `pairs` replaced by RANDOM-INIT of layers 1-2, 3-4, and so on.

    If the number of layers is odd, the last layer is re-initialised alone: `random-init-5-5`.

    Args:
        ablations: ablations of the configuration.
        layers: number of layers of each encoder.

    Raises:
        InputError: the encoders have different numbers of layers, or a pair is named as well.
    """
    if PAIRS not in ablations:
        return list(ablations)
    counts = {number: name for name, number in layers.items()}
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
    for name in re.findall(r"\$\{?(\w+)", f"{text} {expanded}"):
        if not os.environ.get(name):
            state = "empty" if name in os.environ else "not set"
            raise InputError(
                f"config: {key}: the environment variable {name} is {state}; set it or write a path"
            )
    if re.search(r"\$\{?\w", expanded):
        raise InputError(
            f"config: {key}: '{printable(text)}' is expanded to a text with $, which is not "
            "expanded again; a variable must contain the path itself"
        )
    return expanded
