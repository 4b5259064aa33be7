"""Reading of an encoder's ``config.json``.

Models of transformers raise various errors for invalid values, which become errors of the file.
Numbers for which building a model would take forever are rejected first.
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
"""Maximum number of layers; the largest encoders have a tenth."""
GREATEST = 1 << 31
"""Maximum absolute value of integers."""


def read_config(directory: Path) -> PretrainedConfig:
    """The configuration of an encoder directory.

    Raises:
        InputError: ``config.json`` is missing, is not JSON, has an invalid value, or names another
            weights file or an unsupported architecture (``families``).
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
        # The cache of keys and values is only needed for text generation.
        config.use_cache = False
    if getattr(config, "chunk_size_feed_forward", 0):
        # Chunks only save memory, and every input would have to be a multiple of their size.
        config.chunk_size_feed_forward = 0
    return config


def check_numbers(content: Mapping[str, Any], place: str) -> None:
    """Reject numbers of layers and other integers that no model has.

    Args:
        content: configuration of transformers.
        place: its name in the message.

    Raises:
        InputError: a number is out of range; names the key.
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
    """Report errors of transformers as errors of a file.

    Args:
        place: file, the beginning of the message.
        remedy: end of the message.

    Raises:
        InputError: the block fails; in one line.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # models raise any kind of error for an invalid configuration
        raise InputError(f"{place}: {reason_of(error)}; {remedy}") from None


def reason_of(error: Exception) -> str:
    """The first two lines of an error as one; the first line often has only the location."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__
