"""Noise in the configuration: where letters come from, what is refused, what stays the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.noise_settings import alphabet_file, alphabet_of

CHARACTERS = {
    "share": 0.15,
    "operations": ["insert", "delete", "replace"],
    "alphabet": {"raw_text": "qax_embedded"},
    "drawn_per": "epoch",
}
OF = "embedded", "pos", "qaa_embedded"


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def with_noise(config: dict, **noise: object) -> Study:
    """The default study with noise in its tagger."""
    changed = copy.deepcopy(config)
    changed["pos"]["training"]["noise"] = noise
    return Study(changed, ROOT)


@pytest.mark.parametrize(
    ("alphabet", "expected"),
    [
        ("source", None),
        ({"raw_text": "gsw_wikipedia"}, ("raw_text", "gsw_wikipedia", "training")),
        ({"treebanks": "de_gsd"}, ("treebanks", "de_gsd", "train")),
        ({"entities": "de_wikiann"}, ("entities", "de_wikiann", "train")),
    ],
)
def test_letters_never_come_from_a_test_part(alphabet: object, expected: object) -> None:
    assert alphabet_of({"noise": {"characters": {**CHARACTERS, "alphabet": alphabet}}}) == expected


def test_no_noise_needs_no_letters() -> None:
    assert alphabet_of({}) is None
    assert alphabet_of({"noise": {"subwords": {"dropout": 0.1}}}) is None


def test_noise_decides_the_models_of_its_task_alone(config: dict) -> None:
    plain, noisy = Study(config, ROOT), with_noise(config, characters=CHARACTERS)
    assert "noise" not in plain.finetuning_config(*OF)
    settings = json.loads(noisy.finetuning_config(*OF))["settings"]["training"]
    assert settings["noise"]["characters"] == {
        **CHARACTERS,
        "operations": sorted(CHARACTERS["operations"]),
    }
    data, other = (study.identities.training_data(*OF) for study in (noisy, plain))
    assert data == {**other, "alphabet": noisy.identities.made.text("qax_embedded")}
    assert noisy.identities.model(*OF) != plain.identities.model(*OF)
    for task in ("parsing", "ner"):
        of = "embedded", task, "qaa_embedded"
        assert noisy.identities.model(*of) == plain.identities.model(*of)
    for arm in plain.unseen.arms.trained:
        of = arm, "pos", "qax_embedded"
        assert noisy.identities.model(*of) == plain.identities.model(*of)
        assert noisy.identities.unseen.search(*of) == plain.identities.unseen.search(*of)


def test_the_order_of_operations_changes_no_model(config: dict) -> None:
    backwards = {**CHARACTERS, "operations": CHARACTERS["operations"][::-1]}
    one, other = (with_noise(config, characters=c) for c in (CHARACTERS, backwards))
    assert one.finetuning_config(*OF) == other.finetuning_config(*OF)


def test_models_of_an_unseen_language_may_have_noise(config: dict) -> None:
    """Not those of a BiLSTM, which reads whole words; the search trains with the same noise."""
    plain = Study(config, ROOT)
    changed = copy.deepcopy(config)
    changed["unseen"]["training"]["pos"]["noise"] = {
        "characters": {**CHARACTERS, "alphabet": {"treebanks": "qab_embedded"}}
    }
    noisy = Study(changed, ROOT)
    for arm in plain.unseen.arms.trained:
        of = arm, "pos", "qax_embedded"
        differs = arm != "bilstm"
        assert (noisy.identities.model(*of) != plain.identities.model(*of)) == differs
        searches = [s.identities.unseen.search(*of) for s in (noisy, plain)]
        assert (searches[0] != searches[1]) == differs
        wanted = ("treebanks", "qab_embedded", "train") if differs else None
        assert alphabet_file(noisy, *of) == wanted
    assert noisy.identities.model(*OF) == plain.identities.model(*OF)


def test_the_text_of_an_alphabet_is_cleaned(config: dict) -> None:
    config["unseen"] = {"languages": []}
    config["encoders"] = config["encoders"][:1]
    assert Study(config, ROOT).raw_texts.codes == []
    study = with_noise(config, characters=CHARACTERS)
    assert study.raw_texts.codes == study.raw_texts.cleaned == ["qax_embedded"]
    del config["cleaning"]
    with pytest.raises(InputError, match="cleaning: the key is missing, and the study reads raw"):
        with_noise(config, characters=CHARACTERS)


def changed_characters(**changes: object) -> dict:
    return {"characters": {**CHARACTERS, **changes}}


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ({}, "training.noise: .* should be non-empty"),
        ({"letters": CHARACTERS}, r"training.noise.letters: unknown key; remove it"),
        (changed_characters(share=0), r"characters.share: 0 must be above 0"),
        (changed_characters(share=1.5), r"characters.share: 1.5 is too large; the greatest is 1"),
        (changed_characters(operations=["drop"]), r"characters.operations.0: 'drop' is none of"),
        (changed_characters(operations=[]), r"characters.operations: the list is empty"),
        (changed_characters(drawn_per="batch"), r"characters.drawn_per: 'batch' is none of"),
        (changed_characters(alphabet="qax_embedded"), r"characters.alphabet: .* is not allowed"),
        (changed_characters(alphabet={"raw_text": "a_b", "treebanks": "a_b"}), "is not allowed"),
        ({"characters": {"share": 0.1}}, r"characters.operations: the key is missing"),
        ({"subwords": {"dropout": 0}}, r"training.noise.subwords: .* is not allowed here"),
        ({"subwords": {"dropout": 0.1, "alpha": 0.1}}, r"training.noise.subwords: .* not allowed"),
        ({"subwords": {"alpha": 0.1, "nbest_size": 1}}, r"training.noise.subwords: .* not allowed"),
        (changed_characters(alphabet={"raw_text": "xx_text"}),
         r"pos.training.noise.characters.alphabet: no 'xx_text' in the catalogue of raw_corpora"),
        (changed_characters(alphabet={"treebanks": "xx_text"}), "in the catalogue of treebanks"),
        (changed_characters(alphabet={"treebanks": "en_pud"}),
         "en_pud has no train part, and the letters of a test part would be no zero-shot transfer"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_in_one_line(noise: dict, message: str, config: dict) -> None:
    with pytest.raises(InputError, match=message) as error:
        with_noise(config, **noise)
    assert str(error.value).startswith("config: pos.training.noise") and "\n" not in str(
        error.value
    )


@pytest.mark.parametrize("subwords", [{"dropout": 0.1}, {"alpha": 0.2, "nbest_size": None}])
def test_usable_settings(subwords: dict, config: dict) -> None:
    noisy = with_noise(config, characters=CHARACTERS, subwords=subwords)
    assert alphabet_file(noisy, *OF) == ("raw_text", "qax_embedded", "training")


def units(folder: Path, kind: str) -> Path:
    content = {"model_type": "canine", "num_hidden_layers": 12}
    if kind == "bytes":
        content = {"model_type": "t5", "num_layers": 12, "tokenizer_class": "ByT5Tokenizer"}
    (folder / "config.json").write_text(json.dumps(content))
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.mark.parametrize("kind", ["characters", "bytes"])
def test_encoders_of_characters_and_bytes_have_no_subwords(
    kind: str, config: dict, tmp_path: Path
) -> None:
    config["unseen"] = {"languages": []}
    config["encoders"] = [{"name": "units", "path": str(units(tmp_path, kind)), "layers": 12}]
    # Characters may be noisy all the same.
    assert with_noise(config, characters=CHARACTERS)
    message = f"config: pos.training.noise.subwords: 'units' reads {kind}, so that each word has"
    with pytest.raises(InputError, match=message):
        with_noise(config, subwords={"dropout": 0.1})


def adapted(config: dict, **training: object) -> dict:
    """The encoder that is adapted to raw text."""
    recipe = next(item for item in config["encoders"] if item["name"] == "embedded-adapted")
    recipe["by"]["training"] |= training
    return recipe


def test_adaptation_may_draw_segmentations(config: dict) -> None:
    plain = Study(copy.deepcopy(config), ROOT)
    adapted(config, noise={"subwords": {"dropout": 0.1}})
    noisy = Study(config, ROOT)
    name, of = "embedded-adapted", ("embedded-adapted", "qax_embedded", 1)
    assert json.loads(noisy.made_encoders.recipes[name].config(1))["training"]["noise"]
    assert noisy.identities.made.trained_encoder(*of) != plain.identities.made.trained_encoder(*of)
    adapted(config, noise={"characters": CHARACTERS})
    with pytest.raises(InputError, match="noise"):
        Study(config, ROOT)


def trimmed(config: dict) -> None:
    """The encoder with the subwords of the treebanks that the study reads."""
    config["unseen"] = {"languages": []}
    config["tasks"] = ["pos"]
    config["parallel"]["treebanks"] = []
    codes = [f"{code}_embedded" for code in ("qaa", "qab", "qba", "qca", "qda", "qea")]
    by = {"objective": "trim-vocabulary", "treebanks": codes}
    config["encoders"] = [config["encoders"][0], {"name": "small", "from": "embedded", "by": by}]


def test_a_trimmed_vocabulary_lacks_the_subwords_of_noisy_words(config: dict) -> None:
    trimmed(config)
    assert Study(config, ROOT)
    message = "config: pos.training.noise: the vocabulary of 'small' is trimmed and lacks the subw"
    with pytest.raises(InputError, match=message):
        with_noise(config, characters=CHARACTERS)
    config["transfer_encoders"] = ["embedded"]
    assert with_noise(config, characters=CHARACTERS)


def test_dropped_weights_need_the_checksum_of_the_alphabet(config: dict) -> None:
    config["keep"]["ablated_weights"] = False
    assert with_noise(config, characters=CHARACTERS)
    message = "config: keep.ablated_weights: the catalogue has no checksum of .*, an alphabet"
    with pytest.raises(InputError, match=message):
        with_noise(config, **changed_characters(alphabet={"raw_text": "fo_wikipedia"}))
