"""Make the tables of languages that are unseen in pretraining, from scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses.scores import complete, read_scores
from ..analyses.tables import reading_note, write_table
from ..analyses.unseen.arms_and_verdicts import Comparisons, arms_of_varieties, arms_table, verdicts
from ..records.trace import table_provenance
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..runtime.signatures import Keys

CELL = ("encoder", "task", "source_corpus", "seed", "metric")


def unseen_tables(
    config: Annotated[
        Mapping[str, Any],
        Keys(
            *("study", "seeds", "config", "metrics", "arms", "varieties", "search", "trained"),
            *("matching_lines", "folders", "pretraining_seeds", "drawn", "verdict"),
            "with_other_text",
        ),
    ],
    scores: Sequence[Path],
    reports: Sequence[Path],
    texts: Sequence[Path],
    directory: Path,
) -> None:
    """Write ``unseen.csv`` and ``verdicts.csv``: languages that are unseen in pretraining.

    Args:
        config: ``study``, ``seeds``, ``metrics`` and ``arms`` by task, ``verdict`` (the arms that
            it compares: ``encoder``, ``adapted``, ``baseline``), ``varieties`` and ``config``, the
            configuration that results depend on.
        scores: scores of every arm, task and corpus on its own test part.
        reports: training reports of the scored models.
        texts: reports of cleaning and transliteration, with counts of test sentences in raw text.
        directory: output folder.

    Raises:
        InputError: a score is missing or occurs twice, or a report is damaged.
    """
    provenance = table_provenance(config, [*scores, *reports, *texts], "unseen_tables")
    frame = read_scores(scores)
    frame = frame[frame["metric"] == frame["task"].map(config["metrics"])]
    frame = complete(frame, _expected(config), CELL)
    comparisons = Comparisons(frame, config)
    arms = arms_table(comparisons, config, _trainings(reports), _test_sentences_in(texts))
    notes = [reading_note(config, ", without correction for multiple tests")]
    tables = {"unseen": arms, "verdicts": verdicts(comparisons, config)}
    for name, table in tables.items():
        write_table(directory / f"{name}.csv", table, provenance, notes=notes)


def _expected(config: Mapping[str, Any]) -> list[dict[str, object]]:
    return [
        {
            "encoder": arm,
            "task": task,
            "source_corpus": corpus,
            "seed": seed,
            "metric": config["metrics"][task],
        }
        for variety, task, arm in arms_of_varieties(config)
        for corpus in variety["corpora"][task]
        for seed in config["seeds"]
    ]


def _trainings(reports: Sequence[Path]) -> pd.DataFrame:
    """Training of each model, by the names in its path (``paths.model_directory``)."""
    rows = []
    for path in reports:
        encoder, task, corpus = path.parts[-6:-3]
        report = read_json(path)
        try:
            settings = report["config"]["settings"]["training"]
            row = {
                "steps": report["steps"],
                "training_sentences": report["training_sentences"],
                "learning_rate": settings["encoder_learning_rate"],
                "epochs": settings["epochs"],
            }
        except (KeyError, TypeError):
            raise InputError(f"{path}:1: not a training report; delete it and run again") from None
        rows.append({"encoder": encoder, "task": task, "source_corpus": corpus, **row})
    return pd.DataFrame(rows)


def _test_sentences_in(texts: Sequence[Path]) -> dict[str, int]:
    """Folder and corpus → number of sentences of its test part in the raw text."""
    found: dict[str, int] = {}
    for path in texts:
        report = read_json(path)
        try:
            for name, counts in report["evaluation_sentences"].items():
                folder, corpus, part = name.split("/")
                if part == "test":
                    found[f"{folder}/{corpus}"] = counts["found"]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise InputError(f"{path}:1: not a report of raw text; delete it, run again") from None
    return found
