"""Adapters in the configuration: what they decide, what is refused, what stays the same."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.adapter_settings import (
    adapter_files,
    adapter_identity,
    adapter_options,
    language_adapters,
    trained_tasks,
)

STUDY = ROOT / "resources" / "studies" / "embedded-adapters.yaml"
OF = "language-qaa", "pos_uniform"
ADAPTER = {"size": 4}


@pytest.fixture
def config() -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return {**config, **yaml.safe_load(STUDY.read_text(encoding="utf-8"))}


@pytest.fixture
def default() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def item(config: dict, name: str) -> dict:
    return next(encoder for encoder in config["encoders"] if encoder["name"] == name)


def test_studies_without_adapters_have_no_trace_of_them(default: dict) -> None:
    study = Study(default, ROOT)
    config = json.loads(study.table_config())
    assert not any("models_of" in task for task in config["tasks"].values())
    assert "adapters" not in study.tables
    assert trained_tasks(study) == study.tasks
    assert adapter_identity(study, "embedded", "pos", "qaa_embedded") == {}
    assert adapter_options(study, "embedded", "pos", "qaa_embedded") == []


def test_a_task_adapter_decides_the_models_of_its_task_alone(default: dict) -> None:
    plain = Study(copy.deepcopy(default), ROOT)
    default["pos"]["training"]["adapter"] = ADAPTER
    study = Study(default, ROOT)
    of = "embedded", "pos", "qaa_embedded"
    settings = json.loads(study.finetuning_config(*of))["settings"]["training"]
    assert settings["adapter"] == ADAPTER
    assert study.identities.model(*of) != plain.identities.model(*of)
    assert "adapters" in study.tables
    for task in ("parsing", "ner"):
        other = "embedded", task, "qaa_embedded"
        assert study.identities.model(*other) == plain.identities.model(*other)


def test_a_language_adapter_is_an_encoder_of_its_own(config: dict) -> None:
    study = Study(copy.deepcopy(config), ROOT)
    settings = json.loads(study.made_encoders.config("language-qax", "qax_embedded", 1))
    assert settings["adapter"] == {"size": 32, "invertible": True, "invertible_size": 16}
    before = study.identities.encoder("language-qax")
    item(config, "language-qax")["by"]["adapter"]["size"] = 16
    changed = Study(config, ROOT)
    assert changed.identities.encoder("language-qax") != before
    assert changed.identities.encoder("language-qaa") == study.identities.encoder("language-qaa")


def test_predictions_name_their_language_adapters(config: dict) -> None:
    study = Study(config, ROOT)
    three = ["language-qaa", "language-qab", "language-qax"]
    assert language_adapters(study, *OF, "qax_embedded") == three
    assert language_adapters(study, "language-qaa", "pos_swapped", "qax_embedded") == three[2:]
    assert language_adapters(study, "language-qaa", "pos_swapped", "qaa_embedded") == []
    # An encoder without a language adapter has nothing to replace.
    assert language_adapters(study, "embedded", "pos_uniform", "qax_embedded") == []
    folder = "results/embedded-adapters/encoders/language-qax/qax_embedded/seed-1"
    one = adapter_options(study, "language-qaa", "pos_swapped", "qax_embedded")
    assert one == ["--language-adapters", folder]
    several = adapter_options(study, *OF, "qax_embedded")
    assert several[3] == folder and several[4] == "--ensemble"
    assert json.loads(several[5]) == {"steps": 0, "step_size": 10, "sentences": 4}
    files = adapter_files(study, "language-qaa", "pos_swapped", "qax_embedded")
    names = ("config.json", "model.safetensors", "tokenizer.json")
    assert files == [f"{folder}/{name}" for name in names]


def test_models_of_another_task_are_not_trained_again(config: dict) -> None:
    study = Study(config, ROOT)
    models = study.identities.model
    of = "language-qaa", "pos_uniform", "qaa_embedded"
    assert models(*of) == models("language-qaa", "pos_adapter_16", "qaa_embedded")
    assert not any("/pos_uniform/" in path for path in study.training_reports("results"))
    batches = {batch.task: batch for batch in study.prediction_batches()}
    assert batches["pos_uniform"].model_paths() == batches["pos_adapter_16"].model_paths()
    assert all("/{task}/" in path for path in batches["pos_uniform"].predictions("r"))


def test_an_adapter_decides_the_predictions_that_use_it_alone(config: dict) -> None:
    study = Study(copy.deepcopy(config), ROOT)
    item(config, "language-qax")["by"]["adapter"]["size"] = 16
    changed = Study(config, ROOT)

    def scores(of: Study, encoder: str, task: str, target: str) -> str:
        return of.identities.scores(encoder, task, "qaa_embedded", target, "test")

    for encoder, task, target, differs in (
        ("language-qaa", "pos_uniform", "qab_embedded", True),
        ("language-qaa", "pos_swapped", "qax_embedded", True),
        ("language-qaa", "pos_swapped", "qab_embedded", False),
        ("language-qaa", "pos_adapter_16", "qax_embedded", False),
        ("embedded", "pos_uniform", "qax_embedded", False),
    ):
        one, two = (scores(s, encoder, task, target) for s in (study, changed))
        assert (one != two) == differs, (encoder, task, target)


def test_the_ensemble_decides_scores_and_no_model(config: dict) -> None:
    study = Study(copy.deepcopy(config), ROOT)
    config["pos_entropy"]["adapter_ensemble"]["steps"] = 1
    changed = Study(config, ROOT)
    of = "language-qaa", "pos_entropy", "qaa_embedded"
    assert changed.identities.model(*of) == study.identities.model(*of)
    scores = (s.identities.scores(*of, "qax_embedded", "test") for s in (study, changed))
    assert len(set(scores)) == 2


def change(config: dict, dotted: str, value: object) -> None:
    *parents, last = dotted.split(".")
    node = config
    for parent in parents:
        node = item(config, parent) if node is config and parent not in config else node[parent]
    if value is None:
        del node[last]
    else:
        node[last] = value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pos_adapter_4.training.adapter": {"size": 0}}, "adapter.size: 0 is too small"),
        ({"pos_adapter_4.training.adapter": {"sizes": 4}}, "adapter.sizes: unknown key; did you"),
        ({"pos_adapter_4.training.adapter": {"size": 4, "invertible": True}}, "unknown key"),
        ({"pos_adapter_4.training.adapter": {"size": 4, "activation": "x"}}, "'x' is none of"),
        ({"pos_adapter_4.training.adapter": {"size": 4, "leave_out": [13]}},
         r"pos_adapter_4.training.adapter.leave_out: 'embedded' has 12 layers"),
        ({"language-qaa.by.adapter": {"size": 4}}, r"adapter.invertible: the key is missing"),
        ({"language-qaa.by.adapter.leave_out": list(range(1, 13))},
         r"encoders: 'language-qaa': adapter.leave_out: 'language-qaa' has 12 layers"),
        ({"ablations": ["none", "freeze-1-2"]}, r"adapter: all layers are frozen, so that 'free"),
        ({"pos_uniform.models_of": "pos_swapped"}, r"pos_uniform.models_of: 'pos_swapped' is no"),
        ({"pos_uniform.models_of": "pos_uniform"}, r"models_of: 'pos_uniform' is no other task"),
        ({"pos_uniform.models_of": "pos_adapter_4"}, r"pos_uniform.training is not that of"),
        ({"pos_uniform.adapter_ensemble": None},
         r"pos_uniform.language_adapters.qaa: several adapters are an ensemble; add `adapter_e"),
        ({"pos_uniform.language_adapters": None}, r"adapter_ensemble: there are no `language_ada"),
        ({"pos_uniform.language_adapters": {"qga": ["language-qaa"]}}, "'qga' is no language of"),
        ({"pos_uniform.language_adapters": {"qax": ["embedded"]}},
         r"'embedded' is no encoder with a language adapter"),
        ({"pos_uniform.language_adapters": {"qax": ["unseen-adapter"]}},
         r"'unseen-adapter' is not one encoder, but one for each seed or language"),
        ({"language-qax.from": "language-qaa"}, r"'language-qax' is an adapter of 'language-qaa',"),
        ({"language-qax.by.seeds": [1, 2]}, r"'language-qax' is not one encoder, but one for"),
        ({"transfer_encoders": ["embedded"]}, r"none of `transfer_encoders` has a language ada"),
        ({"keep.ablated_weights": False}, r"models_of: needs the weights of all models"),
        ({"pos.language_adapters": {"qax": ["language-qax"]}},
         r"pos.language_adapters: the models have no task adapter"),
        ({"pos_entropy.adapter_ensemble.steps": -1}, r"steps: -1 is too small"),
        ({"pos_entropy.adapter_ensemble.step_size": 0}, r"step_size: 0 must be above 0"),
        ({"pos_adapter_16.encoders": ["language-qaa"]},
         r"pos_swapped.models_of: 'pos_adapter_16' trains no models of 'embedded'; leave it out"),
        ({"ablations": ["none", "random-init-all"]} | {
            f"pos_{name}.ablated_sources": "all"
            for name in ("adapter_16", "swapped", "uniform", "entropy")
         }, r"pos_swapped.language_adapters: 'random-init-all' redraws the language adapter"),
    ],
)  # fmt: skip
def test_contradictions_are_refused_in_one_line(
    changes: dict[str, object], message: str, config: dict
) -> None:
    # Anchors of the file become shared objects.
    config = json.loads(json.dumps(config))
    for dotted, value in changes.items():
        change(config, dotted, value)
    with pytest.raises(InputError, match=message) as error:
        Study(config, ROOT)
    assert str(error.value).startswith("config: ") and "\n" not in str(error.value)


def test_states_of_models_are_computed_once(config: dict) -> None:
    """Though several tasks predict with them; every encoder must have them."""
    config = json.loads(json.dumps(config))
    config["parallel"]["treebanks"] = ["qaa_embedded", "qab_embedded"]
    study = Study(config, ROOT)
    found = [state.path for batch in study.parallel.batches() for state in batch]
    assert sorted(found) == sorted(state.path for state in study.parallel.states)
    config["pos"]["encoders"] = ["embedded"]
    with pytest.raises(InputError, match=r"pos\.encoders: without 'language-qaa', but the states"):
        Study(config, ROOT)


def test_weights_are_dropped_of_the_encoders_of_a_task_alone(config: dict) -> None:
    """Marker files of others would train their models."""
    config = json.loads(json.dumps(config))
    config |= {"tasks": ["pos", "pos_adapter_4"], "ablations": ["none", "random-init-1-2"]}
    config["keep"]["ablated_weights"] = False
    config["pos_adapter_4"] |= {"encoders": ["language-qaa"], "ablated_sources": "all"}
    (marker,) = Study(config, ROOT).kept.markers("results")
    assert "/language-qaa/pos_adapter_4/qaa_embedded/random-init-1-2" in marker


def test_only_pretrained_encoders_of_a_task_have_its_adapter(config: dict) -> None:
    path = ROOT / "resources" / "studies" / "embedded-adversarial.yaml"
    vectors = {**config, **yaml.safe_load(path.read_text(encoding="utf-8"))}
    vectors["tasks"] = ["ner"]
    vectors["ner"]["training"]["adapter"] = ADAPTER
    with pytest.raises(
        InputError, match=r"ner\.training\.adapter: 'unmapped' is never pretrained,"
    ):
        Study(vectors, ROOT)


def test_adapters_need_an_encoder_to_belong_to(config: dict) -> None:
    config = json.loads(json.dumps(config))
    architecture = {"model_type": "bert", "num_hidden_layers": 2}
    by = copy.deepcopy(item(config, "language-qaa")["by"])
    new = {"name": "new", "architecture": architecture, "by": {**by, "vocabulary_size": 100}}
    config["encoders"].append(new)
    with pytest.raises(InputError, match="'new': an adapter belongs to an encoder that is trained"):
        Study(config, ROOT)
    trim = {"objective": "trim-vocabulary", "raw_text": ["qaa_embedded"]}
    config["encoders"][-1] = {"name": "small", "from": "language-qaa", "by": trim}
    with pytest.raises(InputError, match="'small': 'language-qaa' has an adapter of another enc"):
        Study(config, ROOT)
    several = {k: v for k, v in by.items() if k != "text"}
    several |= {"raw_text": ["qaa_embedded"], "language_embeddings": True}
    several["training"] |= {"sampling_exponent": 0.5, "masked_share": 0.15}
    config["encoders"][-1] = {"name": "many", "from": "embedded", "by": several}
    with pytest.raises(InputError, match="'many': language embeddings would be new weights"):
        Study(config, ROOT)


def test_a_head_that_is_trained_alone_is_the_only_new_weight(config: dict) -> None:
    adapted = copy.deepcopy(item(config, "language-qaa")["by"])
    by = {**{k: v for k, v in adapted.items() if k != "adapter"}, "head_only": True}
    config["encoders"].append({"name": "head", "from": "embedded", "by": by})
    study = Study(copy.deepcopy(config), ROOT)
    assert json.loads(study.made_encoders.config("head", "qaa_embedded", 1))["head_only"]
    config["encoders"][-1]["by"] = {**adapted, "head_only": True}
    with pytest.raises(InputError, match="'head': `head_only` leaves no other weights to train"):
        Study(config, ROOT)
    architecture = {"model_type": "bert", "num_hidden_layers": 2}
    new = {"name": "head", "architecture": architecture, "by": {**by, "vocabulary_size": 100}}
    config["encoders"][-1] = new
    with pytest.raises(InputError, match="'head' has an architecture, whose weights would stay as"):
        Study(config, ROOT)
