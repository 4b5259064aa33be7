"""The table of adapters: scores, changes from the first encoder and task, and costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_tables import CONFIG as STUDY
from test_tables import TARGETS, read_csv, results
from xltransfer.analyses.adapter_costs import adapter_rows, costs_of_encoders, costs_of_models
from xltransfer.records.paths import scores
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import write_json
from xltransfer.stages.adapter_table import adapter_table

__all__ = ["results"]

WORDS = 10
RIGHT = {
    # Encoder, task, target → right words of two sentences, with seeds 1 and 2.
    ("base", "full", "qaa"): [(9, 9), (10, 8)],
    ("base", "full", "qab"): [(5, 6), (6, 6)],
    ("base", "small", "qaa"): [(9, 8), (9, 8)],
    ("base", "small", "qab"): [(6, 7), (7, 6)],
    ("language", "full", "qaa"): [(8, 8), (8, 9)],
    ("language", "full", "qab"): [(5, 5), (5, 6)],
    ("language", "small", "qaa"): [(7, 8), (8, 8)],
    ("language", "small", "qab"): [(4, 4), (5, 4)],
    ("base", "swapped", "qab"): [(6, 7), (7, 6)],
    ("base", "swapped", "qaa"): [(9, 8), (9, 8)],
    ("language", "swapped", "qaa"): [(7, 8), (8, 8)],
    ("language", "swapped", "qab"): [(5, 4), (6, 4)],
}
TASK = {
    "metric": "accuracy",
    "sources": [{"corpus": "qaa_x", "language": "qaa", "ablations": ["none"]}],
    "language_adapters": {},
    "adapter_units": None,
    "lora_rank": None,
    "of": ["tagging", "UPOS"],
    "targets": [{"corpus": f"{code}_x", "language": code} for code in ("qaa", "qab")],
}
CONFIG = {
    "encoders": ["base", "language"],
    "tasks": {
        "full": {**TASK, "trained_as": "full"},
        "small": {**TASK, "trained_as": "small", "adapter_units": 4},
        "swapped": {**TASK, "trained_as": "small", "adapter_units": 4,
                    "language_adapters": {"qab": ["one", "two"]}},
    },
    "seeds": [1, 2],
    "with_language_adapter": ["language"],
}  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    return table_of(CONFIG, RIGHT, tmp_path)


def table_of(config: dict, scores_of: dict, tmp_path: Path) -> pd.DataFrame:
    """The table of scores by encoder, task and target."""
    rows = [
        {
            "encoder": encoder, "task": task, "metric": "accuracy", "source": "qaa",
            "target": target, "ablation": "none", "seed": seed, "value": 100 * sum(right) / 20,
            "numerators": np.array(right), "denominators": np.array([WORDS] * 2),
            "sentence_ids": np.array(["1", "2"]),
        }
        for (encoder, task, target), seeds in scores_of.items()
        for seed, right in enumerate(seeds, start=1)
    ]  # fmt: skip
    models, encoders = [], []
    for encoder in ("base", "language"):
        for task, number in (("full", 1000), ("small", 7)):
            path = tmp_path / f"models/{encoder}/{task}/qaa_x/none/seed-1/training.json"
            cost = {"parameters": {"trained": number, "all": 1000}, "stored_bytes": 4 * number}
            write_json(path, cost)
            models.append(path)
    path = tmp_path / "encoders/language/qaa_text/seed-1/pretraining.json"
    write_json(path, {"parameters": {"trained": 30, "all": 1000}, "stored_bytes": 120})
    encoders.append(path)
    costs = costs_of_models(models), costs_of_encoders(encoders)
    found = adapter_rows(pd.DataFrame(rows), config, *costs)
    return found.set_index(["encoder", "task", "target"])


def test_scores_and_changes_by_hand(table: pd.DataFrame) -> None:
    row = table.loc["language", "swapped", "qab"]
    # Seeds: 9 and 10 of 20 right, against 11 and 12 of the first encoder and task.
    assert row["score"] == pytest.approx(47.5)
    assert row["score_sd"] == pytest.approx(np.std([45, 50], ddof=1))
    assert row["change"] == pytest.approx(((9 - 11) + (10 - 12)) / 2 / 20 * 100)
    assert row["change_low"] < row["change"] < row["change_high"]
    assert np.isnan(table.loc["base", "full", "qab"]["change"])
    # The mean of the only other target.
    for column in ("score", "change", "change_low"):
        assert table.loc["language", "swapped", "X"][column] == pytest.approx(row[column])


def test_unlike_scores_have_no_change(tmp_path: Path) -> None:
    """Means over other targets, though their parallel sentences are as many; and other labels."""
    right = {**RIGHT, ("base", "full", "qac"): [(1, 1), (1, 1)]}
    more = {"targets": [*TASK["targets"], {"corpus": "qac_x", "language": "qac"}]}
    tasks = {**CONFIG["tasks"], "full": {**CONFIG["tasks"]["full"], **more}}
    tasks["swapped"] = {**tasks["swapped"], "of": ["tagging", "XPOS"]}
    found = table_of({**CONFIG, "tasks": tasks}, right, tmp_path)["change"]
    assert np.isnan(found["base", "small", "X"])
    assert found["base", "small", "qab"] == pytest.approx(7.5)
    assert np.isnan(found["base", "swapped", "qab"])


Right = dict[tuple[str, str], np.ndarray]
"""Right words by task and language; shape (seeds, sentences)."""


def _scores(task: str, target: str, corpus: str, right: np.ndarray) -> pd.DataFrame:
    """Scores of a task with two seeds on a corpus whose sentences have their own identifiers."""
    names = np.array([f"{corpus}#{number}" for number in range(right.shape[1])])
    rows = [
        {
            "encoder": "base", "task": task, "metric": "accuracy", "source": "qaa",
            "target": target, "ablation": "none", "seed": seed, "value": 100 * own.mean() / WORDS,
            "numerators": own, "denominators": np.full(len(own), WORDS), "sentence_ids": names,
        }
        for seed, own in enumerate(right, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _two_tasks(corpora: list[list[str]], right: Right) -> pd.DataFrame:
    """The table of two tasks with their own corpora, ``<language>_<name>``."""
    tasks, frames = {}, []
    for task, codes in zip(("full", "small"), corpora, strict=True):
        targets = [{"corpus": code, "language": code.partition("_")[0]} for code in codes]
        tasks[task] = {**TASK, "trained_as": task, "targets": targets}
        for target in targets:
            language, corpus = target["language"], target["corpus"]
            frames.append(_scores(task, language, corpus, right[task, language]))
    costs = {("base", task, "qaa_x"): (1, 1) for task in tasks}
    found = adapter_rows(
        pd.concat(frames, ignore_index=True), {**CONFIG, "tasks": tasks}, costs, {}
    )
    return found.set_index(["task", "target"])


@pytest.fixture
def right() -> Right:
    """Right words of 30 sentences by task and language; the second task has one more in some."""
    draws = np.random.default_rng(1)
    found = {}
    for language in ("qaa", "qab", "qac"):
        found["full", language] = draws.integers(0, WORDS, (2, 30))
        found["small", language] = found["full", language] + (draws.random((2, 30)) < 0.2)
    return found


def test_the_order_of_targets_does_not_matter(right: Right) -> None:
    """Sentences of means are paired by identifier, not by place."""
    codes = ["qaa_x", "qab_x", "qac_x"]
    expected = _two_tasks([codes, codes], right).loc["small", "X"]
    found = _two_tasks([codes, codes[::-1]], right).loc["small", "X"]
    for name in ("change", "change_low", "change_high", "change_p"):
        assert found[name] == pytest.approx(expected[name])


def test_other_sentences_have_no_change(right: Right) -> None:
    """Two corpora of a language with as many sentences are not paired."""
    found = _two_tasks([["qaa_x", "qab_x"], ["qaa_x", "qab_y"]], right)
    assert np.isnan(found.loc[("small", "qab"), "change"])
    assert found.loc[("small", "qaa"), "change"] > 0


def test_costs_are_those_of_the_models_that_predict(table: pd.DataFrame) -> None:
    row = table.loc["language", "swapped", "qab"]
    assert (row["trained_parameters"], row["stored_bytes"]) == (7, 28)
    assert (row["encoder_trained_parameters"], row["encoder_stored_bytes"]) == (30, 120)
    assert table.loc["base", "full", "qaa"]["trained_parameters"] == 1000
    assert table.loc["base", "small", "qaa"]["encoder_stored_bytes"] == ""
    assert table.loc["base", "full", "qaa"]["adapter_units"] == ""
    assert row["adapter_units"] == 4


def test_the_language_adapters_that_predict(table: pd.DataFrame) -> None:
    adapters = table["language_adapters"]
    assert adapters["language", "swapped", "qab"] == "one, two"
    assert adapters["language", "swapped", "qaa"] == "language"
    assert adapters["language", "small", "qab"] == "language"
    assert adapters["base", "swapped", "qab"] == ""
    assert adapters["language", "swapped", "X"] == ""


def test_damaged_reports_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "models/base/full/qaa_x/none/seed-1/training.json"
    for content in ({}, [], {"parameters": 3}, {"parameters": {"trained": "1"}, "stored_bytes": 1}):
        write_json(path, content)
        with pytest.raises(InputError, match=r"training.json:1: not a report of a training"):
            costs_of_models([path])


def test_the_stage_writes_the_table_of_complete_scores(results: Path, tmp_path: Path) -> None:
    tasks = {
        name: {
            **task,
            "trained_as": name,
            "language_adapters": {},
            "adapter_units": 8,
            "lora_rank": None,
            "of": ["x", ""],
        }
        for name, task in STUDY["tasks"].items()
    }
    config = {**STUDY, "tasks": tasks, "with_language_adapter": []}
    files = [
        Path(scores(str(results), "tiny", "parsing", f"{source}_a", f"{target}_b-test"))
        for source in ("en", "ru")
        for target in TARGETS
    ]
    reports = sorted(results.glob("models/*/*/*/none/*/training.json"))
    for path in reports:
        write_json(path, {"parameters": {"trained": 8, "all": 80}, "stored_bytes": 32})
    adapter_table(config, files, reports, tmp_path / "tables")
    rows = read_csv(tmp_path / "tables" / "adapters.csv")
    # Two sources, four targets and their mean; the first encoder and task has no change.
    assert len(rows) == 2 * 5
    assert {(row["trained_parameters"], row["stored_bytes"], row["change"]) for row in rows} == {
        ("8", "32", "")
    }
    with pytest.raises(InputError, match="is missing; score it again"):
        adapter_table(config, files[1:], reports, tmp_path / "tables")
