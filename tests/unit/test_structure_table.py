"""The table of structure transfer: scores, differences and descriptions against hand values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import EMBEDDED_ENCODER, ROOT
from xltransfer.analyses.scores import expected_cells
from xltransfer.analyses.structure import adjusted, attachment_of, structure_table
from xltransfer.analyses.structure_figures import structure_figure
from xltransfer.runtime.errors import InputError
from xltransfer.stages.score import with_sentence_ids
from xltransfer.stages.structure_tables import structure_tables
from xltransfer.study import Study
from xltransfer.study.analyses import analysis_of
from xltransfer.study.study_files import read_config

FULL = {"layer": "graph", "states": True, "upos_units": 4, "relation_units": 4, "entity_units": 0,
        "labelled": True, "directed": True, "distance": None}  # fmt: skip
ORDER = {
    **{key: value for key, value in FULL.items() if key not in ("labelled", "directed")},
    "layer": "bilstm",
}
CONFIG = {
    "study": "a study",
    "tasks": {name: {"metric": "F1"} for name in ("full", "part", "order", "parsed", "alone")},
    "config": {
        "full": {"context": FULL},
        "part": {"reference": "full", "context": {**FULL, "relation_units": 0, "directed": False}},
        "order": {"reference": "full", "context": ORDER},
        "parsed": {"reference": "full", "context": FULL, "trees": {"source": "qaa_embedded"}},
        "alone": {},
    },
}
RIGHT = {"full": 8, "part": 4, "order": 6, "parsed": 7}
"""Right pairs on the source language with the first seed."""


def scores() -> pd.DataFrame:
    """Scores of 2 seeds on 2 languages of 10 sentences with a pair each; seed 2 has one more."""
    return pd.DataFrame(
        [
            {
                "encoder": "vectors",
                "task": task,
                "metric": metric,
                "source": "qaa",
                "target": target,
                "ablation": "none",
                "seed": seed,
                "value": 10.0 * (right + seed - 1 - 2 * (target == "qea")),
                "numerators": np.array([1] * (right + seed - 1 - 2 * (target == "qea"))
                                       + [0] * (11 - right - seed + 2 * (target == "qea"))),
                "denominators": np.ones(10, dtype=int),
                "sentence_ids": np.array([str(n) for n in range(10)]),
            }
            for task, right in {**RIGHT, "alone": 5}.items()
            for metric in ("F1", "precision")
            for target in ("qaa", "qea")
            for seed in (1, 2)
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return structure_table(scores(), CONFIG, {("parsed", "qea"): 41.5})


def row(table: pd.DataFrame, task: str, target: str) -> pd.Series:
    return table[(table["task"] == task) & (table["target"] == target)].iloc[0]


def test_scores_and_differences(table: pd.DataFrame) -> None:
    assert len(table) == 5 * 3
    alone = row(table, "alone", "qea")
    assert alone["score"] == 35 and alone["layer"] == "encoder" and np.isnan(alone["difference"])
    assert alone["trees"] == "", "it reads none"
    full = row(table, "full", "qaa")
    assert full["score"] == 85 and full["score_low"] < 85 < full["score_high"]
    assert np.isnan(full["difference"]) and full["seeds"] == 2
    part = row(table, "part", "qea")
    assert part["score"] == 25 and part["difference"] == -40
    assert part["difference_low"] < -40 < part["difference_high"] and part["difference_p"] < 0.05
    assert row(table, "order", "X")["score"] == row(table, "order", "qea")["score"]


def test_a_missing_score_is_refused(tmp_path: Path) -> None:
    """Rather than a table without its row."""
    kinds = {name: {**section, "kind": "roles"} for name, section in CONFIG["config"].items()}
    source = {"language": "qaa", "corpus": "qaa_embedded", "ablations": ["none"]}
    targets = [{"language": code, "corpus": f"{code}_embedded"} for code in ("qaa", "qea")]
    data = {"metric": "F1", "sources": [source], "targets": targets}
    config = {
        **CONFIG,
        "seeds": [1, 2],
        "encoders": ["vectors"],
        "config": {**kinds, "pos": {"kind": "tagging"}},
        "tasks": dict.fromkeys((*CONFIG["tasks"], "pos"), data),
    }
    rows = scores().assign(target_corpus="qxx_embedded", sentences=10)
    identifiers = next(iter(rows.pop("sentence_ids")))
    kept = rows[(rows["task"] != "alone") | (rows["target"] != "qea") | (rows["seed"] != 2)]
    table = pa.Table.from_pandas(kept, preserve_index=False)
    pa.parquet.write_table(with_sentence_ids(table, list(identifiers)), tmp_path / "scores")
    with pytest.raises(InputError, match="scores: vectors, alone, qaa, qea, none, 2, F1 is miss"):
        structure_tables(config, tmp_path, [tmp_path / "scores"])
    assert not (tmp_path / "structure.csv").exists()


def test_the_table_of_a_study_as_snakemake_asks_for_it(tmp_path: Path) -> None:
    """The configuration that the rule passes also has lists and values that are no tasks."""
    content = read_config([ROOT / "resources" / "studies" / "structure-states.yaml"])
    content["encoders"] = [{"name": "local", "path": str(EMBEDDED_ENCODER), "layers": 12}]
    content["transfer_encoders"] = ["local"]
    study = Study(content, ROOT)
    config = json.loads(analysis_of("structure").config(study))
    template = scores().iloc[0].to_dict()
    ids = template.pop("sentence_ids")
    corpora = {
        (task, target["language"]): target["corpus"]
        for task, data in config["tasks"].items()
        for target in data["targets"]
    }
    rows = [
        {**template, **cell, "target_corpus": corpora[cell["task"], cell["target"]]}
        for cell in expected_cells(config)
    ]
    frame = pd.DataFrame(rows).assign(sentences=10)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pa.parquet.write_table(with_sentence_ids(table, list(ids)), tmp_path / "scores")
    structure_tables(config, tmp_path, [tmp_path / "scores"])
    found = pd.read_csv(tmp_path / "structure.csv")
    assert set(found["task"]) == {"relations", "roles", "roles_graph"}
    assert set(found["encoder"]) == {"local"}


def test_means_over_other_targets_have_no_difference() -> None:
    """Parallel sentences of another target make no new cluster, so that the numbers would fit."""
    found = scores()
    more = found[(found["task"] == "full") & (found["target"] == "qea")].assign(target="qba")
    table = structure_table(pd.concat([found, more]), CONFIG, {})
    assert np.isnan(row(table, "part", "X")["difference"])
    assert row(table, "part", "qea")["difference"] == -40


def test_the_figure_marks_each_language_of_a_set_of_sources() -> None:
    table = structure_table(scores().assign(source="qaa+qea"), CONFIG, {})
    (ax,) = structure_figure(CONFIG, table).axes
    assert {text.get_text() for text in ax.figure.legends[0].get_texts()} == {"source language"}


def test_descriptions(table: pd.DataFrame) -> None:
    assert row(table, "part", "qaa")["without"] == "relations of words, direction of edges"
    assert row(table, "full", "qaa")["without"] == row(table, "parsed", "qaa")["without"] == ""
    assert row(table, "order", "qaa")["layer"] == "bilstm"
    assert row(table, "order", "qaa")["without"] == ""
    assert row(table, "parsed", "qea")["trees"] == "parser of qaa_embedded"
    assert row(table, "parsed", "qea")["LAS"] == 41.5
    assert np.isnan(row(table, "parsed", "qaa")["LAS"])


def test_attachment_is_that_of_the_trees_that_a_task_reads() -> None:
    """`first` and `second` share trees of qea; those of `third` are by another parser."""
    trees = {"encoder": "e", "parser": "parsing", "source": "qaa_embedded"}
    sections = {
        "second": {"kind": "roles", "trees": {**trees, "corpora": ["qea_embedded"]}},
        "first": {"kind": "roles", "trees": {**trees, "corpora": ["qea_embedded", "qba_embedded"]}},
        "third": {
            "kind": "roles",
            "trees": {**trees, "parser": "other", "corpora": ["qea_embedded"]},
        },
        "gold": {"kind": "roles"},
    }
    reports = [
        {"task": "first", "corpus": "qea_embedded", "language": "qea", "LAS": 40.0},
        {"task": "first", "corpus": "qba_embedded", "language": "qba", "LAS": None},
        {"task": "third", "corpus": "qea_embedded", "language": "qea", "LAS": 30.0},
    ]
    found = attachment_of(reports, {"tasks": dict.fromkeys(sections), "config": sections})
    assert np.isnan(found.pop(("first", "qba")))
    assert found == {("first", "qea"): 40.0, ("second", "qea"): 40.0, ("third", "qea"): 30.0}


def test_trees_are_those_of_each_target() -> None:
    """The source keeps its gold trees; of the others, one is parsed and has none to compare."""
    more = scores()
    more = pd.concat([more, more[more["target"] == "qea"].assign(target="qba")])
    some = structure_table(more, CONFIG, {("parsed", "qea"): float("nan")})
    trees = {target: row(some, "parsed", target)["trees"] for target in ("qaa", "qba", "qea", "X")}
    assert trees == {
        "qaa": "gold",
        "qba": "gold",
        "qea": "parser of qaa_embedded",
        "X": "gold and parser of qaa_embedded",
    }
    both = structure_table(more, CONFIG, {("parsed", one): 40.0 for one in ("qba", "qea")})
    assert row(both, "parsed", "X")["trees"] == "parser of qaa_embedded"
    assert set(both[both["task"] == "full"]["trees"]) == {"gold"}


def test_p_values_are_adjusted_within_a_target(table: pd.DataFrame) -> None:
    found = adjusted(table)
    assert found[table["task"] == "full"].isna().all()
    for _, part in table.groupby("target"):
        raw = part["difference_p"].dropna()
        assert (found[raw.index] >= raw - 1e-12).all()
        assert found[raw.idxmin()] == pytest.approx(min(1, 3 * raw.min()))


def test_the_figure_shows_every_score(table: pd.DataFrame) -> None:
    figure = structure_figure(CONFIG, table)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [*RIGHT, "alone"]
    assert len(ax.containers) == 5 * 2


def test_the_figure_has_a_row_for_each_encoder_and_readable_labels(table: pd.DataFrame) -> None:
    """Not a panel for an encoder of one task, and no code of a language on top of another."""
    own = table[table["target"] == "qaa"]
    many = [own.assign(target=code) for code in ("qaa", "qba", "qca", "qda", "qea", "qfa")]
    part = own[own["task"] == "alone"].assign(encoder="states")
    figure = structure_figure(CONFIG, pd.concat([*many, part]))
    (ax,) = figure.axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [*(f"{name}, vectors" for name in RIGHT), "alone, vectors", "alone, states"]
    figure.draw_without_rendering()
    one, two = np.triu_indices(len(ax.texts), 1)
    boxes = [text.get_window_extent() for text in ax.texts]
    assert all(ax.bbox.x0 < box.x0 < box.x1 < ax.bbox.x1 for box in boxes)
    assert not any(boxes[a].overlaps(boxes[b]) for a, b in zip(one, two, strict=True))
