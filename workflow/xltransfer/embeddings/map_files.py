"""Files of maps between spaces of word vectors, and what is known about how a map was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..runtime.errors import InputError
from ..runtime.files import canonical_json, replacing


@dataclass(frozen=True)
class MapReport:
    """How a map was found.

    Attributes:
        seed_pairs: pairs that the first map was computed from; 0 if it had another start.
        criterion: mean CSLS cosine of the final map.
        reference: criterion of other methods without a dictionary on the same vectors, if the
            method is compared with them.
        converged: whether the criterion reaches the reference; ``None`` without reference.
    """

    seed_pairs: int
    criterion: float
    reference: float | None = None
    converged: bool | None = None


def save_map(path: Path | str, mapping: np.ndarray, report: MapReport) -> None:
    """Write a map as safetensors: the tensor ``mapping``, the report as metadata."""
    with replacing(path) as temporary:
        metadata = {"report": canonical_json(asdict(report))}
        save_file({"mapping": np.ascontiguousarray(mapping)}, temporary, metadata)


def load_map(path: Path | str) -> tuple[np.ndarray, Mapping[str, object]]:
    """The map and its report as JSON content.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return file.get_tensor("mapping"), json.loads(file.metadata()["report"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not a file of a map ({error}); delete it and run again"
        ) from None
