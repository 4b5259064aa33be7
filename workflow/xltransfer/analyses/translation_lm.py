"""Tables of what translation language modelling changes: use of a translation, and retrieval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from ..records import paths
from ..runtime.errors import InputError
from .statistics.significance import (
    Difference,
    holm,
    influence_values,
    mean_difference,
    scores_of_counts,
)

MASKED, RETRIEVAL = "masked subwords", "retrieval"
ALONE = "alone"
KEYS = ["measure", "language", "context", "layer"]


@dataclass(frozen=True)
class Counts:
    """Counts of one measure over seeds.

    Attributes:
        numerators, denominators: shape (seeds, sentences).
    """

    numerators: np.ndarray
    denominators: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """The score of each seed, in percent; shape (seeds,)."""
        return scores_of_counts(self.numerators, self.denominators)

    def minus(self, other: Counts) -> Difference:
        """The difference to counts of the same sentences; one seed is paired with all."""
        differences = self.scores - other.scores
        own, others = (influence_values(c.numerators, c.denominators) for c in (self, other))
        return mean_difference(differences, own - others)


Measured = dict[tuple[str, str], dict[tuple[Any, ...], Counts]]
"""Counts by encoder and parallel text, and by the values of ``KEYS``."""


def read_measured(results: str, config: Mapping[str, Any]) -> tuple[Measured, dict[str, dict]]:
    """The measurements of all encoders, joined over seeds, and facts about each text.

    Args:
        results: folder of results.
        config: ``states`` and ``texts``.

    Raises:
        InputError: a file is damaged, or encoders were measured on different sentences.
    """
    found: dict[tuple[str, str], list[pd.DataFrame]] = {}
    facts: dict[str, dict] = {}
    for encoder, state in config["states"]:
        for text in config["texts"]:
            path = Path(paths.translation_context(results, encoder, state, text))
            try:
                table = parquet.read_table(path)
                about = json.loads((table.schema.metadata or {})[b"facts"])
            except (OSError, ValueError, KeyError) as error:
                raise InputError(f"{path}: cannot be read ({error}); measure it again") from None
            found.setdefault((encoder, text), []).append(table.to_pandas(ignore_metadata=True))
            facts[f"{encoder} {text}"] = about
    return {key: _joined(frames) for key, frames in found.items()}, facts


def _joined(frames: Sequence[pd.DataFrame]) -> dict[tuple[Any, ...], Counts]:
    rows = [
        {
            tuple(row[key] for key in KEYS): row
            for row in frame.fillna({"layer": -1}).to_dict("records")
        }
        for frame in frames
    ]
    names = ("numerators", "denominators")
    return {
        key: Counts(*(np.array([row[key][name] for row in rows]) for name in names))
        for key in rows[0]
    }


def context_table(measured: Measured, reference: str) -> pd.DataFrame:
    """Accuracy at masked subwords by context, its gain over no context, and encoders compared.

    Args:
        measured: counts from ``read_measured``.
        reference: encoder that the others are compared with.

    Returns:
        A row per encoder, parallel text, language of the masked subwords and context: ``accuracy``
        in percent with ``accuracy_sd`` over seeds; ``gain`` over the sentence ``alone``, in points,
        with confidence interval and p-value; ``change`` from the reference encoder in the same
        context, likewise.
    """
    rows = []
    for (encoder, text), counts in measured.items():
        for (measure, language, context, layer), own in counts.items():
            if measure != MASKED:
                continue
            key = measure, language, ALONE, layer
            gain = own.minus(counts[key]) if context != ALONE else None
            of_reference = measured[reference, text].get((measure, language, context, layer))
            change = None if encoder == reference else _change(own, of_reference)
            rows.append(
                {
                    "encoder": encoder,
                    "parallel_text": text,
                    "language": language,
                    "context": context,
                    **_scores(own),
                    **_columns("gain", gain),
                    **_columns("change", change),
                    "masked_subwords": int(own.denominators[0].sum()),
                }
            )
    return pd.DataFrame(rows, columns=CONTEXT_COLUMNS)


def retrieval_by_layer(measured: Measured, reference: str) -> pd.DataFrame:
    """Retrieval of translations by layer, and encoders compared.

    Returns:
        A row per encoder, parallel text, language of the query and layer: ``accuracy`` in percent
        with ``accuracy_sd`` over seeds, and ``change`` from the reference encoder, in points.
    """
    rows = []
    for (encoder, text), counts in measured.items():
        for (measure, language, context, layer), own in counts.items():
            if measure != RETRIEVAL:
                continue
            of_reference = measured[reference, text].get((measure, language, context, layer))
            change = None if encoder == reference else _change(own, of_reference)
            rows.append(
                {
                    "encoder": encoder,
                    "parallel_text": text,
                    "language": language,
                    "layer": int(layer),
                    **_scores(own),
                    **_columns("change", change),
                    "sentences": own.numerators.shape[1],
                }
            )
    return pd.DataFrame(rows, columns=RETRIEVAL_COLUMNS)


_SCORE = ["accuracy", "accuracy_sd", "seeds"]
_ENDS = ("", "_low", "_high", "_p")
_GAIN, _CHANGE = ([f"{name}{end}" for end in _ENDS] for name in ("gain", "change"))
_OF = ["encoder", "parallel_text", "language"]
CONTEXT_COLUMNS = [*_OF, "context", *_SCORE, *_GAIN, *_CHANGE, "masked_subwords"]
RETRIEVAL_COLUMNS = [*_OF, "layer", *_SCORE, *_CHANGE, "sentences"]


def adjusted(table: pd.DataFrame, column: str) -> pd.Series:
    """P-values of a column, adjusted for all tests of the table (Holm)."""
    return pd.Series(holm(table[f"{column}_p"].to_numpy(dtype=float)), index=table.index)


def _change(own: Counts, reference: Counts | None) -> Difference | None:
    """The difference from the reference encoder, if it was measured on the same subwords."""
    if reference is None or own.denominators.shape[1] != reference.denominators.shape[1]:
        return None
    same = (own.denominators[0] == reference.denominators[0]).all()
    return own.minus(reference) if same else None


def _scores(counts: Counts) -> dict[str, float]:
    scores = counts.scores
    spread = scores.std(ddof=1) if len(scores) > 1 else np.nan
    return {"accuracy": scores.mean(), "accuracy_sd": spread, "seeds": len(scores)}


def _columns(name: str, difference: Difference | None) -> dict[str, float]:
    if difference is None:
        return {f"{name}{end}": np.nan for end in _ENDS}
    return {
        name: float(difference.mean),
        f"{name}_low": float(difference.low),
        f"{name}_high": float(difference.high),
        f"{name}_p": float(difference.p_value),
    }
