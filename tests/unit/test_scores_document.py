"""The examples in docs/scores.md, run on scores that the stage writes."""

from __future__ import annotations

import doctest
from pathlib import Path

import matplotlib
import pytest
from conftest import ROOT
from xltransfer.records import paths
from xltransfer.stages.score import COLUMNS, score_models

DOCUMENT = ROOT / "docs" / "scores.md"
SETTINGS = {"kind": "tagging", "label": "UPOS"}
WRONG = {
    ("qaa", "none", 1): (),
    ("qaa", "none", 2): (3,),
    ("qaa", "random-init-1-2", 1): (3, 7),
    ("qaa", "random-init-1-2", 2): (0, 3, 7),
    ("qab", "none", 1): (1, 4),
    ("qab", "none", 2): (1, 4, 10),
    ("qab", "random-init-1-2", 1): (1, 2, 4, 5, 8, 9, 10),
    ("qab", "random-init-1-2", 2): (1, 2, 3, 4, 8, 11),
}
"""Words that each model tags wrongly, of twelve in four sentences."""


def text(language: str, wrong: tuple[int, ...]) -> str:
    """A corpus of four sentences with three words each."""
    lines = []
    for number in range(12):
        if number % 3 == 0:
            lines.append(f"# sent_id = {language}-{number // 3 + 1}")
        tag = "VERB" if number in wrong else "NOUN"
        head, relation = (0, "root") if number % 3 == 0 else (1, "dep")
        cells = (number % 3 + 1, f"w{number}", "_", tag, "_", "_", head, relation, "_", "_")
        lines.append("\t".join(map(str, cells)))
        if number % 3 == 2:
            lines.append("")
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder with the scores of a study."""
    models = [(ablation, seed) for ablation in ("none", "random-init-1-2") for seed in (1, 2)]
    for target in ("qaa", "qab"):
        gold = tmp_path / f"{target}.conllu"
        gold.write_text(text(target, ()))
        predictions = []
        for ablation, seed in models:
            path = tmp_path / target / ablation / f"seed-{seed}.conllu"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text(target, WRONG[target, ablation, seed]))
            predictions.append(path)
        columns = {
            "encoder": "embedded",
            "task": "pos",
            "source": "qaa",
            "target": target,
            "source_corpus": "qaa_embedded",
            "target_corpus": f"{target}_embedded",
            "split": "test",
        }
        place = ("embedded", "pos", "qaa_embedded", f"{target}_embedded-test")
        output = tmp_path / paths.scores("results", *place)
        output.parent.mkdir(parents=True, exist_ok=True)
        ablations, seeds = zip(*models, strict=True)
        score_models(gold, predictions, ablations, seeds, SETTINGS, columns, output)
    return tmp_path


def test_the_examples_give_what_the_page_shows(study: Path, monkeypatch) -> None:
    monkeypatch.chdir(study)
    matplotlib.use("agg")
    page = DOCUMENT.read_text(encoding="utf-8").replace("\n```", "\n\n```")
    test = doctest.DocTestParser().get_doctest(page, {}, "scores.md", str(DOCUMENT), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    found = runner.run(test, out=said.append)
    assert found.failed == 0, "".join(said)
    assert found.attempted > 15
    assert (study / "accuracy.pdf").stat().st_size > 1000


def test_the_page_names_every_column() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in COLUMNS.names if f"`{name}`" not in page] == []
