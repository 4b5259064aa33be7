"""The table of adaptation methods: by hand from few scores; what a study may compare."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from xltransfer.analyses.adaptation_methods_figure import adaptation_methods_figure
from xltransfer.analyses.adaptation_methods_table import cost_key, methods_table
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.adaptation_methods import AdaptationMethods

SEEDS = [1, 2]
COSTS = {
    "trained_parameters": 10,
    "stored_bytes": 40,
    "steps": 5,
}


def cell(method: str, language: str, encoder: str, target: str, baseline: bool = False) -> dict:
    return {
        "comparison": "pos",
        "method": method,
        "language": language,
        "encoder": encoder,
        "task": "pos",
        "source": "aa_x",
        "target": target,
        "is_baseline": baseline,
        "metric": "accuracy",
    }


CELLS = [
    cell("nothing", "bb", "plain", "bb_x", True),
    cell("text", "bb", "adapted", "bb_x"),
    cell("latin", "bb", "plain", "bb_latn_x"),
]
# Right words of two sentences of two words, for both seeds.
RIGHT = {("plain", "bb_x"): [[1, 0], [1, 1]], ("adapted", "bb_x"): [[2, 1], [2, 2]],
         ("plain", "bb_latn_x"): [[1, 1], [1, 1]]}  # fmt: skip


def scores(names: dict[str, list[str]] | None = None) -> pd.DataFrame:
    rows = []
    for (encoder, target), by_seed in RIGHT.items():
        for seed, right in zip(SEEDS, by_seed, strict=True):
            rows.append(
                {
                    "encoder": encoder,
                    "task": "pos",
                    "source_corpus": "aa_x",
                    "target_corpus": target,
                    "seed": seed,
                    "numerators": np.array(right),
                    "denominators": np.array([2, 2]),
                    "sentence_ids": np.array((names or {}).get(target, ["s1", f"{target}#2"])),
                }
            )
    return pd.DataFrame(rows)


def table(**names: list[str]) -> pd.DataFrame:
    config = {"seeds": SEEDS, "cells": CELLS}
    return methods_table(scores(names), config, {cost_key(one): COSTS for one in CELLS})


def test_scores_and_changes_by_hand() -> None:
    """The baseline has 25 and 50 %, the adapted encoder 75 and 100 %, Latin script 50 and 50 %."""
    found = table().set_index("method")
    assert found["score"].tolist() == [37.5, 87.5, 50.0]
    assert found["score_sd"].round(4).tolist() == [17.6777, 17.6777, 0.0]
    assert found["change"].tolist()[1:] == [50.0, 12.5]
    assert pd.isna(found.loc["nothing", "change"])
    assert found["significant"].tolist()[0] == ""
    assert found["test_sentences"].tolist() == [2, 2, 2]
    assert found["trained_parameters"].tolist() == [10, 10, 10]


def test_intervals_are_those_of_another_implementation() -> None:
    """Latin script: changes of 25 and 0 points. Influence values of both sentences, by hand.

    Per seed the influence of a sentence is 100 (right - score · 2) / 4, so the differences are
    (-12.5, 12.5) for seed 1 and (0, 0) for seed 2. Over seeds the sentences have (-6.25, 6.25):
    2/1 · 78.125 = 156.25. The interaction is 2/1 · 4 · 39.0625 / (2 · 1) = 156.25, and nothing is
    left for the sentences. The seeds have a variance of 312.5, half of which is 156.25.
    """
    row = table().set_index("method").loc["latin"]
    error = np.sqrt(156.25)
    t = 12.706204736432095  # one degree of freedom
    assert row["change_low"] == pytest.approx(12.5 - t * error)
    assert row["change_high"] == pytest.approx(12.5 + t * error)
    assert row["change_p"] == pytest.approx(0.5)
    assert row["significant"] == "no"


def test_a_macro_score_is_the_mean_over_labels() -> None:
    """Counts of two labels in two sentences: 100 and 0 %, not the 50 or 67 % of all counts."""
    frame = scores()
    frame["numerators"] = [np.array([2, 2, 0, 0])] * len(frame)
    frame["denominators"] = [np.array([2, 2, 1, 1])] * len(frame)
    config = {"seeds": SEEDS, "cells": CELLS}
    found = methods_table(frame, config, {cost_key(one): COSTS for one in CELLS})
    assert found["score"].tolist() == [50.0] * 3 and found["test_sentences"].tolist() == [2] * 3
    assert found["change"].tolist()[1:] == [0.0, 0.0]


def test_other_sentences_are_refused() -> None:
    with pytest.raises(InputError, match="bb, latin is tested on other sentences than the base"):
        table(bb_latn_x=["s1", "s3"])


def test_the_figure_has_a_panel_for_each_language_and_a_mark_for_each_change() -> None:
    figure = adaptation_methods_figure({"study": "test"}, table().replace("", np.nan))
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["text", "latin"]
    assert [container[0].get_xdata()[0] for container in ax.containers] == [50.0, 12.5]


CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
TEXT = {
    "name": "qax_translated",
    "dictionary": "qaa_qax_inflected_embedded",
    "parts": ["train", "test"],
    "inverted": False,
    "raw_text": "qaa_embedded",
    "share": 1.0,
    "minimum_words": 2,
    "with_original": False,
    "shuffled": False,
    "seed": 1,
}
METHODS = [
    {"name": "nothing", "encoder": "embedded"},
    {"name": "dictionary", "encoder": "embedded", "task": {"qax": "pos_dictionary"}},
    {"name": "latin", "encoder": {"qex": "embedded"}, "test_corpus": {"qex": "qex_latn_embedded"}},
]


def config() -> dict[str, Any]:
    made = copy.deepcopy(CONFIG)
    pos = made["pos"] | {"sources": ["qaa_embedded"], "ablated_sources": []}
    pos["targets"] = ["qaa_embedded", "qax_embedded", "qex_embedded"]
    training = pos["training"] | {"dictionary_text": "qax_translated"}
    made |= {
        "tasks": ["pos", "pos_dictionary"],
        "pos": pos,
        "pos_dictionary": pos | {"training": training},
        "dictionary_text": [dict(TEXT)],
        "adaptation_methods": [
            {
                "task": "pos",
                "source": "qaa_embedded",
                "targets": ["qax_embedded", "qex_embedded"],
                "baseline": "nothing",
                "methods": copy.deepcopy(METHODS),
            }
        ],
    }
    return made


def test_the_cells_of_a_study() -> None:
    """A method is left out for languages that its encoder or task is not given for."""
    study = Study(config(), ROOT)
    cells = list(AdaptationMethods(study).cells())
    assert [(one.language, one.method, one.task, one.target) for one in cells] == [
        ("qax", "nothing", "pos", "qax_embedded"),
        ("qax", "dictionary", "pos_dictionary", "qax_embedded"),
        ("qex", "nothing", "pos", "qex_embedded"),
        ("qex", "latin", "pos", "qex_latn_embedded"),
    ]
    assert AdaptationMethods(study).score_files("r") == [
        f"r/scores/embedded/{task}/qaa_embedded/{target}-test.parquet"
        for task, target in (
            ("pos", "qax_embedded"),
            ("pos_dictionary", "qax_embedded"),
            ("pos", "qex_embedded"),
            ("pos", "qex_latn_embedded"),
        )
    ]
    content = json.loads(AdaptationMethods(study).table_config())
    assert content["names"] == {"qax": "Alxian", "qex": "Erexian"}


def test_the_costs_of_a_task_without_models_are_those_of_the_task_that_trains_them() -> None:
    """An ensemble predicts with the models of another task, whose training reports are read."""
    made = config()
    made["tasks"].append("pos_ensemble")
    made["pos_ensemble"] = made["pos"] | {"models_of": "pos"}
    made["keep"] = made["keep"] | {"ablated_weights": True}
    methods = made["adaptation_methods"][0]["methods"]
    methods.append({"name": "ensemble", "encoder": "embedded", "task": "pos_ensemble"})
    found = AdaptationMethods(Study(made, ROOT))
    assert not [file for file in found.model_reports("r") if "ensemble" in file]
    assert "r/scores/embedded/pos_ensemble/qaa_embedded/qax_embedded-test.parquet" in (
        found.score_files("r")
    )
    cells = json.loads(found.table_config())["cells"]
    tasks = {one["method"]: one["models_task"] for one in cells}
    assert tasks["ensemble"] == "pos" and tasks["dictionary"] == "pos_dictionary"


def test_the_time_of_a_method_has_every_training_that_its_predictions_need() -> None:
    """Of language adapters that replace another one, and of encoders below shorter ones."""
    path = ROOT / "resources" / "studies" / "embedded-methods.yaml"
    made = CONFIG | yaml.safe_load(path.read_text(encoding="utf-8"))
    cut = {"objective": "keep-layers", "layers": 6}
    masked_lm = next(one["by"] for one in made["encoders"] if one["name"] == "language-qaa")
    masked_lm = {k: v for k, v in masked_lm.items() if k != "adapter"}
    made["encoders"] = [
        *made["encoders"],
        {"name": "first", "from": "embedded", "by": masked_lm},
        {"name": "small", "from": "first", "by": cut},
        {"name": "second", "from": "small", "by": masked_lm},
    ]
    made["transfer_encoders"] = [*made["transfer_encoders"], "small", "second"]
    (comparison,) = made["adaptation_methods"]
    comparison = comparison | {"methods": [
        *comparison["methods"],
        {"name": "shorter", "encoder": "small"}, {"name": "further", "encoder": "second"},
    ]}  # fmt: skip
    study = Study(made | {"adaptation_methods": [comparison]}, ROOT)
    cells = json.loads(AdaptationMethods(study).table_config())["cells"]
    chains = {(one["method"], one["language"]): one["pretrainings"] for one in cells}

    def folders(*names: str) -> list[list[str]]:
        texts = {name: study.made_encoders.recipes[name].text for name in names}
        return [[f"encoders/{name}/{texts[name]}/seed-1" for name in names]] * len(study.seeds)

    assert chains["nothing", "qax"] == []
    assert chains["language-adapter", "qax"] == folders("language-qaa", "language-qax")
    members = sorted(made["pos_adapter_ensemble"]["language_adapters"]["qax"])
    others = [name for name in members if name != "language-qaa"]
    assert chains["adapter-ensemble", "qax"] == folders("language-qaa", *others)
    assert chains["shorter", "qax"] == folders("first")
    assert chains["further", "qax"] == folders("second", "first")


def _comparison(made: dict, **keys: Any) -> None:
    made["adaptation_methods"][0] |= keys


def _method(made: dict, place: int, **keys: Any) -> None:
    made["adaptation_methods"][0]["methods"][place] |= keys


def _text(made: dict, **keys: Any) -> None:
    made["dictionary_text"][0] |= keys


REFUSED: dict[str, tuple[Callable[[dict], Any], str]] = {
    "baseline": (lambda c: _comparison(c, baseline="no"), "no method 'no'; it has: nothing"),
    "baseline without a language": (
        lambda c: _method(c, 0, encoder={"qax": "embedded"}), "not given for each language"),
    "two of a name": (lambda c: _method(c, 1, name="latin"), "two methods are named 'latin'"),
    "unknown encoder": (lambda c: _method(c, 0, encoder="other"), "no encoder 'other' among"),
    "unknown task": (lambda c: _method(c, 0, task="other"), "'other' is not in `tasks`"),
    "unknown language": (
        lambda c: _method(c, 1, task={"qga": "pos"}), "'qga' is not the language of any"),
    "unknown corpus": (
        lambda c: _method(c, 2, test_corpus={"qex": "qex_other"}), "no corpus 'qex_other' with"),
    "other source": (lambda c: _comparison(c, source="qca_embedded"), "is not in pos.sources"),
    "two of a language": (
        lambda c: _comparison(c, targets=["qax_embedded"] * 2), "names something twice"),
    "unknown dictionary": (lambda c: _text(c, dictionary="qaa_no_way"), "no 'qaa_no_way' in"),
    "name of another language": (lambda c: _text(c, name="qba_text"), "does not start with"),
    "name of a raw text": (lambda c: _text(c, name="qax_embedded"), "raw text of the catalogue"),
    "text of another language": (
        lambda c: _text(c, raw_text="qba_embedded"), "of the language 'qba', but"),
    "unknown text": (lambda c: _text(c, raw_text="qaa_other"), "no text 'qaa_other' in"),
    "unknown item": (
        lambda c: c["pos_dictionary"]["training"].update(dictionary_text="qax_other"),
        "no item 'qax_other' under"),
    "wrong direction": (
        lambda c: _text(c, inverted=True, name="qaa_translated", raw_text="qax_embedded"),
        "no item 'qax_translated' under"),
    "share above one": (lambda c: _text(c, share=1.5), "share: 1.5 is too large"),
    "in the language itself": (
        lambda c: c["unseen"]["training"]["pos"].update(dictionary_text="qax_translated"),
        "unseen.training.pos.dictionary_text: models of unseen languages"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_contradictions_are_refused_at_planning(what: str) -> None:
    change, problem = REFUSED[what]
    made = config()
    change(made)
    with pytest.raises(InputError) as error:
        Study(made, ROOT)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"vocabulary_size": 60}, "does not go with `vocabulary_size`"),
        ({"training": {"noise": {"subwords": {"dropout": 0.1}}}}, "remove `noise`"),
    ],
    ids=["two vocabularies", "noise"],
)
def test_bytes_that_contradict_other_keys_are_refused(keys: dict, problem: str) -> None:
    made = copy.deepcopy(CONFIG)
    recipe = next(item for item in made["encoders"] if "vocabulary_size" in item.get("by", {}))
    by = {key: value for key, value in recipe["by"].items() if key != "vocabulary_size"}
    training = by["training"] | keys.get("training", {})
    recipe["by"] = by | keys | {"training": training, "vocabulary": {"kind": "bytes"}}
    with pytest.raises(InputError, match=problem):
        Study(made, ROOT)


def test_the_encoders_of_other_methods_do_not_forbid_noise() -> None:
    """Bytes have no random segmentations, but another method may be compared with them."""
    made = config()
    recipe = next(item for item in made["encoders"] if "vocabulary_size" in item.get("by", {}))
    by = {k: v for k, v in recipe["by"].items() if k not in ("vocabulary_size", "text")}
    by |= {"raw_text": ["qaa_embedded"], "vocabulary": {"kind": "bytes"}, "seeds": [1]}
    by["language_embeddings"] = False
    by["training"] = by["training"] | {"masked_share": 0.15, "sampling_exponent": 0.7}
    made["encoders"].append({**recipe, "name": "of-bytes", "by": by})
    made |= {"transfer_encoders": ["embedded", "of-bytes"], "ablations": ["none"]}
    noise = {"noise": {"subwords": {"dropout": 0.1}}}
    made["pos_noise"] = made["pos"] | {"training": made["pos"]["training"] | noise}
    made["pos_noise"]["encoders"] = ["embedded"]
    made["tasks"] = ["pos", "pos_dictionary", "pos_noise"]
    made["parallel"] = {**made["parallel"], "treebanks": []}
    methods = made["adaptation_methods"][0]["methods"]
    methods += [
        {"name": "bytes", "encoder": "of-bytes"},
        {"name": "dropout", "encoder": "embedded", "task": "pos_noise"},
    ]
    assert Study(made, ROOT).encoders.keys() == {"embedded", "of-bytes"}
    del made["pos_noise"]["encoders"]
    with pytest.raises(InputError, match="'of-bytes' reads bytes"):
        Study(made, ROOT)
    made["pos_noise"]["encoders"] = ["embedded"]
    methods.append({"name": "both", "encoder": "of-bytes", "task": "pos_noise"})
    with pytest.raises(InputError, match="no encoder 'of-bytes' among those that are fine-tuned"):
        Study(made, ROOT)


def test_word_vectors_of_the_source_language_do_not_read_translations() -> None:
    path = ROOT / "resources" / "studies" / "embedded-structure.yaml"
    made = yaml.safe_load(path.read_text(encoding="utf-8"))
    item = TEXT | {"dictionary": "qaa_qba_inflected_embedded", "name": "qba_translated"}
    made["dictionary_text"] = [{k: v for k, v in item.items() if k != "raw_text"}]
    made["tasks"], parsing = ["parsing"], made["parsing"]
    parsing |= {"sources": ["qaa_embedded"], "ablated_sources": []}
    parsing["training"] = parsing["training"] | {"dictionary_text": "qba_translated"}
    parsing["encoders"] = ["embedded"]
    Study(made, ROOT)
    parsing["encoders"] = ["vectors"]
    with pytest.raises(InputError, match="'vectors' would look up the translations"):
        Study(made, ROOT)


def test_translated_text_is_named_by_its_target_language() -> None:
    made = config()
    adapted = next(item for item in made["encoders"] if item["name"] == "embedded-adapted")
    by = {k: v for k, v in adapted["by"].items() if k != "text"}
    by |= {"raw_text": ["qax_translated", "qax_embedded"], "language_embeddings": False}
    by["training"] = by["training"] | {"masked_share": 0.15, "sampling_exponent": 0.7}
    made["encoders"].append({"name": "mixed", "from": "embedded", "by": by})
    study = Study(made, ROOT)
    texts = study.raw_texts
    assert texts.language("qax_translated") == "qax"
    assert "qaa_embedded" in texts.cleaned
    assert "qax_translated" not in texts.cleaned
    assert study.made_encoders.text_files("mixed", "several-texts", "training")["raw_text"] == [
        f"raw_text/{code}/training.txt" for code in ("qax_embedded", "qax_translated")
    ]
    files = {Path(file).parts[1] for file in texts.evaluation_files("qax_translated")}
    assert files == {"qax_embedded"}


def test_encoders_that_are_told_the_language_do_not_read_translations() -> None:
    path = ROOT / "resources" / "studies" / "embedded-translation.yaml"
    made = yaml.safe_load(path.read_text(encoding="utf-8"))
    item = TEXT | {"dictionary": "qaa_qba_inflected_embedded", "name": "qba_translated"}
    made["dictionary_text"] = [{k: v for k, v in item.items() if k != "raw_text"}]
    (task,) = made["tasks"]
    made[task]["training"]["dictionary_text"] = "qba_translated"
    Study(made, ROOT)
    for encoder in made["encoders"]:
        if "by" in encoder:
            encoder["by"]["language_embeddings"] = True
    with pytest.raises(InputError, match="has language embeddings, and would be told") as error:
        Study(made, ROOT)
    assert "\n" not in str(error.value)
