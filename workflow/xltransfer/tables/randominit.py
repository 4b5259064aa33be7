"""The RANDOM-INIT tables: what each pair of layers is worth, at home and across languages.

Muller, Elazar, Sagot & Seddah (EACL 2021), table 1: a row for each source on itself (``EN-EN``) and
on the mean of all other targets (``EN-X``), the score of the pretrained encoder (REF) and its
change when a pair of layers is re-initialised before fine-tuning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..analysis.significance import interval, resampled_scores, sentence_weights

REFERENCE = "none"
NEVER_PRETRAINED = "random-init-all"
CROSS_LINGUAL = "X"
_CELL = ["encoder", "task", "metric", "source", "target", "ablation"]


def with_cross_lingual_mean(scores: pd.DataFrame) -> pd.DataFrame:
    """Add the target ``X``: for each model the mean over all targets but its source.

    Args:
        scores: tidy rows with ``encoder``, ``task``, ``metric``, ``source``, ``target``,
            ``ablation``, ``seed`` and ``value``; ``value`` may hold arrays.
    """
    scores = scores[[*_CELL, "seed", "value"]]
    others = scores[scores["target"] != scores["source"]]
    by_model = [*(column for column in _CELL if column != "target"), "seed"]
    rows = [
        {**dict(zip(by_model, key, strict=True)), "target": CROSS_LINGUAL, "value": values}
        for key, values in others.groupby(by_model, sort=False)["value"]
    ]
    mean = pd.DataFrame([{**row, "value": sum(row["value"]) / len(row["value"])} for row in rows])
    return pd.concat([scores, mean[scores.columns]], ignore_index=True)


def by_target(scores: pd.DataFrame) -> pd.DataFrame:
    """Every target on its own: score and change, mean and standard deviation over seeds.

    The change of a seed is its score after the ablation less its score without; deviations are
    sample deviations (n − 1), empty for a single seed. The interval of the change is that of
    ``analysis.significance``.

    Args:
        scores: tidy rows as ``score`` writes them.

    Returns:
        A row per encoder, task, metric, source, target (``X`` included) and ablation, with
        ``mean``, ``sd``, ``delta``, ``delta_sd``, ``delta_low``, ``delta_high`` and ``seeds``.
    """
    resampled = _by_cell(with_cross_lingual_mean(_resampled(scores)))
    rows = []
    by_cell = _by_cell(with_cross_lingual_mean(scores))
    for key, values in by_cell.items():
        row = {**dict(zip(_CELL, key, strict=True)), "mean": values.mean(), "sd": values.std()}
        row |= dict.fromkeys(("delta", "delta_sd", "delta_low", "delta_high"), float("nan"))
        reference = (*key[:-1], REFERENCE)
        if key != reference:
            change = values - by_cell[reference]
            drawn = resampled[key] - resampled[reference]
            low, high = interval(np.stack(drawn.to_list()))
            row |= {"delta": change.mean(), "delta_sd": change.std()}
            row |= {"delta_low": low, "delta_high": high}
        rows.append({**row, "seeds": len(values)})
    return pd.DataFrame(rows)


def _by_cell(scores: pd.DataFrame) -> dict[tuple[str, ...], pd.Series]:
    """Values by seed for each cell of the table."""
    groups = scores.groupby(_CELL, sort=False)
    return {key: part.set_index("seed")["value"] for key, part in groups}


def _resampled(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores with the value of each resample, an array, in place of the value."""
    parts = []
    for name, part in scores.groupby(["task", "target_corpus", "split"], sort=False):
        weights = sentence_weights("/".join(name), len(part["numerators"].iloc[0]))
        numerators = np.stack(part["numerators"].to_list())
        denominators = np.stack(part["denominators"].to_list())
        values = resampled_scores(weights, numerators, denominators)
        parts.append(part.assign(value=list(values)))
    return pd.concat(parts).loc[scores.index]


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
        columns ``source_target``, ``REF``, ``REF_sd`` and, for each pair of layers, the change, its
        deviation and its interval (``1-2``, ``1-2_sd``, ``1-2_low``, ``1-2_high``). Cells of
        ablations that a source was not run with are empty.
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
                    for suffix in ("", "_sd", "_low", "_high"):
                        value = cells.loc[ablation, f"delta{suffix}"] if run else float("nan")
                        row[f"{name}{suffix}"] = value
                rows.append(row)
    return pd.DataFrame(rows)
