"""Zero-shot scores against similarity of two languages: shared pieces or typological features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from .overlap import overlap
from .similarity.headline import OVER_SOURCES
from .statistics.correlation import correlate
from .word_order import shared_features


def overlap_table(
    scores: pd.DataFrame, pieces: Callable[[str, str, str, str], Sequence[set[str]]]
) -> pd.DataFrame:
    """Piece overlap of source training data and target test data, against the score.

    Args:
        scores: table from ``zeroshot_scores``.
        pieces: pieces by encoder, task, language and split (``train`` or ``test``); several sets of
            training pieces if each seed samples sentences.

    Returns:
        The scores with ``overlap`` in percent, the mean over seeds.
    """
    values = []
    for row in scores.itertuples():
        trained_on = pieces(row.encoder, row.task, row.source, "train")
        (tested_on,) = pieces(row.encoder, row.task, row.target, "test")
        overlaps = [overlap(training, tested_on) for training in trained_on]
        values.append(sum(overlaps) / len(overlaps))
    return scores.assign(overlap=values)


def word_order_table(
    scores: pd.DataFrame, features: Mapping[str, Mapping[str, str]], names: Sequence[str]
) -> pd.DataFrame:
    """Number of features that source and target share, against the score.

    Args:
        scores: table from ``zeroshot_scores``.
        features: language → feature → value.
        names: names of the features to compare.

    Returns:
        The scores with ``shared``, ``comparable`` (features with a value in both languages; 0 for a
        language without values) and ``features`` (number of all features). Of a set of sources, the
        language counts that shares most.
    """
    pairs = [
        max(
            shared_features(features.get(language, {}), features.get(row.target, {}), names)
            for language in members(row.source)
        )
        for row in scores.itertuples()
    ]
    return scores.assign(
        shared=[shared for shared, _ in pairs],
        comparable=[comparable for _, comparable in pairs],
        features=len(names),
    )


def zeroshot_scores(table: pd.DataFrame, metrics: Mapping[str, str]) -> pd.DataFrame:
    """Mean scores without ablation of every source on every other language.

    Args:
        table: table ``randominit_by_target.csv``.
        metrics: task → its main metric.

    Returns:
        ``encoder``, ``task``, ``metric``, ``source``, ``target``, ``score``.
    """
    chosen = table[(table["metric"] == table["task"].map(metrics)) & (table["ablation"] == NONE)]
    own = [row.target in ("X", *members(row.source)) for row in chosen.itertuples()]
    chosen = chosen[~np.array(own, dtype=bool)]
    columns = ["encoder", "task", "metric", "source", "target", "mean"]
    return chosen[columns].rename(columns={"mean": "score"}).reset_index(drop=True)


def correlations(table: pd.DataFrame, column: str, families: Mapping[str, str]) -> pd.DataFrame:
    """Spearman's ρ between a column and the score over target languages, for each encoder and task.

    Args:
        table: table with ``source``, ``target``, ``score`` and the column; rows without a value are
            excluded.
        column: name of the column.
        families: language → its family.

    Returns:
        One row per source, and one for their mean (``source`` is ``mean``): ``spearman`` with its
        confidence interval over families, ``p_value`` of a permutation test over target languages,
        ``targets`` and ``families``, as ``statistics.correlation.correlate`` defines them.
    """
    rows = []
    for (encoder, task, metric), part in table.groupby(["encoder", "task", "metric"], sort=False):
        sources = list(dict.fromkeys(part["source"]))
        targets = list(dict.fromkeys(part["target"]))
        known = part[part[column].notna()]
        sides = [
            known.pivot(index="source", columns="target", values=name)
            .reindex(index=sources, columns=targets)
            .to_numpy(float)
            for name in (column, "score")
        ]
        groups = [families[target] for target in targets]
        common = {"encoder": encoder, "task": task, "metric": metric, "against": column}
        for number, source in enumerate(sources):
            of_source = (side[[number]] for side in sides)
            rows.append({**common, "source": source, **correlate(*of_source, groups).columns})
        rows.append({**common, "source": OVER_SOURCES, **correlate(*sides, groups).columns})
    return pd.DataFrame(rows)
