"""Unseen languages in the configuration: their corpora, the arms and the files of these."""

from __future__ import annotations

import json
from itertools import cycle

import pytest
import yaml
from conftest import ROOT
from planning import encoders_with
from test_study import change
from xltransfer.study import Study


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def test_seeds_of_unseen_languages_are_scored_as_what_they_are(config: dict) -> None:
    """Predictions and the models that they are said to be of are listed in one order."""
    change(seeds=[3, 1, 2])(config)
    study = Study(config, ROOT)
    task, source = study.unseen.pairs[0]
    seeds = [seed for ablation, seed in study.models(task, source)]
    assert seeds == [1, 2, 3]
    arms = study.unseen.arms
    names = ["embedded", "embedded-adapted", "monolingual", "zero-shot-from-qaa", "bilstm"]
    assert arms.of_task(task) == names
    for listed in (arms.predictions("x", task, source), arms.models("x", task, source, "y")):
        assert [f"/seed-{seed}/" in path for seed, path in zip(cycle(seeds), listed)] == [True] * 15
    models = arms.models("x", task, source, "y")
    assert models[9] == "x/models/embedded/pos/qaa_embedded/none/seed-1/y"
    scored = json.loads(study.score_config(task, [(names[3], source)], source, "test"))
    assert scored["files"][0]["models"] == [["none", seed] for seed in seeds]


def test_models_take_turns_with_pretrained_encoders(config: dict) -> None:
    change(seeds=[5, 3, 9], encoders=encoders_with("embedded-adapted", by__seeds=[2, 1]))(config)
    study = Study(config, ROOT)
    found = study.encoder_directories("embedded-adapted", "qax_embedded", [3, 5, 9])
    assert [path.rpartition("/")[2] for path in found] == ["seed-1", "seed-2", "seed-1"]
    assert len(study.encoder_files("embedded-adapted", "qax_embedded", [3, 9])) == 3
    assert len(study.encoder_files("embedded-adapted", "qax_embedded", [3, 5, 9])) == 6
    assert set(study.encoder_directories("bilstm", "qax_embedded", [3, 5])) == {
        "results/encoders/bilstm"
    }


def erzya(split: str) -> dict:
    return {
        "language": "myv",
        "text": "myv_wikipedia",
        "treebanks": "myv_jr",
        "entities": None,
        "split": split,
        "transliterated": ["myv_latn"],
    }


def test_folds_are_corpora_of_their_own(config: dict) -> None:
    change(unseen__languages=[erzya("folds")], unseen__cross_validation__folds=3)(config)
    study = Study(config, ROOT)
    folds = tuple(f"myv_jr_fold_{number}" for number in (1, 2, 3))
    written = tuple(f"myv_latn_jr_fold_{number}" for number in (1, 2, 3))
    varieties = study.unseen.varieties
    assert varieties["myv"].corpora == {"pos": folds}
    assert varieties["myv_latn"].corpora == {"pos": written}
    assert study.unseen.pairs == [("pos", code) for code in (*folds, *written)]
    assert study.unseen.divided("treebanks", "folds") == ["myv_jr"]
    made = study.unseen.made["treebanks"]["myv_latn_jr_fold_2"]
    assert (made.original, made.scheme) == ("myv_jr_fold_2", "erzya-iso9")
    # Every sentence is tested in some fold, so none may be in the text.
    assert study.raw_texts.evaluation_files("myv_wikipedia") == [
        f"treebanks/{code}/test.conllu" for code in folds
    ]


def test_evaluation_files_are_of_every_corpus_of_the_language(config: dict) -> None:
    change(
        unseen__languages=[{**erzya("hashed"), "language": "ug", "text": "ug_wikipedia",
                            "treebanks": "ug_udt", "transliterated": ["ug_latn"]}],
        pos__targets=["qaa_embedded", "qca_embedded", "qda_embedded", "ug_udt"],
    )(config)  # fmt: skip
    texts = Study(config, ROOT).raw_texts
    parts = ("dev", "test")
    assert texts.evaluation_files("ug_wikipedia") == [f"treebanks/ug_udt/{p}.conllu" for p in parts]
    assert texts.evaluation_files("ug_latn_wikipedia") == [
        f"treebanks/ug_latn_udt/{p}.conllu" for p in parts
    ]


def test_corpora_that_are_made_have_all_parts_and_a_language(config: dict) -> None:
    config["unseen"]["languages"] = [erzya("hashed")]
    study = Study(config, ROOT)
    made = study.unseen.varieties["myv_latn"]
    assert made.corpora["pos"] == ("myv_latn_jr_hashed",) and made.text == "myv_latn_wikipedia"
    assert study.language("parsing", "myv_latn_jr_hashed") == "myv_latn"
    assert study.corpora("parsing")["myv_latn_jr_hashed"].splits == ("train", "dev", "test")
    assert study.unseen.made["treebanks"]["myv_latn_jr_hashed"].original == "myv_jr_hashed"
    assert study.unseen.made["treebanks"]["myv_jr_hashed"].original == "myv_jr"
    files = study.unseen.scheme_files("treebanks", "myv_latn_jr_hashed")
    assert all((ROOT / file).exists() for file in files) and files
