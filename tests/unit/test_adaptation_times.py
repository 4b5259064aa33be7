"""The files of the table of adaptation methods: its bytes, times beside it, means of groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet
from test_adaptation_methods import CELLS, COSTS, RIGHT, SEEDS, scores
from xltransfer.analyses.adaptation_methods_table import cost_key, methods_table
from xltransfer.records.record import write_record
from xltransfer.runtime.files import write_json
from xltransfer.stages.adaptation_tables import adaptation_tables
from xltransfer.stages.score import _table, with_sentence_ids


def test_a_score_that_is_a_mean_of_groups() -> None:
    """Macro F1 of relations: two groups with 50 and 100 % are 75 %, not 6 of 7 (86 %)."""
    frame = scores()
    frame["numerators"] = [np.array([1, 0, 2, 3])] * len(frame)
    frame["denominators"] = [np.array([1, 1, 2, 3])] * len(frame)
    frame.loc[frame["encoder"] == "adapted", "numerators"] = pd.Series(
        [np.array([1, 1, 2, 3])] * len(frame)
    )
    config = {"seeds": SEEDS, "cells": CELLS}
    found = methods_table(frame, config, {cost_key(one): COSTS for one in CELLS})
    found = found.set_index("method")
    assert found["score"].tolist() == [75.0, 100.0, 75.0]
    assert found["test_sentences"].tolist() == [2, 2, 2]
    # Per group, the first influence of a sentence differs by 25 and −25, the second by nothing:
    # half of it is left, so the variance of the sum over sentences is 2/1 · 2 · 12.5².
    assert found.loc["text", "change"] == 25
    half = (found.loc["text", "change_high"] - found.loc["text", "change_low"]) / 2
    assert half == pytest.approx(12.706204736432095 * 25)


def written(folder: Path, seconds: float | None) -> Path:
    """Results with scores, training reports and, unless ``None``, wall times; returns the table."""
    for (encoder, target), by_seed in RIGHT.items():
        rows = [
            {
                "encoder": encoder,
                "task": "pos",
                "source": "aa",
                "target": "bb",
                "source_corpus": "aa_x",
                "target_corpus": target,
                "split": "test",
                "ablation": "none",
                "seed": seed,
                "metric": "accuracy",
                "value": 100 * sum(right) / 4,
                "sentences": 2,
                "words": 4,
                "numerators": right,
                "denominators": [2, 2],
            }
            for seed, right in zip(SEEDS, by_seed, strict=True)
        ]
        output = folder / f"scores/{encoder}/pos/aa_x/{target}-test.parquet"
        output.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(with_sentence_ids(_table(rows), ["s1", "s2"]), output)
        write_record(output, "score", {})
        for seed in SEEDS:
            model = folder / f"models/{encoder}/pos/aa_x/none/seed-{seed}"
            model.mkdir(parents=True, exist_ok=True)
            report = {"parameters": {"trained": 10}, "stored_bytes": 40, "steps": 5}
            write_json(model / "training.json", report)
            write_record(model / "training.json", "finetune", {})
            if seconds is not None:
                write_json(model / "timing.json", {"wall_seconds": seconds * seed})
    made = folder / "encoders/adapted/bb_x/seed-1"
    made.mkdir(parents=True)
    write_json(made / "pretraining.json", {})
    write_record(made / "pretraining.json", "adapt", {})
    if seconds is not None:
        write_json(made / "timing.json", {"wall_seconds": 2 * seconds})
    chain = ["encoders/adapted/bb_x/seed-1"]
    cells = [
        one | {"models_task": "pos"}
        | {"pretrainings": [chain, chain] if one["encoder"] == "adapted" else []}
        for one in CELLS
    ]  # fmt: skip
    config = {"study": "s", "seeds": SEEDS, "config": {}, "cells": cells, "names": {"bb": "B"}}
    adaptation_tables(config, str(folder), folder / "tables")
    return folder / "tables" / "adaptation_methods.csv"


def test_times_are_beside_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has the same bytes however long trainings took; unknown times are null."""
    tables = []
    for name, seconds in (("a", 1.0), ("b", 7.0), ("c", None)):
        monkeypatch.setenv("XLTRANSFER_RESULTS", str(tmp_path / name))
        tables.append(written(tmp_path / name, seconds))
    for suffix in (".csv", ".md", ".html", ".tex"):
        assert len({path.with_suffix(suffix).read_bytes() for path in tables}) == 1
    times = [json.loads(path.with_suffix(".timing.json").read_text()) for path in tables]
    assert [row["training_seconds"] for row in times[0]["methods"]] == [1.5, 1.5, 1.5]
    assert [row["adaptation_seconds"] for row in times[1]["methods"]] == [0.0, 14.0, 0.0]
    assert times[1]["methods"][1]["training_seconds"] == 10.5
    assert times[2]["methods"][1] == {
        "task": "pos", "language": "bb", "method": "text",
        "training_seconds": None, "adaptation_seconds": None,
    }  # fmt: skip
    assert times[0]["all"]["models"] == 5
