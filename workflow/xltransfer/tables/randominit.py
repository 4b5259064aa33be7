"""The RANDOM-INIT tables: what each pair of layers is worth, at home and across languages.

Muller, Elazar, Sagot & Seddah (EACL 2021), table 1: a row for each source on itself (``EN-EN``) and
on the mean of all other targets (``EN-X``), the score of the pretrained encoder (REF) and its
change when a pair of layers is re-initialised before fine-tuning.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

REFERENCE = "none"
NEVER_PRETRAINED = "random-init-all"
CROSS_LINGUAL = "X"
_CELL = ["encoder", "task", "metric", "source", "target", "ablation"]


def with_cross_lingual_mean(scores: pd.DataFrame) -> pd.DataFrame:
    """Add the target ``X``: for each model the mean over all targets but its source.

    Args:
        scores: tidy rows with ``encoder``, ``task``, ``metric``, ``source``, ``target``,
            ``ablation``, ``seed`` and ``value``.
    """
    scores = scores[[*_CELL, "seed", "value"]]
    others = scores[scores["target"] != scores["source"]]
    by_model = [*(column for column in _CELL if column != "target"), "seed"]
    mean = others.groupby(by_model, sort=False, as_index=False)["value"].mean()
    return pd.concat([scores, mean.assign(target=CROSS_LINGUAL)], ignore_index=True)


def by_target(scores: pd.DataFrame) -> pd.DataFrame:
    """Every target on its own: score and change, mean and standard deviation over seeds.

    The change of a seed is its score after the ablation less its score without; deviations are
    sample deviations (n − 1), empty for a single seed.

    Args:
        scores: as for ``with_cross_lingual_mean``.

    Returns:
        A row per encoder, task, metric, source, target (``X`` included) and ablation, with
        ``mean``, ``sd``, ``delta``, ``delta_sd`` and ``seeds``.
    """
    scores = with_cross_lingual_mean(scores)
    key = [column for column in _CELL if column != "ablation"] + ["seed"]
    reference = scores[scores["ablation"] == REFERENCE].set_index(key)["value"]
    scores["delta"] = scores["value"] - reference.reindex(scores.set_index(key).index).to_numpy()
    groups = scores.groupby(_CELL, sort=False)
    table = groups.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        delta=("delta", "mean"),
        delta_sd=("delta", "std"),
        seeds=("seed", "nunique"),
    ).reset_index()
    is_reference = table["ablation"] == REFERENCE
    table.loc[is_reference, ["delta", "delta_sd"]] = float("nan")
    return table


def pairs_of_layers(ablations: Sequence[str]) -> dict[str, str]:
    """Column names (``1-2``) of the ablations of layers, in order."""
    prefix = "random-init-"
    layers = [a for a in ablations if a.startswith(prefix) and a != NEVER_PRETRAINED]
    return {ablation: ablation.removeprefix(prefix) for ablation in layers}


def published_shape(
    table: pd.DataFrame, metrics: dict[str, str], sources: Sequence[str], ablations: Sequence[str]
) -> pd.DataFrame:
    """The table in the shape it was published in.

    Args:
        table: from ``by_target``.
        metrics: task → its main metric.
        sources: languages in the order of the rows.
        ablations: those whose columns follow REF, in order.

    Returns:
        For each encoder and task a row per source on itself, then a row per source on ``X``;
        columns ``source_target``, ``REF``, ``REF_sd`` and, for each pair of layers, the change and
        its deviation (``1-2``, ``1-2_sd``). Cells of ablations that a source was not run with are
        empty.
    """
    table = table[table["metric"] == table["task"].map(metrics)]
    columns = pairs_of_layers(ablations)
    rows = []
    for (encoder, task), part in table.groupby(["encoder", "task"], sort=False):
        present = [source for source in sources if source in set(part["source"])]
        for cross_lingual in (False, True):
            for source in present:
                target = CROSS_LINGUAL if cross_lingual else source
                cells = part[(part["source"] == source) & (part["target"] == target)]
                cells = cells.set_index("ablation")
                row = {
                    "encoder": encoder,
                    "task": task,
                    "source_target": f"{source.upper()}-{target.upper()}",
                    "REF": cells.loc[REFERENCE, "mean"],
                    "REF_sd": cells.loc[REFERENCE, "sd"],
                }
                for ablation, name in columns.items():
                    run = ablation in cells.index
                    row[name] = cells.loc[ablation, "delta"] if run else float("nan")
                    row[f"{name}_sd"] = cells.loc[ablation, "delta_sd"] if run else float("nan")
                rows.append(row)
    return pd.DataFrame(rows)
