"""Adversarial training in the configuration: what is measured, refused, and left as it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.adversarial_settings import in_fixed_order, parts_of, target_languages
from xltransfer.study.discriminations import (
    Discrimination,
    discriminations,
    own_corpora,
    reference_of,
    table_config,
)
from xltransfer.study.vector_encoders import stage_config, steps_of

STUDY = ROOT / "resources" / "studies" / "embedded-adversarial.yaml"
OF = "mapped", "ner", "qaa_embedded"
Change = Callable[[dict], object]


@pytest.fixture
def config() -> dict:
    return yaml.safe_load(STUDY.read_text(encoding="utf-8"))


def game(config: dict, task: str = "ner_qab") -> dict:
    return config[task]["training"]["adversarial"]


def test_the_study_measures_each_game_beside_training_without(config: dict) -> None:
    study = Study(config, ROOT)
    found = discriminations(study)
    of_mapped = [(one.task, one.target) for one in found if one.encoder == "mapped"]
    targets = [f"{code}_embedded" for code in ("qab", "qda", "qea")]
    assert of_mapped == [("ner", t) for t in targets] + [(f"ner_{t[:3]}", t) for t in targets]
    assert reference_of(study, found[0]) is None
    one = Discrimination("mapped", "ner_qea", "qaa_embedded", "qea_embedded")
    assert reference_of(study, one) == "ner"
    rows = json.loads(table_config(study))["rows"]
    levels = {(row["encoder"], row["task"] != "ner"): row for row in rows}
    methods = {key: (row["word_level"], row["sentence_level"]) for key, row in levels.items()}
    assert methods == {
        ("unmapped", False): (None, None),
        ("mapped", False): ("identical-strings", None),
        ("unmapped", True): (None, "gradient-reversal"),
        ("mapped", True): ("identical-strings", "gradient-reversal"),
    }
    assert own_corpora(study, "ner", "qaa_embedded") == ["qaa_embedded"]


def test_tasks_without_models_of_their_own_are_not_measured(config: dict) -> None:
    before = discriminations(Study(copy.deepcopy(config), ROOT))
    for task in ("ner", "ner_qab"):
        config[f"{task}_again"] = {**copy.deepcopy(config[task]), "models_of": task}
        config["tasks"].append(f"{task}_again")
    study = Study(config, ROOT)
    assert discriminations(study) == before
    assert {row["reference"] for row in json.loads(table_config(study))["rows"]} == {None, "ner"}


def test_a_game_of_weight_0_is_no_sentence_level_and_other_training_no_reference(
    config: dict,
) -> None:
    game(config)["weight"] = 0
    config["ner_qda"]["training"]["epochs"] = 2
    rows = json.loads(table_config(Study(config, ROOT)))["rows"]
    by_task = {row["task"]: row for row in rows}
    assert by_task["ner_qab"]["sentence_level"] is None
    assert by_task["ner_qda"]["reference"] is None and by_task["ner_qea"]["reference"] == "ner"


def test_a_game_changes_the_models_of_its_task_alone(config: dict) -> None:
    before = Study(copy.deepcopy(config), ROOT)
    game(config)["weight"] = 0.5
    after = Study(config, ROOT)
    assert before.identities.model(*OF) == after.identities.model(*OF)
    changed = "mapped", "ner_qab", "qaa_embedded"
    assert before.identities.model(*changed) != after.identities.model(*changed)
    assert "adversarial" not in before.finetuning_config(*OF)
    assert json.loads(before.finetuning_config(*OF))["settings"]["crf"] is True
    data = after.identities.training_data(*changed)
    assert "adversarial entities/qab_embedded" in data
    assert not any("adversarial" in key for key in after.identities.training_data(*OF))


def test_the_order_of_texts_and_widths_has_no_effect(config: dict) -> None:
    training = config["ner_qab"]["training"]
    training["adversarial"]["texts"] = {
        "entities": ["qea_embedded", "qab_embedded"], "raw_text": ["qda_embedded"],
    }  # fmt: skip
    one = in_fixed_order(training)
    training["adversarial"]["texts"] = {
        "raw_text": ["qda_embedded"], "entities": ["qab_embedded", "qea_embedded"],
    }  # fmt: skip
    training["adversarial"]["discriminator"]["widths"] = [3, 2]
    assert json.dumps(one) == json.dumps(in_fixed_order(training))
    config["ner_qab"]["targets"] = config["ner"]["targets"]
    game(config)["labelled"] = {"corpus": "qab_embedded", "sentences": 100}
    study = Study(config, ROOT)
    assert target_languages(study, "ner_qab") == ["qab", "qea", "qda"]
    assert parts_of(study, "ner_qab", "qaa_embedded")[-1] == ("entities", "qab_embedded", "train")
    assert "qda_embedded" in study.raw_texts.codes


def test_vectors_are_mapped_into_the_space_of_one_language(config: dict) -> None:
    study = Study(config, ROOT)
    assert steps_of(study, "mapped") == [
        ("qaa", "unmapped", None),
        ("qab", "backward", "qaa_qab_embedded"),
        ("qda", "backward", "qaa_qda_embedded"),
        ("qea", "backward", "qaa_qea_embedded"),
    ]
    assert {mapping for _, mapping, _ in steps_of(study, "unmapped")} == {"unmapped"}
    config["encoders"][1]["word_vectors"] |= {"space": "qab", "languages": ["qab", "qaa"]}
    for task in ("ner", "ner_qda", "ner_qea"):
        config[task]["targets"] = ["qaa_embedded", "qab_embedded"]
    game(config, "ner_qda")["texts"] = game(config, "ner_qea")["texts"] = game(config)["texts"]
    study = Study(config, ROOT)
    assert steps_of(study, "mapped")[0] == ("qaa", "forward", "qaa_qab_embedded")
    assert "forward" in stage_config(study, "mapped")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: game(c)["texts"].update(entities=["qqq_embedded"]),
         "no 'qqq_embedded' in the catalogue of entities"),
        (lambda c: game(c)["texts"].update(entities=["qba_embedded"]),
         "'qba' is the language of no target of 'ner_qab'"),
        (lambda c: game(c)["texts"].update(entities=["qaa_embedded"]),
         "'qaa' is also the language of the source qaa_embedded"),
        (lambda c: game(c)["texts"].update(raw_text=["qab_embedded"]),
         "two texts of the language 'qab'"),
        (lambda c: game(c).update(labelled={"corpus": "qea_embedded", "sentences": 5}),
         r"labelled\.corpus: no text of its language 'qea'"),
        (lambda c: game(c).update(labelled={"corpus": "qqq_embedded", "sentences": 5}),
         r"labelled\.corpus: no 'qqq_embedded'"),
        (lambda c: game(c).update(smoothing=0.5), "smoothing: 0.5 must be below 0.5"),
        (lambda c: game(c).update(method="reversal"), "method: 'reversal' is none of"),
        (lambda c: game(c).update(words=1), "adversarial.words: unknown key"),
        (lambda c: game(c).pop("weight"), "adversarial.weight: the key is missing"),
        (lambda c: c["encoders"][1]["word_vectors"].update(method="none-such"),
         r"word_vectors\.method: no 'none-such' in word_vectors.methods"),
        (lambda c: c["encoders"][1]["word_vectors"].update(embeddings="wiki"),
         "no 'wiki' in word_vectors.embeddings"),
        (lambda c: c["encoders"][1]["word_vectors"].update(languages=["qaa", "qab"]),
         "no vectors of the language of qda_embedded of 'ner'"),
        (lambda c: c["encoders"][1]["word_vectors"].update(languages=["qaa", "qba"]),
         "'comparable' has no vectors of 'qba'"),
        (lambda c: c["encoders"][1].pop("word_vectors"),
         "`word_vectors` belongs to xltransfer-vector-bilstm"),
        (lambda c: c["encoders"][1]["architecture"].pop("characters"),
         "architecture.characters: the key is missing"),
        (lambda c: c["word_vectors"]["methods"][0].update(kind="least-squares"),
         "'identical-strings' is not orthogonal, so that it cannot map 'qab' backward"),
        (lambda c: c["word_vectors"]["dictionaries"].remove("qaa_qda_embedded"),
         "no dictionary of 'qda' and 'qaa'"),
        (lambda c: c["parallel"].update(treebanks=["qaa_embedded", "qab_embedded"]),
         "is never pretrained, so that it has no states to compare"),
        (lambda c: c.update(ablations=["none", "random-init-1-1"]),
         "has no pretraining that 'random-init-1-1' could take away"),
        (lambda c: c["ner_qab"]["training"].update(accumulation=2),
         "ner_qab.training.accumulation: adversarial training computes each batch as a whole"),
        (lambda c: c["ner"]["training"].update(checkpointing=True),
         "ner.training.checkpointing: 'unmapped' reads whole words and has no"),
        (lambda c: c["ner"].update(sources=["qaa_embedded+qab_embedded"]),
         "has several languages, and 'unmapped' looks words up"),
    ],
)  # fmt: skip
def test_contradictions_are_refused(change: Change, message: str, config: dict) -> None:
    change(config)
    with pytest.raises(InputError, match=message) as caught:
        Study(config, ROOT)
    assert "\n" not in str(caught.value)


def test_encoders_that_are_told_the_language_are_no_match(config: dict) -> None:
    """Neither for a game nor for sources that are trained on together."""
    path = ROOT / "resources" / "studies" / "embedded-translation.yaml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    for encoder in told["encoders"]:
        if "by" in encoder:
            encoder["by"]["language_embeddings"] = True
    (task,) = told["tasks"]
    together = copy.deepcopy(told)
    together[task]["sources"] = ["qaa_embedded+qba_embedded"]
    together[task]["targets"].append("qab_embedded")
    together["parallel"]["treebanks"] = []
    with pytest.raises(InputError, match="has language embeddings, which need the language of a"):
        Study(together, ROOT)
    folder = "entities" if told[task]["kind"] == "entities" else "treebanks"
    told[task]["training"]["adversarial"] = {**game(config), "texts": {folder: ["qba_embedded"]}}
    with pytest.raises(InputError, match="has language embeddings, by which it is told"):
        Study(told, ROOT)


def test_models_of_unseen_languages_have_no_game() -> None:
    default = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    settings = game(yaml.safe_load(STUDY.read_text(encoding="utf-8")))
    task = default["unseen"]["tasks"][0]
    default["unseen"]["training"][task]["adversarial"] = settings
    with pytest.raises(InputError, match="labelled sentences of their own language"):
        Study(default, ROOT)
