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
        identifiers: identifiers of the sentences' pairs.
    """

    numerators: np.ndarray
    denominators: np.ndarray
    identifiers: tuple[str, ...] = ()

    @property
    def scores(self) -> np.ndarray:
        """The score of each seed, in percent; shape (seeds,)."""
        return scores_of_counts(self.numerators, self.denominators)

    def minus(self, other: Counts) -> Difference:
        """The difference to counts of the same sentences; a single seed is paired with all."""
        differences = self.scores - other.scores
        own, others = (influence_values(c.numerators, c.denominators) for c in (self, other))
        return mean_difference(differences, own - others)

    def comparable(self, other: Counts) -> bool:
        """Whether both count the same units of the same sentences, with every seed."""
        return self.identifiers == other.identifiers and bool(
            (self.denominators == other.denominators[:1]).all()
            and (other.denominators == other.denominators[:1]).all()
        )


Measured = dict[tuple[str, str], dict[tuple[Any, ...], Counts]]
"""Counts by encoder and parallel text, and by the values of ``KEYS``."""


def read_measured(results: str, config: Mapping[str, Any]) -> tuple[Measured, dict[str, int]]:
    """The measurements of all encoders, joined over seeds.

    Seeds with vocabularies of their own may leave out different pairs; the others are compared.

    Args:
        results: folder of results.
        config: ``states`` and ``texts``.

    Returns:
        The counts, and for each parallel text the largest number of pairs that were left out.

    Raises:
        InputError: a file is damaged.
    """
    found: dict[tuple[str, str], list[tuple[pd.DataFrame, list[str]]]] = {}
    left_out = dict.fromkeys(config["texts"], 0)
    for encoder, state in config["states"]:
        for text in config["texts"]:
            path = Path(paths.translation_context(results, encoder, state, text))
            try:
                table = parquet.read_table(path)
                facts = json.loads((table.schema.metadata or {})[b"facts"])
            except (OSError, ValueError, KeyError) as error:
                raise InputError(f"{path}: cannot be read ({error}); measure it again") from None
            frame = table.to_pandas(ignore_metadata=True)
            found.setdefault((encoder, text), []).append((frame, facts["identifiers"]))
            dropped = facts["pairs"] - len(facts["identifiers"])
            left_out[text] = max(left_out[text], dropped)
    return {key: _joined(measured) for key, measured in found.items()}, left_out


def _joined(
    measured: Sequence[tuple[pd.DataFrame, list[str]]],
) -> dict[tuple[Any, ...], Counts]:
    common = set.intersection(*(set(identifiers) for _, identifiers in measured))
    rows, places = [], []
    for frame, identifiers in measured:
        records = frame.fillna({"layer": -1}).to_dict("records")
        rows.append({tuple(row[key] for key in KEYS): row for row in records})
        places.append([n for n, name in enumerate(identifiers) if name in common])
    known = tuple(name for name in measured[0][1] if name in common)

    def counts(key: tuple[Any, ...], name: str) -> np.ndarray:
        both = zip(rows, places, strict=True)
        return np.array([np.asarray(row[key][name])[kept] for row, kept in both])

    return {
        key: Counts(counts(key, "numerators"), counts(key, "denominators"), known)
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
    """The difference from the reference encoder, if it was measured on the same units."""
    if reference is None or not own.comparable(reference):
        return None
    return own.minus(reference)


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
