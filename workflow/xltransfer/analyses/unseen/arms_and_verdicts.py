"""Tables of languages that an encoder has not seen: arms, baseline and verdicts.

Muller, Anastasopoulos, Sagot & Seddah (NAACL 2021) call a language easy if the fine-tuned
multilingual encoder is at least as good as a strong baseline that is not a language model;
intermediate if this is only true after adaptation to raw text; and hard otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...runtime.errors import InputError
from ..statistics.significance import (
    change_columns,
    influence_values,
    mean_difference,
    scores_of_counts,
)

EASY, INTERMEDIATE, HARD = "easy", "intermediate", "hard"
_DIVISIONS = {
    "released": "released",
    "hashed": "one split by hash",
    "folds": "{} folds",
}
_ROUNDING = 1e-9
"""Largest rounding error of a difference, in points."""

Key = tuple[str, str, str]
"""A variety, a task and an arm."""


class Comparisons:
    """Scores by variety, task and arm, and the differences between any two of them.

    Test sentences are paired: all arms of a language are tested on the same ones, in any script.
    The sentences of several folds are pooled.

    Args:
        scores: tidy rows of the stage ``score``, for the main metrics.
        config: keys ``seeds``, ``arms`` by task, and ``varieties`` with ``corpora`` by task.

    Raises:
        InputError: arms are scored on different numbers of sentences.
    """

    def __init__(self, scores: pd.DataFrame, config: Mapping[str, Any]) -> None:
        cells = ["task", "encoder", "source_corpus", "seed"]
        found = scores.set_index(cells)[["numerators", "denominators"]]

        def pooled(task: str, arm: str, corpora: Sequence[str], kind: str) -> np.ndarray:
            """Counts of the sentences of all folds: shape (seeds, sentences)."""
            by_seed = [
                [found.loc[(task, arm, c, s), kind] for c in corpora] for s in config["seeds"]
            ]
            return np.stack([np.concatenate(folds) for folds in by_seed])

        self._counts: dict[Key, tuple[np.ndarray, np.ndarray]] = {}
        for variety, task, arm in arms_of_varieties(config):
            of = task, arm, variety["corpora"][task]
            counts = pooled(*of, "numerators"), pooled(*of, "denominators")
            self._counts[variety["code"], task, arm] = counts

    def sentences(self, key: Key) -> int:
        """Number of test sentences of a variety, task and arm."""
        return self._counts[key][0].shape[1]

    def score(self, key: Key) -> tuple[float, float]:
        """Mean and standard deviation over seeds of a variety, task and arm."""
        values = pd.Series(scores_of_counts(*self._counts[key]))
        return values.mean(), values.std()

    def difference(self, key: Key, other: Key, name: str) -> dict[str, Any]:
        """``name`` with standard deviation over seeds, 95 % confidence interval and p-value.

        Seeds of two arms are paired, because they sample and order training sentences identically.
        """
        if self.sentences(key) != self.sentences(other):
            raise InputError(
                f"scores: {', '.join(key)} has {self.sentences(key)} test sentences, "
                f"{', '.join(other)} {self.sentences(other)}; score them again"
            )
        one, two = self._counts[key], self._counts[other]
        change = scores_of_counts(*one) - scores_of_counts(*two)
        found = mean_difference(change, influence_values(*one) - influence_values(*two))
        return change_columns(name, found, pd.Series(change).std())


def arms_table(
    comparisons: Comparisons,
    config: Mapping[str, Any],
    trainings: pd.DataFrame,
    in_text: Mapping[str, int],
) -> pd.DataFrame:
    """One row per variety, task and arm.

    Args:
        comparisons: comparisons of the scores.
        config: configuration with ``varieties``, ``metrics``, ``arms`` by task, ``verdict`` (names
            of the arms ``encoder``, ``adapted`` and ``baseline``), ``search``, and the treatment of
            ``matching_lines`` of raw text.
        trainings: table with a row per model: ``encoder``, ``task``, ``source_corpus``, ``steps``,
            ``training_sentences``, ``learning_rate`` and ``epochs``; without zero-shot arms, which
            are not trained in the language.
        in_text: ``<folder>/<corpus>`` → number of its test sentences found in the raw text.

    Returns:
        ``score`` with its standard deviation; ``less_baseline`` and, for transliterations,
        ``less_original``, with standard deviations, confidence intervals and p-values; and details
        of training and test.
    """
    rows = []
    for variety, task, arm in arms_of_varieties(config):
        code, baseline = variety["code"], config["verdict"]["baseline"]
        key = code, task, arm
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
        for name in ("less_baseline", "less_original"):
            row |= change_columns(name, None, float("nan"))
        if arm != baseline:
            row |= comparisons.difference(key, (code, task, baseline), "less_baseline")
        if variety["original"]:
            row |= comparisons.difference(key, (variety["original"], task, arm), "less_original")
        corpora = variety["corpora"][task]
        row |= {"seeds": len(config["seeds"])} | _trained(trainings, arm, task, corpora)
        row |= {
            "grid": _grid(config["search"]) if arm in config["trained"] else "",
            "split": _DIVISIONS[variety["splits"][task]].format(len(corpora)),
            "test_sentences": comparisons.sentences(key),
            # The reports are about the text of the language, not about other texts.
            "test_sentences_in_text": ""
            if arm in config["with_other_text"]
            else _in_text(config, variety, task, in_text),
            "matching_lines": config["matching_lines"],
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _in_text(
    config: Mapping[str, Any], variety: Mapping[str, Any], task: str, found: Mapping[str, int]
) -> int:
    """Number of test sentences of a variety and task that were in its raw text.

    Transliterated text is made from text without the lines that matched in the original script,
    unless matching lines are kept.
    """
    varieties = [variety]
    if variety["original"] and config["matching_lines"] == "dropped":
        varieties += [v for v in config["varieties"] if v["code"] == variety["original"]]
    folder = config["folders"][task]
    return sum(found[f"{folder}/{corpus}"] for v in varieties for corpus in v["corpora"][task])


def _trained(
    trainings: pd.DataFrame, arm: str, task: str, corpora: Sequence[str]
) -> dict[str, Any]:
    """Training details of the models of an arm: means, and frequencies of chosen values."""
    part = trainings[(trainings["encoder"] == arm) & (trainings["task"] == task)]
    part = part[part["source_corpus"].isin(corpora)]
    row: dict[str, Any] = {}
    for name in ("training_sentences", "steps"):
        row[name] = str(round(part[name].mean())) if len(part) else ""
    for name in ("learning_rate", "epochs"):
        chosen = part[name].value_counts().sort_index()
        single = len(chosen) == 1
        row[name] = ", ".join(f"{v:g}" + f" ({n})" * (not single) for v, n in chosen.items())
    return row


def _grid(search: Mapping[str, Any] | None) -> str:
    if not search:
        return "no search"
    rates, epochs = (
        " ".join(f"{value:g}" for value in sorted(search[name]))
        for name in ("learning_rates", "epochs")
    )
    return f"learning rates {rates}; epochs {epochs}"


def verdicts(comparisons: Comparisons, config: Mapping[str, Any]) -> pd.DataFrame:
    """One row per variety and task.

    Returns:
        ``verdict``; ``certain``, whether all differences it depends on are significant (the 95 %
        confidence interval excludes zero; never with one seed, whose noise cannot be estimated);
        the differences ``encoder_less_baseline``, ``adapted_less_baseline`` and
        ``adapted_less_encoder``; and the sources of noise that the intervals do and do not cover.
    """
    rows = []
    for variety in config["varieties"]:
        for task in variety["corpora"]:
            code = variety["code"]
            encoder, adapted, baseline = (
                (code, task, config["verdict"][role]) for role in ("encoder", "adapted", "baseline")
            )
            differences = (
                comparisons.difference(encoder, baseline, "encoder_less_baseline")
                | comparisons.difference(adapted, baseline, "adapted_less_baseline")
                | comparisons.difference(adapted, encoder, "adapted_less_encoder")
            )
            verdict, rests_on = _verdict(differences)
            certain = len(config["seeds"]) > 1 and all(
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
                    **_coverage(config, task, variety["splits"][task]),
                    **differences,
                    "seeds": len(config["seeds"]),
                }
            )
    return pd.DataFrame(rows)


def _coverage(config: Mapping[str, Any], task: str, split: str) -> dict[str, str]:
    """The sources of noise that the confidence intervals of a task cover, and do not cover."""
    several = len(config["seeds"]) > 1
    pretrained = [seeds for seeds in config["pretraining_seeds"].values() if seeds]
    sources = {
        "test sentences": True,
        "seeds of fine-tuning": several,
        "draw of training sentences": several and config["drawn"][task],
        "seeds of pretraining": several
        and bool(pretrained)
        and all(len(seeds) > 1 for seeds in pretrained),
        {"folds": "cut into folds"}.get(split, "split of the corpus"): False,
    }
    return {
        "interval_covers": ", ".join(name for name, covered in sources.items() if covered),
        "interval_does_not_cover": ", ".join(n for n, covered in sources.items() if not covered),
    }


def _verdict(differences: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """The verdict and the names of the differences that it depends on.

    Differences that are zero but for rounding errors are zero: the encoder is at least as good.
    """
    if differences["encoder_less_baseline"] >= -_ROUNDING:
        return EASY, ["encoder_less_baseline"]
    both = ["encoder_less_baseline", "adapted_less_baseline"]
    return (INTERMEDIATE if differences["adapted_less_baseline"] >= -_ROUNDING else HARD), both


def arms_of_varieties(config: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, str]]:
    """Every variety with each of its tasks and each arm."""
    return [
        (variety, task, arm)
        for variety in config["varieties"]
        for task in variety["corpora"]
        for arm in config["arms"][task]
    ]
