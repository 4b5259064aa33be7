"""The RANDOM-INIT tables: the effect of each pair of layers within and across languages.

Muller, Elazar, Sagot & Seddah (EACL 2021), table 1: one row for each source on itself (``EN-EN``)
and on the mean of all other targets (``EN-X``), with the score of the pretrained encoder (REF) and
its change if a pair of layers is re-initialised before fine-tuning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..corpora.source_sets import members
from ..encoders.ablations import NONE, parse, published_columns
from ..runtime.errors import InputError
from .scores import counts_of_models
from .statistics.significance import (
    Difference,
    change_columns,
    holm,
    influence_values,
    mean_difference,
    sum_by_cluster,
)

CROSS_LINGUAL = "X"
CHANGE = ("", "_sd", "_low", "_high", "_p", "_error_ratio")
"""Suffixes of the columns of a change."""
_CELL = ["encoder", "task", "metric", "source", "target", "ablation"]
_GROUP = ["encoder", "task", "metric", "source", "target"]


@dataclass(frozen=True)
class Cell:
    """The models of one encoder, source and ablation on one target, or on the mean of targets.

    Attributes:
        values: score of each seed in percent, by seed.
        influences: influence values of sentences, or of clusters of parallel sentences, on the
            score of each seed; shape (seeds, sentences).
        sentences: identifiers of the sentences or clusters; shape (sentences,).
    """

    values: pd.Series
    influences: np.ndarray
    sentences: np.ndarray

    def minus(self, reference: Cell) -> Difference | None:
        """The difference from a reference with the same seeds, paired by seed and sentence.

        Returns:
            ``None`` if the reference is scored on other sentences. Their order does not matter.
        """
        theirs = reference.influences
        if not np.array_equal(self.sentences, reference.sentences):
            places = {name: place for place, name in enumerate(reference.sentences)}
            order = [places.get(name, -1) for name in self.sentences]
            # The same names, each of them once.
            if sorted(order) != list(range(len(reference.sentences))):
                return None
            theirs = theirs[:, order]
        differences = (self.values - reference.values).to_numpy()
        return mean_difference(differences, self.influences - theirs)


CHANGES = ("change", "change_sd", "change_low", "change_high", "change_p")
"""Columns of the difference from a reference."""


def change_from(cell: Cell, reference: Cell | None, name: str = "change") -> dict[str, float]:
    """The difference from a reference: the columns ``CHANGES``, NaN where there is none."""
    found = None if reference is None else cell.minus(reference)
    deviation = float("nan")
    if reference is not None and found is not None:
        deviation = (cell.values - reference.values).std()
    return change_columns(name, found, deviation)


def by_target(scores: pd.DataFrame) -> pd.DataFrame:
    """Score and change for every target: mean and standard deviation over seeds.

    The change of a seed is its score with the ablation minus its score without. Standard deviations
    are sample deviations (n − 1), empty for a single seed. Confidence interval and p-value of the
    change follow ``statistics.significance``. In the mean over targets, sentences of different
    targets with the same identifier are parallel and form a cluster. The error ratio is the error
    (100 minus the mean score) with the ablation over the error without, empty if the latter is 0.

    Args:
        scores: tidy rows from ``analyses.scores.read_scores``.

    Returns:
        One row per encoder, task, metric, source, target (``X`` included) and ablation, with
        ``mean``, ``sd``, ``delta`` with the suffixes of ``CHANGE``, and ``seeds``.

    Raises:
        InputError: an ablation is scored on other sentences than the reference.
    """
    cells = cells_of(scores)
    rows = []
    for key, cell in cells.items():
        values = cell.values
        row = {**dict(zip(_CELL, key, strict=True)), "mean": values.mean(), "sd": values.std()}
        row |= {f"delta{ending}": float("nan") for ending in CHANGE}
        reference = (*key[:-1], NONE)
        if key != reference:
            row |= change_from(cell, cells[reference], "delta")
            # Scores are numbers, so there is a difference unless the sentences are others.
            if np.isnan(row["delta"]):
                name = ", ".join(key)
                raise InputError(
                    f"scores: {name}: scored on other sentences than {NONE}; score it again"
                )
            error = 100 - cells[reference].values.mean()
            if error > 0:
                row["delta_error_ratio"] = (100 - values.mean()) / error
        rows.append({**row, "seeds": len(values)})
    return pd.DataFrame(rows)


def cells_of(scores: pd.DataFrame) -> dict[tuple[str, ...], Cell]:
    """The cells of a table: encoder, task, metric, source, target, ablation → models.

    Args:
        scores: tidy rows from ``analyses.scores.read_scores``.

    Returns:
        One cell for each target; the means over the targets other than the source (``X``) are last.
    """
    cells = {}
    for key, part in scores.groupby(_CELL, sort=False):
        part = part.sort_values("seed")
        influences = influence_values(*counts_of_models(part)).mean(axis=0)
        identifiers = part["sentence_ids"].iloc[0]
        cells[key] = Cell(part.set_index("seed")["value"], influences, identifiers)
    over_targets: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for key in cells:
        *model, source, target, ablation = key
        if target not in members(source):
            over_targets.setdefault((*model, source, CROSS_LINGUAL, ablation), []).append(key)
    means = {key: mean_over_targets([cells[k] for k in keys]) for key, keys in over_targets.items()}
    return cells | means


def mean_over_targets(cells: Sequence[Cell]) -> Cell:
    """The mean of the scores on several test sets, whose sentences of one identifier are parallel.

    Args:
        cells: cells with the same seeds, one per test set.

    Returns:
        The mean, with one influence value per distinct identifier, in order of appearance.
    """
    clusters, distinct = pd.factorize(np.concatenate([cell.sentences for cell in cells]))
    influences = np.concatenate([cell.influences for cell in cells], axis=1) / len(cells)
    values = sum(cell.values for cell in cells) / len(cells)
    return Cell(values, sum_by_cluster(influences, clusters, len(distinct)), distinct)


def published_shape(
    table: pd.DataFrame, metrics: dict[str, str], sources: Sequence[str], ablations: Sequence[str]
) -> pd.DataFrame:
    """The table in its published form.

    Args:
        table: table from ``by_target``.
        metrics: task → its main metric.
        sources: languages in the order of the rows.
        ablations: ablations whose columns follow REF, in order.

    Returns:
        For each encoder and task one row per source on itself, then one row per source on ``X``;
        columns ``source_target``, ``REF``, ``REF_sd`` and, for each pair of layers, the change with
        the suffixes of ``CHANGE`` (``1-2``, ``1-2_sd``, ``1-2_low``, …). Cells of ablations that
        were not run for a source are empty.
    """
    table = table[table["metric"] == table["task"].map(metrics)]
    columns = published_columns(ablations)
    rows = []
    for (encoder, task), part in table.groupby(["encoder", "task"], sort=False):
        present = [source for source in sources if source in set(part["source"])]
        # A set of sources has a row for each of its languages.
        pairs = [(source, language) for source in present for language in members(source)]
        for source, target in [*pairs, *((source, CROSS_LINGUAL) for source in present)]:
            cells = part[(part["source"] == source) & (part["target"] == target)]
            cells = cells.set_index("ablation")
            row = {
                "encoder": encoder,
                "task": task,
                "source_target": f"{source.upper()}-{target.upper()}",
                "REF": cells.loc[NONE, "mean"],
                "REF_sd": cells.loc[NONE, "sd"],
            }
            changes = cells.reindex([*columns])
            for ablation, name in columns.items():
                for suffix in CHANGE:
                    row[f"{name}{suffix}"] = changes.loc[ablation, f"delta{suffix}"]
            rows.append(row)
    return pd.DataFrame(rows)


def holm_by_row(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, pd.Series]:
    """Holm-adjusted p-values of the columns, by row (``published_shape``).

    Args:
        table: table with ``<column>_p`` for each column.
        columns: pairs of layers.

    Returns:
        Column → adjusted p-values by row.
    """
    p_values = table[[f"{name}_p" for name in columns]].to_numpy(float)
    adjusted = np.array([holm(row) for row in p_values]).reshape(p_values.shape)
    return {name: pd.Series(adjusted[:, n], table.index) for n, name in enumerate(columns)}


def holm_by_group(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Holm-adjusted p-values of ``delta``, over the ablations of one kind per source and target.

    The never-pretrained control concerns no specific layers, so its p-value is not adjusted.
    """
    adjusted = table["delta_p"].copy()
    kinds = table["ablation"].map(lambda name: parse(name).kind)
    layers = table[kinds != ""]
    for _, part in layers.groupby([*_GROUP, kinds[layers.index]], sort=False):
        adjusted[part.index] = holm(part["delta_p"].to_numpy())
    return {"delta": adjusted}
