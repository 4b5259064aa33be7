"""Tables of the similarity of representations, and of its correlation with transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ...encoders.ablations import NONE
from ..statistics.correlation import correlate
from .headline import HEADLINE

MEAN = "mean"
_PAIR = ["encoder", "state", "kind", "task", "ablation", "seed", "source", "target"]
_POINT = ["kind", "kernel", "estimator", "layer"]


def transfer_gap(scores: pd.DataFrame, metrics: Mapping[str, str]) -> pd.DataFrame:
    """The score on a target minus the score on the source, for every model without ablation.

    The gap is negative if transfer loses performance. A positive ρ therefore means that similarity
    helps transfer, as in the publication.

    Args:
        scores: tidy rows of the stage ``score``.
        metrics: task → its main metric.

    Returns:
        ``encoder``, ``task``, ``source``, ``target``, ``seed``, ``gap``.
    """
    is_main = scores["metric"] == scores["task"].map(metrics)
    chosen = scores[is_main & (scores["ablation"] == NONE)]
    model = ["encoder", "task", "source", "seed"]
    own = chosen[chosen["source"] == chosen["target"]].set_index(model)["value"].rename("own")
    others = chosen[chosen["source"] != chosen["target"]].join(own, on=model)
    return others.assign(gap=others["value"] - others["own"])[[*model, "target", "gap"]]


def in_order(similarities: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """Rows in the order of encoders and languages in the configuration; states keep their order."""
    languages = [item["language"] for item in config["parallel"]]
    order = {"encoder": config["encoders"], "source": languages, "target": languages}

    def places(column: pd.Series) -> pd.Series:
        return column.map({name: place for place, name in enumerate(order[column.name])})

    return similarities.sort_values([*order], key=places, kind="stable", ignore_index=True)


def with_mean_layer(similarities: pd.DataFrame) -> pd.DataFrame:
    """Add the mean over layers as a separate layer ``mean``; layers become strings.

    If one layer is undefined (NaN), so is the mean, because other layers differ in level.
    """
    keys = [*_PAIR, "kernel", "estimator"]
    mean = _mean_of_all(similarities.groupby(keys, sort=False, dropna=False)["cka"]).reset_index()
    layers = similarities.assign(layer=similarities["layer"].astype(str))
    columns = [*keys, "layer", "cka"]
    return pd.concat([layers[columns], mean.assign(layer=MEAN)[columns]], ignore_index=True)


def _mean_of_all(groups: Any) -> pd.Series:
    """The mean of each group; NaN if one of its values is."""
    return groups.mean().where(groups.count() == groups.size())


def correlation_table(
    similarities: pd.DataFrame, gaps: pd.DataFrame, families: Mapping[str, str]
) -> pd.DataFrame:
    """ρ between similarity and gap over targets, before and after fine-tuning, at every layer.

    Similarities and gaps are means over seeds, because seeds of a language are not independent.

    Args:
        similarities: table ``cka.csv``.
        gaps: table from ``transfer_gap``.
        families: language → its family.

    Returns:
        One row per encoder, task, source, kind of state, kernel, estimator and layer (or their
        mean): ``spearman`` with its confidence interval over families, ``p_value``, ``targets``,
        ``families``, ``seeds`` and whether it is the ``headline``.
    """
    values = with_mean_layer(similarities)
    values = values[values["kind"].isin(["pretrained", "fine-tuned"])]
    values = values[(values["kind"] == "pretrained") | (values["ablation"] == NONE)]
    rows = []
    for (encoder, task, source), gap in gaps.groupby(["encoder", "task", "source"], sort=False):
        mean_gap = gap.groupby("target", sort=False)["gap"].mean()
        seeds = gap["seed"].nunique()
        own = values[(values["encoder"] == encoder) & (values["source"] == source)]
        own = own[(own["kind"] == "pretrained") | (own["task"] == task)]
        of_seeds = own[(own["kind"] == "pretrained") | own["seed"].isin(gap["seed"])]
        means: dict[tuple[str, ...], dict[str, float]] = {
            key: {} for key in own[_POINT].itertuples(index=False, name=None)
        }
        grouped = of_seeds.groupby([*_POINT, "target"], sort=False)["cka"]
        for (*key, target), mean in _mean_of_all(grouped).items():
            means[tuple(key)][target] = mean
        for (kind, kernel, estimator, layer), mean in means.items():
            targets = [target for target in mean_gap.index if target in mean]
            pair = (
                np.array([[side[target] for target in targets]], dtype=float)
                for side in (mean, mean_gap)
            )
            found = correlate(*pair, [families[target] for target in targets])
            headline = {"kernel": kernel, "estimator": estimator, "layer": layer} == HEADLINE
            rows.append(
                {"encoder": encoder, "task": task, "source": source, "state": kind,
                 "kernel": kernel, "estimator": estimator, "layer": layer, **found.columns,
                 "seeds": seeds, "headline": "yes" if headline else "no"}
            )  # fmt: skip
    return pd.DataFrame(rows)
