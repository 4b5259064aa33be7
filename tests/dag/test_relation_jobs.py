"""The exact jobs of relations and roles: of the study on real text, and what one corpus adds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from conftest import copy_workflow
from planning import AGGREGATES, TYPOLOGY, counts, empty_encoder, planned

STUDY = "resources/studies/relations.yaml"
LEFT_OUT = {*TYPOLOGY, "retrieval_table", "similarity_tables", "representation_figures"}
"""Nothing is parallel in this study."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A workspace with an encoder for the study, and the environment of its plans."""
    workspace = copy_workflow(tmp_path_factory.mktemp("relations"))
    encoder = empty_encoder(workspace)
    return workspace, {"XLTRANSFER_ENCODER": encoder}


@pytest.fixture(scope="module")
def jobs(study: tuple[Path, dict]) -> dict[str, set[str]]:
    """All jobs of the study."""
    workspace, environment = study
    return planned(workspace, "--configfile", STUDY, **environment)


def change(workspace: Path, **sections: dict) -> str:
    """An overlay of the study."""
    (workspace / "more.yaml").write_text(yaml.safe_dump(sections))
    return "more.yaml"


def test_study_of_relations_and_roles(jobs: dict[str, set[str]]) -> None:
    domains, banks, sources = 5, 6, 3
    assert counts(jobs) == {
        # CrossRE has a file for each domain; roles and their trees are files of their own.
        "fetch_corpus": domains * (2 + 6) + 2 * (2 * sources + banks),
        "check_relations": 2 + 6,
        "check_roles": 2 * sources + banks,
        "check_treebank": 2 * sources + banks,
        "finetune": 1 + sources,
        "predict": 6 + sources * banks,
        "score": 6 + banks,
        "pieces": 1 + 6 + sources + banks,
        **dict.fromkeys(AGGREGATES - LEFT_OUT, 1),
    }
    assert "results/relations/roles/ru_gsd_up/test.jsonl" in jobs["check_roles"]


def test_a_corpus_more_runs_its_own_jobs_alone(
    study: tuple[Path, dict], jobs: dict[str, set[str]]
) -> None:
    """A target is fetched, checked, predicted and scored: nothing is trained for it."""
    workspace, environment = study
    section = yaml.safe_load((workspace / STUDY).read_text(encoding="utf-8"))["relations"]
    fewer = change(workspace, relations={"targets": section["targets"][:-1]})
    before = planned(workspace, "--configfile", STUDY, fewer, **environment)
    added = {
        rule: outputs - before.get(rule, set())
        for rule, outputs in jobs.items()
        if outputs - before.get(rule, set())
    }
    assert not AGGREGATES & set(added)
    assert {rule.rstrip("_0123456789"): len(outputs) for rule, outputs in added.items()} == {
        "fetch_corpus": 5, "check_relations": 1, "predict": 1, "score": 1, "pieces": 1,
    }  # fmt: skip
    assert all("zh_crossre" in output or "/zh/" in output for o in added.values() for output in o)


def test_a_row_adds_a_corpus(study: tuple[Path, dict]) -> None:
    """A corpus in a known layout is rows in two tables and its code in the study."""
    workspace, environment = study
    with open(workspace / "resources" / "relation_corpora.tsv", "a", encoding="utf-8") as table:
        table.write("sv_mine\trelations\tsv\tMine\tCC0-1.0\tjson-lines\t\tlabels\t\n")
    with open(workspace / "resources" / "relation_files.tsv", "a", encoding="utf-8") as table:
        table.write("sv_mine\ttest\tt.jsonl\t\tunchecked\t\n")
    more = change(workspace, relations={"targets": ["en_crossre", "sv_mine"]})
    found = planned(workspace, "--configfile", STUDY, more, **environment)
    assert "results/relations/relations/sv_mine/test.jsonl" in found["check_relations"]
