"""Unseen languages of the embedded world: the whole chain, and what it is there to show.

A close language and one in a foreign script, with a smaller grid: the default study takes half an
hour.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import copy_workflow
from reports import check_in_browser, check_report, rules_of_graph
from running import snakemake
from xltransfer.corpora.conllu import read_conllu
from xltransfer.records.paths import predictions

STUDY = ("--configfile", "study.yaml")
TRAINED = ["embedded", "embedded-adapted", "monolingual", "bilstm"]
ARMS = [*TRAINED[:3], "zero-shot-from-qaa", TRAINED[3]]
SEEDS = [11, 12, 13]
VARIETIES = ["qax", "qcx", "qcx_latn"]
GRID = {"learning_rates": [1e-3, 5e-3], "epochs": [15]}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workflow with a study of some languages, run."""
    folder = copy_workflow(tmp_path_factory.mktemp("unseen"))
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    languages = [row for row in config["unseen"]["languages"] if row["language"] in VARIETIES]
    study = {"unseen": {"languages": languages, "search": GRID}}
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    done = snakemake(folder, "unseen", *STUDY, cores="all")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def study(workflow: Path) -> Path:
    return workflow / "results"


@pytest.fixture(scope="module")
def arms(study: Path) -> pd.DataFrame:
    return pd.read_csv(study / "tables" / "unseen.csv").set_index(["variety", "arm"])


@pytest.fixture(scope="module")
def verdicts(study: Path) -> pd.DataFrame:
    return pd.read_csv(study / "tables" / "verdicts.csv").set_index("variety")


def test_second_run_has_nothing_to_do(workflow: Path) -> None:
    done = snakemake(workflow, "unseen", "--dry-run", *STUDY)
    assert "Nothing to be done" in done.stderr + done.stdout


def test_tables_are_complete(arms: pd.DataFrame, verdicts: pd.DataFrame) -> None:
    assert list(arms.index) == [(variety, arm) for variety in VARIETIES for arm in ARMS]
    assert (arms["seeds"] == 3).all() and list(verdicts.index) == VARIETIES


def test_scores_are_those_of_the_predictions(study: Path, arms: pd.DataFrame) -> None:
    """Recomputed word by word from the files that the models wrote."""
    gold = [s.column(3) for s in read_conllu(study / "treebanks/qcx_embedded/test.conllu")]
    for variety, arm in (
        ("qcx", "embedded-adapted"),
        ("qcx_latn", "bilstm"),
        ("qcx", "zero-shot-from-qaa"),
    ):
        found = []
        for seed in SEEDS:
            corpus = f"{variety}_embedded"
            target = f"{corpus}-test.conllu"
            path = predictions(str(study), arm, "pos", corpus, "none", seed, target)
            pairs = [
                (word, other)
                for sentence, words in zip(read_conllu(Path(path)), gold, strict=True)
                for word, other in zip(sentence.column(3), words, strict=True)
            ]
            found.append(100 * sum(a == b for a, b in pairs) / len(pairs))
        assert arms.loc[(variety, arm), "score"] == pytest.approx(sum(found) / 3, abs=0.005)


def test_a_close_language_is_easier_than_one_in_a_foreign_script(verdicts: pd.DataFrame) -> None:
    """That its verdict is easy depends on seeds: the difference has a wide interval."""
    difference = verdicts["encoder_less_baseline"]
    assert difference["qax"] > difference["qcx"] + 2
    assert verdicts.loc["qax", "adapted_less_encoder"] > 0


def test_foreign_script_costs_much(arms: pd.DataFrame, verdicts: pd.DataFrame) -> None:
    """Transliteration gains more for the encoder than for what was never pretrained."""
    gain = arms["less_original"].unstack().loc["qcx_latn"]
    low = arms["less_original_low"].unstack().loc["qcx_latn"]
    assert gain["embedded"] > 3 and low["embedded"] > 0
    assert gain["embedded"] > gain["bilstm"] + 2
    assert verdicts.loc["qcx", "encoder_less_baseline"] < 0
    assert verdicts.loc["qcx_latn", "verdict"] == "easy"


def test_tokenizers_split_a_foreign_script_more(study: Path) -> None:
    table = pd.read_csv(study / "tables" / "tokenizer_stats.csv")
    table = table[(table["encoder"] == "embedded") & (table["part"] == "train")]
    fertility = table.set_index("variety")["fertility"]
    assert fertility["qcx"] > 1.2 * fertility["qcx_latn"]


