"""Zero-shot scores and what two languages have in common: pieces, or typological features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from ..encoders.ablations import NONE
from .overlap import overlap
from .similarity.headline import OVER_SOURCES
from .statistics.correlation import Correlation, correlate
from .word_order import shared_features


def overlap_table(
    scores: pd.DataFrame, pieces: Callable[[str, str, str, str], Sequence[set[str]]]
) -> pd.DataFrame:
    """Overlap of the pieces of source training and target test data, against the score.

    Args:
        scores: from ``zeroshot_scores``.
        pieces: of an encoder, task, language and split (``train`` or ``test``): of the training
            data those of each seed, where seeds draw their own sentences.

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
        scores: from ``zeroshot_scores``.
        features: language → feature → value.
        names: which features.

    Returns:
        The scores with ``shared``, ``comparable`` (features with a value in both languages) and
        ``features`` (of all): a language without values has 0 comparable ones.
    """
    pairs = [
        shared_features(features.get(row.source, {}), features.get(row.target, {}), names)
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
        table: ``randominit_by_target.csv``.
        metrics: task → its main metric.

    Returns:
        ``encoder``, ``task``, ``metric``, ``source``, ``target``, ``score``.
    """
    chosen = table[
        (table["metric"] == table["task"].map(metrics))
        & (table["ablation"] == NONE)
        & (table["target"] != "X")
        & (table["target"] != table["source"])
    ]
    columns = ["encoder", "task", "metric", "source", "target", "mean"]
    return chosen[columns].rename(columns={"mean": "score"}).reset_index(drop=True)


def correlations(table: pd.DataFrame, column: str, families: Mapping[str, str]) -> pd.DataFrame:
    """Spearman's ρ between a column and the score over target languages, for each encoder and task.

    Args:
        table: with ``source``, ``target``, ``score`` and the column; rows in which it is empty are
            left out.
        column: which one.
        families: language → its family.

    Returns:
        A row per source, and one for their mean (``source`` is ``mean``): ``spearman`` with its
        interval over families, ``p_value`` of permuted target languages, ``targets`` and
        ``families``, as ``statistics.correlation.correlate`` defines them.
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
            rows.append({**common, "source": source, **_columns(correlate(*of_source, groups))})
        rows.append({**common, "source": OVER_SOURCES, **_columns(correlate(*sides, groups))})
    return pd.DataFrame(rows)


def _columns(found: Correlation) -> dict[str, float]:
    return {
        "spearman": found.rho,
        "spearman_low": found.low,
        "spearman_high": found.high,
        "p_value": found.p_value,
        "targets": found.languages,
        "families": found.families,
    }
