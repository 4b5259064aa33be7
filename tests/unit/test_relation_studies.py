"""Studies of relations and roles: settings, identities, and contradictions in one line."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study

ENCODER = {"name": "local", "path": "resources/models/embedded", "layers": 12}
CONFIG = yaml.safe_load((ROOT / "resources/studies/relations.yaml").read_text(encoding="utf-8"))


def study_of(root: Path = ROOT, **sections: Any) -> Study:
    """The study of relations and roles with some keys changed."""
    config = {**copy.deepcopy(CONFIG), "encoders": [ENCODER]}
    for name, value in sections.items():
        config[name] = {**config[name], **value} if isinstance(value, dict) else value
    return Study(config, root)


def test_models_and_scores_know_how_their_corpus_defines_the_score() -> None:
    study = study_of()
    settings = study.finetuning_settings("local", "relations", "en_crossre")
    assert settings["metric"] == "labels" and "sources" not in settings
    config = json.loads(study.score_config("roles", [("local", "en_ewt_up")], "ru_gsd_up", "test"))
    assert config["task"] == {"kind": "roles", "metric": "micro"}


def test_files_of_a_part_are_those_of_all_domains_in_order() -> None:
    downloads = study_of().downloads
    assert downloads.paths("relations", "de_crossre", "test") == [
        f"relations/CrossRE/de/{domain}-test.json"
        for domain in ("ai", "literature", "music", "politics", "science")
    ]
    found = json.loads(downloads.config("roles/UP_German-GSD/de_gsd-up-dev.conllup"))
    assert found["path"] == "UP_German-GSD/de_gsd-up-dev.conllup"
    assert found["checksum"].startswith("sha256:")


def test_a_part_is_identified_by_its_files_its_labels_and_its_trees(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "resources", tmp_path / "resources", ignore=_without_models)
    parts = {
        "relation": ("relations", "en_crossre", "train"),
        "role": ("roles", "fr_sequoia_up", "train"),
        "unchecked": ("roles", "en_ewt_up", "train"),
    }

    def identities() -> dict[str, str]:
        contents = study_of(tmp_path).contents
        return {name: contents.corpus(*part) for name, part in parts.items()}

    before = identities()
    # Without a checksum only the file itself could tell, and there is none.
    assert before["unchecked"] == "" and before["relation"] and before["role"]
    table = tmp_path / "resources" / "relation_labels.tsv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("crossre\tusage", "crossre\tuse"), encoding="utf-8")
    changed = identities()
    assert changed["relation"] != before["relation"] and changed["role"] == before["role"]
    table.write_text(text, encoding="utf-8")
    table = tmp_path / "resources" / "treebank_files.tsv"
    rows = table.read_text(encoding="utf-8").split("\n")
    changed_rows = [
        row.replace("sha256:56424954", "sha256:00000000") if "fr_sequoia\t" in row else row
        for row in rows
    ]
    assert changed_rows != rows
    table.write_text("\n".join(changed_rows), encoding="utf-8")
    changed = identities()
    assert changed["role"] != before["role"] and changed["relation"] == before["relation"]


def _without_models(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in ("models", "downloads")]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"relations": {"targets": ["en_crossre", "fr_crosre"]}},
            "relations.targets: no 'fr_crosre' in .*relation_corpora.tsv; did you mean",
        ),
        (
            {"relations": {"targets": ["en_crossre", "de_gsd_up"]}},
            "relations.targets: no 'de_gsd_up' in .*relation_corpora.tsv",
        ),
        (
            {"roles": {"sources": ["de_gsd_up"]}},
            r"roles.sources: de_gsd_up has no train part \(it has: dev, test\); choose another",
        ),
        (
            {"ud_release": "2.4"},
            "roles.sources: en_ewt_up has the words of en_ewt, which has no train part up to "
            "release 2.4; choose another",
        ),
        ({"relations": {"head_layers": -1}}, "relations.head_layers: -1 is too small"),
        ({"relations": {"crf": True}}, "relations.crf: unknown key"),
    ],
)
def test_contradictions_are_one_line(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^config: {message}"):
        study_of(**sections)


def test_scores_of_several_definitions_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        study_of(relations={"targets": ["en_crossre", "de_crossre", "fr_relx"]})
    assert "F1 of en_crossre is defined as 'labels', that of fr_relx as 'undirected'" in str(
        caught.value
    )
