"""Scoring: tidy rows, and predictions of something else are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from test_parsing import tree
from xltransfer.corpora.conllu import write_conllu
from xltransfer.runtime.errors import InputError
from xltransfer.stages.score import COLUMNS, score, score_models

GOLD = [
    tree(("a", 2, "nsubj"), ("b", 0, "root")),
    tree(("c", 0, "root"), ("d", 1, "obj:x"), ("e", 2, "det")),
]
PARSING = {"kind": "parsing"}
COMMON = {
    "encoder": "tiny",
    "task": "parsing",
    "source": "en",
    "target": "fr",
    "source_corpus": "en_a",
    "target_corpus": "fr_b",
    "split": "test",
}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    write_conllu(tmp_path / "gold.conllu", GOLD)
    return tmp_path / "gold.conllu"


def test_rows_are_tidy(gold: Path, tmp_path: Path) -> None:
    predicted = [GOLD[0], tree(("c", 0, "root"), ("d", 1, "obj:y"), ("e", 1, "det"))]
    write_conllu(tmp_path / "p.conllu", predicted)
    predictions, ablations = [gold, tmp_path / "p.conllu"], ["none", "random-init-1-2"]
    output = tmp_path / "scores.parquet"
    score_models(gold, predictions, ablations, [1, 2], PARSING, COMMON, output)
    table = parquet.read_table(tmp_path / "scores.parquet")
    assert table.schema.equals(COLUMNS)
    assert json.loads(table.schema.metadata[b"sentence_ids"]) == [None, None]
    rows = table.to_pylist()
    assert [(r["ablation"], r["seed"], r["metric"]) for r in rows] == [
        ("none", 1, "LAS"),
        ("none", 1, "UAS"),
        ("random-init-1-2", 2, "LAS"),
        ("random-init-1-2", 2, "UAS"),
    ]
    assert [r["value"] for r in rows] == [100, 100, 80, 80]
    assert [r["numerators"] for r in rows] == [[2, 3], [2, 3], [2, 2], [2, 2]]
    assert all(r["denominators"] == [2, 3] for r in rows)
    assert {(r["sentences"], r["words"], r["target"]) for r in rows} == {(2, 5, "fr")}


@pytest.mark.parametrize(
    ("predicted", "reason"),
    [
        (GOLD[:1], "1 sentences, but"),
        ([GOLD[0], tree(("c", 0, "root"), ("d", 1, "x"))], "sentence 2 does not have the words"),
        ([GOLD[1], GOLD[0]], "sentence 1 does not have the words"),
    ],
)
def test_predictions_of_other_sentences_are_refused(
    predicted: list, reason: str, gold: Path, tmp_path: Path
) -> None:
    write_conllu(tmp_path / "p.conllu", predicted)
    with pytest.raises(InputError, match=reason):
        score_models(
            gold, [tmp_path / "p.conllu"], ["none"], [1], PARSING, COMMON, tmp_path / "out.parquet"
        )
    assert not (tmp_path / "out.parquet").exists()


def test_predictions_in_another_order_than_their_models_are_refused(
    gold: Path, tmp_path: Path
) -> None:
    models = [("none", 1), ("none", 3)]
    paths = [tmp_path / ablation / f"seed-{seed}" / "fr-test.conllu" for ablation, seed in models]
    for path in paths:
        path.parent.mkdir(parents=True)
        write_conllu(path, GOLD)
    config = {"task": PARSING, "files": [{"models": models, "columns": COMMON}]}
    score(config, gold, paths, [tmp_path / "scores.parquet"])
    other = tmp_path / "other.parquet"
    with pytest.raises(InputError, match=r"seed-3/fr-test.conllu: not predicted by none, seed 1"):
        score(config, gold, paths[::-1], [other])
    assert not other.exists()


def test_identifiers_of_sentences_are_kept(tmp_path: Path) -> None:
    rows = "1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n"
    gold, output = tmp_path / "gold.conllu", tmp_path / "scores.parquet"
    gold.write_text("".join(f"# sent_id = {name}\n{rows}\n" for name in ("n01", "w-2")))
    score_models(gold, [gold], ["none"], [1], PARSING, COMMON, output)
    assert json.loads(parquet.read_schema(output).metadata[b"sentence_ids"]) == ["n01", "w-2"]
