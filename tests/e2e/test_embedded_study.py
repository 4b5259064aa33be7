"""The default study, whole: complete, repeatable, and showing the finding it is there to show."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from running import snakemake, stage
from test_parsing import official
from xltransfer.data.conllu import read_conllu
from xltransfer.metrics.attachment import attachment_scores
from xltransfer.paths import model_directory, predictions, scores

SOURCES = ["qaa", "qca", "qda"]
PAIRS = ["1-2", "3-4", "5-6", "7-8", "9-10", "11-12"]


@pytest.fixture(scope="module")
def study() -> Path:
    """The default study in the checkout, brought up to date; minutes, if nothing is there yet."""
    done = snakemake(ROOT, cores="all")
    assert done.returncode == 0, done.stderr[-3000:]
    return ROOT / "results"


@pytest.fixture(scope="module")
def table(study: Path) -> pd.DataFrame:
    return pd.read_csv(study / "tables" / "randominit.csv").set_index("source_target")


@pytest.fixture(scope="module")
def targets(study: Path) -> pd.DataFrame:
    table = pd.read_csv(study / "tables" / "randominit_by_target.csv")
    return table[table["metric"] == "LAS"].set_index(["source", "target", "ablation"])


def test_second_run_has_nothing_to_do(study: Path) -> None:
    done = snakemake(ROOT, "--dry-run")
    assert "Nothing to be done" in done.stderr + done.stdout


def test_table_is_complete(table: pd.DataFrame) -> None:
    rows = [f"{s.upper()}-{t}" for t in ("own", "X") for s in SOURCES]
    assert list(table.index) == [r.replace("own", r[:3]) for r in rows]
    assert [c for c in table.columns if not c.endswith("_sd")][2:] == ["REF", *PAIRS]
    assert table.notna().all().all()


def test_pretraining_is_what_transfers(targets: pd.DataFrame) -> None:
    """Zero-shot, the pretrained encoder is at least 20 points above one never pretrained."""
    for source in SOURCES:
        pretrained = targets.loc[(source, "X", "none"), "mean"]
        never = targets.loc[(source, "X", "random-init-all"), "mean"]
        assert pretrained >= never + 20, source


@pytest.mark.parametrize("source", SOURCES)
def test_the_lowest_layers_carry_the_transfer(source: str, table: pd.DataFrame) -> None:
    """Re-initialising layers 1-2 costs at least 5 points of X, three times any other pair."""
    drops = -table.loc[f"{source.upper()}-X", PAIRS]
    assert drops.idxmax() == "1-2"
    assert drops["1-2"] >= 5
    assert drops.drop("1-2").max() <= drops["1-2"] / 3


@pytest.mark.parametrize("source", SOURCES)
def test_the_source_language_hardly_notices(source: str, table: pd.DataFrame) -> None:
    """On the source language itself, no pair costs more than 3 points."""
    assert (-table.loc[f"{source.upper()}-{source.upper()}", PAIRS]).max() <= 3


def test_scores_equal_the_official_evaluator(study: Path) -> None:
    """On the files of one seed, for the reference and for the worst ablation."""
    for ablation in ("none", "random-init-all"):
        for source, target in (("qaa", "qaa"), ("qaa", "qba"), ("qda", "qfb"), ("qca", "qda")):
            name = f"{target}_embedded-test"
            path = predictions(
                str(study), "embedded", "parsing", f"{source}_embedded", ablation, 1, name
            )
            gold = study / "treebanks" / f"{target}_embedded" / "test.conllu"
            expected = official(gold, Path(path))
            found = attachment_scores(read_conllu(gold), read_conllu(path))
            assert found == pytest.approx(expected, abs=0.005)
            rows = pd.read_parquet(
                scores(str(study), "embedded", "parsing", f"{source}_embedded", name)
            )
            rows = rows[(rows["ablation"] == ablation) & (rows["seed"] == 1)]
            assert dict(zip(rows["metric"], rows["value"], strict=True)) == found


def test_predictions_keep_everything_but_heads_and_relations(study: Path) -> None:
    gold = read_conllu(study / "treebanks" / "qba_embedded" / "test.conllu")
    path = predictions(
        str(study), "embedded", "parsing", "qaa_embedded", "none", 2, "qba_embedded-test"
    )
    found = read_conllu(path)
    assert any("-" in row[0] for sentence in gold for row in sentence.rows)
    for expected, sentence in zip(gold, found, strict=True):
        assert sentence.comments == expected.comments
        for row, other in zip(sentence.rows, expected.rows, strict=True):
            assert row[:6] + row[8:] == other[:6] + other[8:]


def test_a_seed_trained_alone_is_the_same_model(study: Path, tmp_path: Path) -> None:
    """Same seed, same machine, same bytes, whichever seeds share the process."""
    import json

    directory = Path(
        model_directory(str(study), "embedded", "parsing", "qca_embedded", "random-init-1-2", 3)
    )
    report = json.loads((directory / "training.json").read_text())
    done = stage(
        "finetune", "--encoder", ROOT / "resources" / "models" / "embedded",
        "--training", study / "treebanks" / "qca_embedded" / "train.conllu",
        "--development", study / "treebanks" / "qca_embedded" / "dev.conllu",
        "--config", json.dumps(report["config"]), "--ablation", "random-init-1-2", "--seeds", 3,
        "--models", tmp_path / "model" / "model.safetensors",
        "--checkpoints", tmp_path / "checkpoints", "--threads", report["threads"],
        OMP_NUM_THREADS="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("model.safetensors", "task.json", "config.json", "training.json"):
        assert (tmp_path / "model" / name).read_bytes() == (directory / name).read_bytes(), name
    assert not list((tmp_path / "checkpoints").rglob("*.safetensors"))


def test_figures_are_there(study: Path) -> None:
    for suffix in (".pdf", ".png"):
        assert (study / "figures" / f"randominit{suffix}").stat().st_size > 10_000


def test_another_copy_of_the_results_is_not_needed(study: Path, tmp_path: Path) -> None:
    """Tables can be made again from scores and training reports alone."""
    for name in ("scores", "models"):
        ignore = shutil.ignore_patterns("*.safetensors", "tokenizer.json")
        shutil.copytree(study / name, tmp_path / name, ignore=ignore)
    import yaml
    from xltransfer.study import Study
    from xltransfer.tabulate import randominit_tables

    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    table = Study(config, ROOT).table_config()
    import json

    randominit_tables(json.loads(table), str(tmp_path), tmp_path / "tables")
    for name in ("randominit.csv", "randominit_by_target.csv"):
        expected = (study / "tables" / name).read_bytes()
        assert (tmp_path / "tables" / name).read_bytes() == expected
