"""Model cards: licences, languages, and what opens a model."""

from __future__ import annotations

import pytest
import yaml
from conftest import ROOT
from xltransfer.commands.export import Origin, model_card
from xltransfer.study.schema import checked_config

POS = {"kind": "tagging", "label": "UPOS", "head_dropout": 0.0}


def test_the_card_of_a_set_of_sources_has_the_licence_of_each() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    origin = Origin("results", "embedded", "pos", "qaa_embedded+qca_embedded", "none", 1)
    report = {"config": {"settings": {**POS, "training": {}}}, "weights": "w"}
    card = model_card(origin, report, config, "bert")
    assert yaml.safe_load(card.split("---")[1])["language"] == ["qaa", "qca"]
    assert card.count("licence: CC0-1.0") == 2


@pytest.mark.parametrize(
    ("model_type", "kind", "opened"),
    [
        ("bert", "tagging", "AutoModelForTokenClassification"),
        ("modernbert", "tagging", "AutoModel"),
        ("modernbert", "parsing", "AutoModel"),
        ("xltransfer-bilstm", "tagging", None),
        ("xltransfer-vector-bilstm", "tagging", None),
        ("xltransfer-word-vectors", "tagging", None),
    ],
)
def test_a_card_names_the_class_that_opens_the_model(
    model_type: str, kind: str, opened: str | None
) -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    origin = Origin("results", "embedded", "pos", "qaa_embedded", "none", 1)
    report = {"config": {"settings": {**POS, "kind": kind, "training": {}}}, "weights": "w"}
    card = model_card(origin, report, config, model_type)
    assert ("With transformers: " in card) == ("library_name: transformers" in card) == bool(opened)
    assert opened is None or f"`{opened}.from_pretrained(…)`" in card
    by_language = "xltransfer annotate . --language qaa < text" in card
    assert by_language == (model_type in ("xltransfer-vector-bilstm", "xltransfer-word-vectors"))


def test_the_card_of_a_corpus_that_the_study_makes_has_the_licence_of_its_original() -> None:
    """Divided by hash, or transliterated."""
    path = ROOT / "resources" / "studies" / "unseen.yaml"
    config = checked_config([path])
    for code, name in (("fo_oft_hashed", "UD_Faroese-OFT"), ("ug_latn_udt", "UD_Uyghur-UDT")):
        origin = Origin("results", "mbert", "pos", code, "none", 1)
        report = {"config": {"settings": {**POS, "training": {}}}, "weights": "w"}
        card = model_card(origin, report, config, "bert")
        assert f"{name}" in card and "licence: CC BY-SA 4.0" in card
