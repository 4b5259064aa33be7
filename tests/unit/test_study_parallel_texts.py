"""Parallel texts of a study: what recipes name, their files, settings and identities."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.parallel_texts import ParallelTexts
from xltransfer.study.recipes import SEVERAL_TEXTS, Recipe


@pytest.fixture
def config() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def study_of(config: dict[str, Any], *codes: str) -> Study:
    """A study with an encoder whose recipe names parallel texts."""
    study = Study(config, ROOT)
    recipe = Recipe("embedded", {}, SEVERAL_TEXTS, (1,), parallel_texts=tuple(codes))
    study.declared_encoders["aligned"] = SimpleNamespace(recipe=recipe)  # type: ignore[assignment]
    study.parallel_texts = ParallelTexts(study)
    return study


def test_codes_are_those_of_recipes(config: dict[str, Any]) -> None:
    assert Study(config, ROOT).parallel_texts.codes == []
    study = study_of(config, "fr_wo_lafand", "qaa_qba_embedded", "fr_wo_lafand")
    assert study.parallel_texts.codes == ["fr_wo_lafand", "qaa_qba_embedded"]
    study.parallel_texts.check()


def test_files_and_settings_of_a_published_text(config: dict[str, Any]) -> None:
    texts = study_of(config).parallel_texts
    assert texts.languages("en_wo_bible") == ("en", "wo")
    assert texts.downloads("en_wo_bible") == ["parallel/bible/eng.tsv", "parallel/bible/wol.tsv"]
    content = json.loads(texts.config("en_wo_bible"))
    assert {key: content[key] for key in config["parallel_cleaning"]} == config["parallel_cleaning"]
    assert content["layout"] == {
        "name": "identifiers",
        "first": ["en", "eng"],
        "second": ["wo", "wol"],
        "columns": [],
        "header": False,
    }
    assert content["parts"] == ["train", "train"] and len(content["checksums"]) == 2
    assert texts.downloads("fr_wo_lafand") == [
        f"parallel/lafand/fr-wol/{part}.tsv" for part in ("train", "dev", "test")
    ]
    # Codes in files have no script.
    layout = json.loads(texts.config("en_ug_latn_udhr"))["layout"]
    assert layout["second"] == ["ug", "uig"]


def test_downloads_are_known_to_the_rule_that_fetches(config: dict[str, Any]) -> None:
    study = study_of(config)
    for code in study.catalogue.parallel_corpora:
        for path in study.parallel_texts.downloads(code):
            origin = json.loads(study.downloads.config(path))
            assert f"parallel/{origin['path']}" == path
            assert study.downloads.largest(path) > 1 << 30


def test_generated_texts_lack_the_sentences_of_both_languages(config: dict[str, Any]) -> None:
    texts = study_of(config).parallel_texts
    assert texts.downloads("qaa_qba_embedded") == []
    assert texts.generated_file("qaa_qba_embedded") == "corpora/qaa-qba-embedded.tsv"
    assert json.loads(texts.config("qaa_qba_embedded"))["parts"] == ["train"]
    assert texts.evaluation_files("qaa_qba_embedded") == (
        [f"{kind}/qaa_embedded/{part}.{suffix}"
         for kind, suffix in (("entities", "iob2"), ("treebanks", "conllu"))
         for part in ("dev", "test")],
        ["entities/qba_embedded/test.iob2", "treebanks/qba_embedded/test.conllu"],
    )  # fmt: skip


def test_identities_cover_what_decides_the_text(config: dict[str, Any]) -> None:
    def identities(**changes: Any) -> dict[str, str]:
        found = study_of({**config, **changes}).identities
        codes = "qaa_qba_embedded", "qaa_qda_embedded", "en_wo_bible"
        return {code: found.parallel_text(code) for code in codes}

    before = identities()
    assert len(set(before.values())) == 3
    settings = identities(parallel_cleaning={**config["parallel_cleaning"], "test_share": 0.2})
    assert not set(settings.values()) & set(before.values())
    world = identities(embedded_world={"seed": 2})
    assert world["en_wo_bible"] == before["en_wo_bible"]
    assert world["qaa_qba_embedded"] != before["qaa_qba_embedded"]
    tasks = dict.fromkeys(("parsing", "pos", "ner"))
    for task in tasks:
        targets = [code for code in config[task]["targets"] if code != "qba_embedded"]
        tasks[task] = {**config[task], "targets": targets}
    fewer = identities(**tasks)
    assert fewer["qaa_qba_embedded"] != before["qaa_qba_embedded"]
    assert fewer["qaa_qda_embedded"] == before["qaa_qda_embedded"]


def test_wrong_names_and_settings_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no parallel text 'fr_wo_none' in the catalogue"):
        study_of(config, "fr_wo_none").parallel_texts.check()
    settings = config["parallel_cleaning"]
    for change, reason in (
        ({"minimum_characters": 2000}, "parallel_cleaning.minimum_characters: above maximum"),
        ({"test_share": 0.98}, "held_out_share and test_share leave no pair to train on"),
        ({"test_share": 1}, "parallel_cleaning.test_share: 1 must be below 1"),
        ({"colour": 1}, "parallel_cleaning.colour: unknown key"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            Study({**config, "parallel_cleaning": {**settings, **change}}, ROOT)
        assert "\n" not in str(caught.value)


def test_the_section_is_needed_only_by_recipes(config: dict[str, Any]) -> None:
    del config["parallel_cleaning"]
    Study(config, ROOT)
    with pytest.raises(InputError, match="config: parallel_cleaning: the key is missing"):
        study_of(config, "fr_wo_lafand").parallel_texts.check()
