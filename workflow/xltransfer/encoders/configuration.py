"""Reading ``config.json`` of an encoder.

Any value of any key may make a model of transformers fail, in ways of its own: those errors are the
file's. Numbers at which building a model would take forever are refused before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..records.record import WEIGHTS
from ..runtime.errors import InputError
from ..runtime.files import read_json
from .families import LAYERS, family_of
from .lean_transformers import AutoConfig, PretrainedConfig

MOST_LAYERS = 1000
"""Of an encoder; the largest have a tenth."""
GREATEST = 1 << 31
"""Integer of a configuration."""


def read_config(directory: Path) -> PretrainedConfig:
    """The configuration of an encoder directory.

    Raises:
        InputError: ``config.json`` is missing, is no JSON, has a value that no model can have, or
            names another file of weights or an architecture that cannot be used (``families``).
    """
    path = directory / "config.json"
    if not path.exists():
        raise InputError(f"{path}: no such file; is this an encoder directory?")
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}:1: not a JSON object; is this the configuration of an encoder?")
    if not isinstance(content.get("model_type"), str):
        raise InputError(f"{path}:1: no model_type, which names the architecture; add it")
    weights = content.get("transformers_weights")
    if weights not in (None, WEIGHTS):
        raise InputError(
            f"{path}:1: transformers_weights names '{weights}', but weights are read from "
            f"{WEIGHTS}; remove the key"
        )
    check_numbers(content, str(path))
    family = family_of(content, str(path))
    with refusing(path):
        config = AutoConfig.from_pretrained(
            directory, local_files_only=True, trust_remote_code=False
        )
    if family.causal:
        # Keys and values of earlier positions are for generating text.
        config.use_cache = False
    return config


def check_numbers(content: Mapping[str, Any], place: str) -> None:
    """Refuse numbers of layers and other integers that no model has.

    Args:
        content: of a configuration of transformers.
        place: what to call it in the message.

    Raises:
        InputError: names the key.
    """
    for key, value in content.items():
        if isinstance(value, Mapping):
            check_numbers(value, place)
        if not isinstance(value, int):
            continue
        most = MOST_LAYERS if "layers" in key else GREATEST
        if abs(value) > most or (key in LAYERS and value < 1):
            raise InputError(
                f"{place}: '{key}' is {value}, which is not from 1 to {most}; correct it"
            )


@contextmanager
def refusing(place: Path | str, remedy: str = "correct the file") -> Iterator[None]:
    """Errors of transformers are those of a file.

    Args:
        place: the file, and what else precedes the error.
        remedy: ends the message.

    Raises:
        InputError: what is done within fails, in one line.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # models check their configuration by errors of any kind
        raise InputError(f"{place}: {reason_of(error)}; {remedy}") from None


def reason_of(error: Exception) -> str:
    """The first two lines of an error as one; the first alone often says only where it is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__
