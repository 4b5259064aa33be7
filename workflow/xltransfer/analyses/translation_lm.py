"""Tables of what translation language modelling changes: use of a translation, and retrieval."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from ..records import paths
from ..runtime.errors import InputError
from .statistics.significance import (
    ENDS,
    Difference,
    change_columns,
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
    return pd.DataFrame([*_rows(measured, reference, MASKED)], columns=CONTEXT_COLUMNS)


def retrieval_by_layer(measured: Measured, reference: str) -> pd.DataFrame:
    """Retrieval of translations by layer, and encoders compared.

    Returns:
        A row per encoder, parallel text, language of the query and layer: ``accuracy`` in percent
        with ``accuracy_sd`` over seeds, and ``change`` from the reference encoder, in points.
    """
    return pd.DataFrame([*_rows(measured, reference, RETRIEVAL)], columns=RETRIEVAL_COLUMNS)


def _rows(measured: Measured, reference: str, wanted: str) -> Iterator[dict[str, Any]]:
    """The rows of a measure, with the columns of both tables."""
    for (encoder, text), counts in measured.items():
        for key, own in counts.items():
            measure, language, context, layer = key
            if measure != wanted:
                continue
            gain = change = None
            if measure == MASKED and context != ALONE:
                gain = own.minus(counts[measure, language, ALONE, layer])
            of_reference = measured[reference, text].get(key)
            # The reference encoder may have been measured on other units.
            if encoder != reference and of_reference and own.comparable(of_reference):
                change = own.minus(of_reference)
            scores = own.scores
            yield {
                "encoder": encoder,
                "parallel_text": text,
                "language": language,
                "context": context,
                "layer": int(layer),
                "accuracy": scores.mean(),
                "accuracy_sd": scores.std(ddof=1) if len(scores) > 1 else np.nan,
                "seeds": len(scores),
                **change_columns("gain", gain),
                **change_columns("change", change),
                "masked_subwords": int(own.denominators[0].sum()),
                "sentences": own.numerators.shape[1],
            }


_SCORE = ["accuracy", "accuracy_sd", "seeds"]
_GAIN, _CHANGE = ([f"{name}{end}" for end in ENDS] for name in ("gain", "change"))
_OF = ["encoder", "parallel_text", "language"]
CONTEXT_COLUMNS = [*_OF, "context", *_SCORE, *_GAIN, *_CHANGE, "masked_subwords"]
RETRIEVAL_COLUMNS = [*_OF, "layer", *_SCORE, *_CHANGE, "sentences"]


def adjusted(table: pd.DataFrame, column: str) -> pd.Series:
    """P-values of a column, adjusted for all tests of the table (Holm)."""
    return pd.Series(holm(table[f"{column}_p"].to_numpy(dtype=float)), index=table.index)
