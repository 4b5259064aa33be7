"""The exact sets of jobs that are planned for unseen languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import (
    AGGREGATES,
    UNSEEN_AGGREGATES,
    change,
    counts,
    encoders_with,
    finish,
    finished_copy,
    planned,
)


def test_study_of_unseen_languages_plans_offline(workspace: Path) -> None:
    """Fifteen languages, six of them in two scripts."""
    jobs = planned(workspace, "unseen", "--configfile", "resources/studies/unseen.yaml")
    found = counts(jobs)
    written_in_latin = 6
    assert found["clean"] == 15 and found["adapt"] == found["pretrain"] == 21
    # Varieties with a treebank, of which four (Swiss German, Livvi, Buriat in two scripts) are
    # cross-validated; and with named entities.
    treebanks, folds, entities = 14 - 4, 4 * 8, 10 + 4
    pairs = 2 * (treebanks + folds) + entities
    assert found["predict_in_language"] == found["score_in_language"] == pairs
    assert found["search"] == 4 * pairs
    # Three models that are trained on English annotate the same test sentences.
    assert found["finetune"] == 4 * pairs + 3 and not found["score"]
    assert found["fold_treebanks"] == found["split_treebanks"] == 3
    assert not found["fold_entities"] and not found["split_entities"]
    assert found["transliterate_raw_text"] == 2 * written_in_latin
    names = {path for output in jobs["adapt"] for path in output.split(", ")}
    adapted = "results/unseen/encoders/mbert-adapted/ug_latn_wikipedia2023/seed-1/config.json"
    assert adapted in names
    assert any("hf" not in path and "wikimedia" in path for path in jobs["fetch_corpus"])


def unseen(language: str, *transliterated: str) -> dict:
    return {
        "language": language,
        "text": f"{language}_embedded",
        "treebanks": f"{language}_embedded",
        "entities": None,
        "split": "released",
        "transliterated": list(transliterated),
    }


def section(languages: list[dict]) -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    training = {"parsing": config["parsing"]["training"]}
    return {
        "languages": languages,
        "tasks": ["parsing"],
        "training": training,
        "zero_shot_from": ["qca"],
    }


@pytest.fixture(scope="module")
def finished_with_unseen_once(
    finished_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small study with two unseen languages, one of them in two scripts."""
    folder = tmp_path_factory.mktemp("unseen") / "study"
    shutil.copytree(finished_once, folder)
    languages = [unseen("qax"), unseen("qcx", "qcx_latn")]
    change(folder, unseen=section(languages))
    return finish(folder, "--configfile", "small.yaml")


@pytest.fixture
def finished_with_unseen(finished_with_unseen_once: Path, tmp_path: Path) -> Path:
    study = tmp_path / "study"
    return finished_copy(finished_with_unseen_once, study, "--configfile", "small.yaml")


def test_adding_an_unseen_language_runs_its_jobs_alone(finished_with_unseen: Path) -> None:
    folder = finished_with_unseen
    languages = [unseen("qax"), unseen("qcx", "qcx_latn"), unseen("qga")]
    change(folder, unseen=section(languages))
    jobs = planned(folder, "--configfile", "small.yaml")
    own = {
        "embedded_text": 1,
        "embedded_treebank": 3,
        "clean": 1,
        "adapt": 1,
        "pretrain": 1,
        "search": 4,
        "finetune": 4,
        "predict_in_language": 1,
        "score_in_language": 1,
        "count_pieces": 2 * 4,
    }
    aggregates = UNSEEN_AGGREGATES | AGGREGATES
    assert {name: count for name, count in counts(jobs).items() if name not in aggregates} == own
    assert set(jobs) <= set(own) | aggregates
    for rule in own:
        assert all("qga" in path for output in jobs[rule] for path in output.split(", ")), rule


def test_another_script_is_made_of_the_original(finished_with_unseen: Path) -> None:
    """A changed table of letters redoes what is written with it, and no more."""
    folder = finished_with_unseen
    table = folder / "resources" / "transliteration" / "embedded-geor.tsv"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    jobs = planned(folder, "--configfile", "small.yaml")
    rules = ("transliterate_treebanks", "transliterate_raw_text", "adapt", "search", "finetune")
    assert set(jobs) >= set(rules)
    for rule in rules:
        assert all("qcx_latn" in path for output in jobs[rule] for path in output.split(", ")), rule


def test_baseline_settings_train_the_baseline_alone(finished_with_unseen: Path) -> None:
    change(finished_with_unseen, unseen__bilstm={"training": {"epochs": 3}})
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["finetune"] == 3
    assert all("/bilstm/" in output for output in jobs["finetune"])
    assert not {"adapt", "pretrain", "clean"} & set(jobs)


def test_shares_of_raw_text_are_cleaned_anew(finished_with_unseen: Path) -> None:
    change(finished_with_unseen, cleaning={"maximum_lines": 100})
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["clean"] == 2 and counts(jobs)["adapt"] == 3
    assert not any("/bilstm/" in output for output in jobs["finetune"])


def test_another_grid_searches_again(finished_with_unseen: Path) -> None:
    change(
        finished_with_unseen,
        unseen__search={"seed": 1, "learning_rates": [1e-3], "epochs": [4]},
    )
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["search"] == 4 * 3 and counts(jobs)["finetune"] == 4 * 3
    assert not {"adapt", "pretrain", "clean"} & set(jobs)


def test_without_a_grid_nothing_is_searched(finished_with_unseen: Path) -> None:
    change(finished_with_unseen, unseen__search=None)
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["finetune"] == 4 * 3 and "search" not in jobs


def test_a_second_pretraining_adds_encoders_and_models_of_theirs(
    finished_with_unseen: Path,
) -> None:
    """The first encoders stay; only models that start from an adapted encoder are trained again."""
    change(finished_with_unseen, encoders=encoders_with("embedded-adapted", by__seeds=[1, 2]))
    jobs = planned(finished_with_unseen, "--configfile", "small.yaml")
    assert counts(jobs)["adapt"] == 3 and not {"search", "pretrain", "clean"} & set(jobs)
    assert all("/seed-2/" in output for output in jobs["adapt"])
    assert all("/embedded-adapted/" in output for output in jobs["finetune"])


def test_other_folds_are_other_corpora(finished_with_unseen: Path) -> None:
    """Cross-validation is for corpora that lack a part; these have all of them."""
    change(finished_with_unseen, unseen__cross_validation={"folds": 4, "seed": 9})
    assert (
        planned(finished_with_unseen, "--configfile", "small.yaml").keys()
        <= UNSEEN_AGGREGATES | {"all"} | AGGREGATES
    )
