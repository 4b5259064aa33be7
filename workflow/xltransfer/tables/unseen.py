"""Languages an encoder has never seen: its arms beside a baseline, and a verdict on each.

Muller, Anastasopoulos, Sagot & Seddah (NAACL 2021) call a language easy if the multilingual
encoder, fine-tuned, is at least as good as a strong baseline that is no language model;
intermediate if it only is after adaptation to raw text; and hard if it is in neither case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.significance import influence_values, mean_difference

EASY, INTERMEDIATE, HARD = "easy", "intermediate", "hard"
_SUFFIXES = ("", "_sd", "_low", "_high", "_p")


class Comparisons:
    """Scores by variety, task and arm, and the differences between any two of them.

    Test sentences are paired between all arms of a language, in whichever script they read it.

    Args:
        scores: tidy rows as ``score`` writes them, of the main metrics.
        config: ``varieties`` with their ``corpora`` and ``original``.
    """

    def __init__(self, scores: pd.DataFrame, config: Mapping[str, Any]) -> None:
        self._values: dict[tuple[str, str, str], pd.Series] = {}
        self._influences: dict[tuple[str, str, str], np.ndarray] = {}
        self.sentences: dict[tuple[str, str], int] = {}
        for variety in config["varieties"]:
            for task, corpus in variety["corpora"].items():
                rows = scores[(scores["task"] == task) & (scores["source_corpus"] == corpus)]
                self._add(variety["code"], task, rows)

    def _add(self, variety: str, task: str, rows: pd.DataFrame) -> None:
        self.sentences[variety, task] = int(rows["sentences"].iloc[0])
        for arm, part in rows.groupby("encoder", sort=False):
            part = part.sort_values("seed")
            counts = (np.stack(part[c].to_list()) for c in ("numerators", "denominators"))
            key = variety, task, arm
            self._values[key] = part.set_index("seed")["value"]
            self._influences[key] = influence_values(*counts)

    def score(self, key: tuple[str, str, str]) -> tuple[float, float]:
        """Mean and standard deviation over seeds of a variety, task and arm."""
        return self._values[key].mean(), self._values[key].std()

    def difference(
        self, key: tuple[str, str, str], other: tuple[str, str, str], name: str
    ) -> dict[str, float]:
        """``name`` with its deviation over seeds, 95 % interval and p-value (``_SUFFIXES``).

        Seeds of two arms are paired, for they order the training sentences alike.
        """
        change = self._values[key] - self._values[other]
        influences = self._influences[key] - self._influences[other]
        found = mean_difference(change.to_numpy(), influences)
        values = change.mean(), change.std(), found.low, found.high, found.p_value
        return dict(zip((name + suffix for suffix in _SUFFIXES), values, strict=True))


def arms_table(comparisons: Comparisons, config: Mapping[str, Any]) -> pd.DataFrame:
    """A row per variety, task and arm.

    Args:
        comparisons: of the scores.
        config: ``varieties``, ``metrics`` by task and ``arms``, whose last is the baseline.

    Returns:
        ``score`` with its deviation; ``less_baseline`` and, in another script than the usual one,
        ``less_original`` with deviations and intervals; ``seeds``, ``test_sentences`` and ``split``
        (``released``, or ``hashed`` where the corpus lacked a part).
    """
    rows = []
    baseline = config["arms"][-1]
    for variety, task, arm in _cells(config):
        code, key = variety["code"], (variety["code"], task, arm)
        mean, deviation = comparisons.score(key)
        row = {
            "language": variety["name"],
            "variety": code,
            "script": variety["script"],
            "task": task,
            "metric": config["metrics"][task],
            "arm": arm,
            "score": mean,
            "score_sd": deviation,
        }
        row |= _nothing("less_baseline") | _nothing("less_original")
        if arm != baseline:
            row |= comparisons.difference(key, (code, task, baseline), "less_baseline")
        if variety["original"]:
            row |= comparisons.difference(key, (variety["original"], task, arm), "less_original")
        row |= {
            "seeds": len(config["seeds"]),
            "test_sentences": comparisons.sentences[code, task],
            "split": "hashed" if variety["corpora"][task].endswith("_hashed") else "released",
        }
        rows.append(row)
    return pd.DataFrame(rows)


def verdicts(comparisons: Comparisons, config: Mapping[str, Any]) -> pd.DataFrame:
    """A row per variety and task.

    Returns:
        ``verdict``; ``certain``, whether no difference that it rests on could be chance (its 95 %
        interval does not hold zero); the differences themselves: ``encoder_less_baseline``,
        ``adapted_less_baseline``, ``adapted_less_encoder``.
    """
    rows = []
    encoder, adapted, *_, baseline = config["arms"]
    for variety in config["varieties"]:
        for task in variety["corpora"]:
            code = variety["code"]
            of = {arm: (code, task, arm) for arm in config["arms"]}
            differences = (
                comparisons.difference(of[encoder], of[baseline], "encoder_less_baseline")
                | comparisons.difference(of[adapted], of[baseline], "adapted_less_baseline")
                | comparisons.difference(of[adapted], of[encoder], "adapted_less_encoder")
            )
            verdict, rests_on = _verdict(differences)
            certain = all(
                differences[f"{name}_low"] > 0 or differences[f"{name}_high"] < 0
                for name in rests_on
            )
            rows.append(
                {
                    "language": variety["name"],
                    "variety": code,
                    "script": variety["script"],
                    "task": task,
                    "metric": config["metrics"][task],
                    "verdict": verdict,
                    "certain": "yes" if certain else "no",
                    **differences,
                    "seeds": len(config["seeds"]),
                }
            )
    return pd.DataFrame(rows)


def _verdict(differences: Mapping[str, float]) -> tuple[str, Sequence[str]]:
    """The verdict and the names of the differences that it rests on."""
    if differences["encoder_less_baseline"] >= 0:
        return EASY, ["encoder_less_baseline"]
    both = ["encoder_less_baseline", "adapted_less_baseline"]
    return (INTERMEDIATE if differences["adapted_less_baseline"] >= 0 else HARD), both


def _cells(config: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, str]]:
    """Every variety with each of its tasks and each arm."""
    return [
        (variety, task, arm)
        for variety in config["varieties"]
        for task in variety["corpora"]
        for arm in config["arms"]
    ]


def _nothing(name: str) -> dict[str, float]:
    return dict.fromkeys((name + suffix for suffix in _SUFFIXES), float("nan"))