def test_languages_and_reports(study: Path) -> None:
    table = pd.read_csv(study / "tables" / "languages.csv").set_index("code")
    assert list(table.index) == ["qax", "qcx"]
    assert (table["seen"] == "no").all() and (table["raw_text_sentences"] > 1900).all()
    report = json.loads((study / "raw_text" / "qcx_embedded" / "report.json").read_text())
    assert report["read"]["lines"] == 12000
    coverage = study / "transliteration" / "treebanks" / "qcx_latn_embedded-train.json"
    assert json.loads(coverage.read_text())["characters"]["without_rule"] == 0


def test_all_arms_had_the_same_search_and_enough_steps(study: Path, arms: pd.DataFrame) -> None:
    trained = arms[arms.index.get_level_values("arm").isin(TRAINED)]
    assert (trained["grid"] == "learning rates 0.001 0.005; epochs 15").all()
    assert (trained["steps"].astype(int) >= 300).all()
    assert (trained["training_sentences"].astype(int) == 20).all()
    searches = list((study / "searches").rglob("*.json"))
    grids = [
        json.loads(path.read_text())["grid"] for path in searches if "provenance" not in path.name
    ]
    assert len(grids) == len(VARIETIES) * len(TRAINED)
    assert all(len(grid) == 2 and all(row["steps"] >= 300 for row in grid) for grid in grids)


def test_no_test_sentence_is_in_the_text(study: Path, arms: pd.DataFrame) -> None:
    """Short sentences of so small a world occur twice; their lines are dropped."""
    for code in ("qax", "qcx"):
        text = (study / "raw_text" / f"{code}_embedded" / "training.txt").read_text().splitlines()
        gold = read_conllu(study / "treebanks" / f"{code}_embedded" / "test.conllu")
        surface = {comment for s in gold for comment in s.comments if comment.startswith("# text")}
        assert not surface & {f"# text = {line}" for line in text}
    assert (arms["matching_lines"] == "dropped").all()
    assert (arms["test_sentences_in_text"] < 12).all()


def test_adaptation_lowers_the_held_out_loss(study: Path) -> None:
    for variety in VARIETIES:
        path = study / "encoders" / "embedded-adapted" / f"{variety}_embedded" / "seed-1"
        history = json.loads((path / "pretraining.json").read_text())["history"]
        assert history[0]["epoch"] == 0
        assert history[-1]["perplexity"] < history[0]["perplexity"] / 2


def test_figures_are_there(study: Path) -> None:
    for name in ("unseen", "transliteration", "tokenizer_stats"):
        for suffix in (".pdf", ".png"):
            assert (study / "figures" / f"{name}{suffix}").stat().st_size > 10_000


TABLES = {"unseen", "verdicts", "tokenizer_stats", "languages", "language_data"}
FIGURES = {"unseen", "transliteration", "tokenizer_stats"}


@pytest.fixture(scope="module")
def report(workflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    done = snakemake(workflow, "unseen", "--report", str(path), *STUDY)
    assert done.returncode == 0, done.stderr[-2000:]
    return path


def test_report_has_every_table_and_figure(study: Path, report: Path) -> None:
    page = check_report(report, study, TABLES, FIGURES)
    assert {"clean", "adapt", "pretrain", "unseen_tables"} <= rules_of_graph(page)


def test_report_opens_in_a_browser(report: Path, tmp_path: Path) -> None:
    check_in_browser(report, TABLES, FIGURES, tmp_path)


def test_tables_lead_back_to_all_raw_data(study: Path) -> None:
    """Through adapted encoders, transliteration and cleaning to the text they were made of."""
    content = json.loads((study / "tables" / "unseen.provenance.json").read_text())
    assert not content["inconsistent"]
    sources = {Path(path) for path in content["sources"]}
    languages = {"qax", "qcx", "qaa"}
    treebanks = {f"{code}_embedded" for code in languages}
    assert {path.parent.name for path in sources if path.suffix == ".conllu"} == treebanks
    texts = {f"{code}-embedded.txt" for code in languages - {"qaa"}}
    assert {path.name for path in sources if path.suffix == ".txt"} == texts
    others = {path.parent.name for path in sources if path.suffix not in (".conllu", ".txt")}
    assert others == {"embedded", "bilstm", "transliteration"}
    through = {
        "embedded_world",
        "clean",
        "transliterate",
        "bilstm_architecture",
        "adapt",
        "pretrain",
    }
    assert set(content["stages"]) == through | {"search", "finetune", "predict", "score"}
    times = json.loads((study / "tables" / "unseen.timing.json").read_text())
    assert times["adapt"]["models"] == times["pretrain"]["models"] == len(VARIETIES)
    # Those of zero-shot transfer are trained on one language, once.
    assert times["finetune"]["models"] == (len(VARIETIES) * len(TRAINED) + 1) * len(SEEDS)
    assert times["all"]["without_times"] == 1, "the encoder that comes with the project"
