"""Workers of the benchmarks: they fit the library as it is, and both sides do the same work."""

from __future__ import annotations

import importlib
from pathlib import Path
from pkgutil import resolve_name

import pytest
from encoders import make_encoder
from test_parsing import SETTINGS
from test_training import SENTENCES
from xltransfer.corpora.conllu import write_conllu

from benchmarks.workers import masked_lm, parsing


@pytest.mark.parametrize(
    "name", ["conllu", "masked_lm", "parsing", "similarity", "texts", "translation"]
)
def test_workers_import_what_there_is(name: str) -> None:
    importlib.import_module(f"benchmarks.workers.{name}")


def test_the_parts_of_a_start_are_what_a_run_calls() -> None:
    from benchmarks.startup import PARTS

    assert all(callable(resolve_name(f"xltransfer.{path}")) for path in PARTS)


def test_both_sides_of_parsing_meet_every_sentence(tmp_path: Path) -> None:
    treebank = tmp_path / "treebank.conllu"
    write_conllu(treebank, SENTENCES)
    arguments = {
        "encoder": str(make_encoder(tmp_path / "encoder")), "model": str(tmp_path / "model"),
        "training": str(treebank), "development": str(treebank), "treebanks": [str(treebank)],
        "task": SETTINGS, "settings": {"epochs": 2, "batch_pieces": 40},
        "seed": 1, "threads": 1, "folder": str(tmp_path), "batches": 1,
    }  # fmt: skip
    trained = parsing.train(arguments)
    assert trained["work"] == parsing.bare_training(arguments)["work"] == 2 * len(SENTENCES)
    assert 0 < trained["seconds"] < trained["facts"]["all"]
    assert parsing.predict_and_score(arguments)["work"] == len(SENTENCES)
    assert parsing.bare_prediction(arguments)["work"] == len(SENTENCES)
    assert parsing.training_bound(arguments)["facts"]["bound"].startswith("bound by ")


def test_masked_modelling_takes_as_many_steps_as_its_peer(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat\na dog barked\nat the other dog\n" * 7)
    arguments = {
        "encoder": str(make_encoder(tmp_path / "encoder")), "training": str(text),
        "held_out": str(text), "batch_lines": 4, "threads": 1, "folder": str(tmp_path),
    }  # fmt: skip
    found = masked_lm.adapt(arguments)
    # 21 lines in batches of 4.
    assert found["facts"]["steps"] == 6
    assert found["work"] == masked_lm.count(arguments)["work"]


def test_both_searches_find_the_same_translations() -> None:
    from benchmarks.workers import translation

    sizes = {"words": 9000, "dimensions": 40, "queries": 30, "threads": 1}
    few, whole = (search(sizes) for search in (translation.of_few, translation.of_all))
    assert few["work"] == whole["work"] == 30 and few["facts"] == whole["facts"]
    assert few["facts"]["right"] > 0.9
