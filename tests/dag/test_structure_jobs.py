"""The exact sets of jobs for relations and roles that trees or the order of words carry."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from conftest import ROOT, copy_workflow
from planning import change, counts, finish, install_fake_stages, planned

STUDY = "resources/studies/embedded-structure.yaml"
LANGUAGES = ["qaa", "qea"]


def small(*languages: str) -> dict:
    """The study with two tasks on some languages, the first of which is the source."""
    section = yaml.safe_load((ROOT / STUDY).read_text(encoding="utf-8"))
    vectors = section["word_vectors"]
    [item] = vectors["embeddings"]
    corpora = [f"{code}_embedded" for code in languages]
    task = {"sources": corpora[:1], "targets": corpora}
    return {
        "tasks": ["roles_graph", "roles_bilstm"],
        "transfer_encoders": ["vectors"],
        "seeds": [1],
        "roles_graph": task,
        "roles_bilstm": task,
        "word_vectors": {
            **vectors,
            "embeddings": [
                {**item, "texts": [f"{code}_comparable_embedded" for code in languages]}
            ],
            "dictionaries": [f"qaa_{code}_embedded" for code in languages[1:]],
        },
    }


def test_the_study_of_the_embedded_world(workspace: Path) -> None:
    """Eleven tasks about roles and two about relations on five languages, and a parser."""
    jobs = counts(planned(workspace, "structure", "--configfile", STUDY))
    trained = 1 + 3 * 2 + 7 + 2
    assert jobs == {
        "embedded_text": 5,
        "clean": 5,
        "train_vectors": 5,
        "embedded_dictionary": 4,
        "map_vectors": 4,
        "share_space": 5,
        # Development and test sentences are left out of the text as well.
        "embedded_treebank": 1 + 1 + 5,
        "embedded_relations": 2 * (2 + 5) + 2,
        "bilstm_architecture": 1,
        "finetune": trained,
        "parse_relations": 4,
        "predict": 12 * 5,
        "score": 12 * 5,
        "structure_tables": 1,
        "structure_figures": 1,
        "structure": 1,
    }


@pytest.fixture(scope="module")
def finished_structure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("structure"))
    install_fake_stages(folder)
    (folder / "small.yaml").write_text(yaml.safe_dump(small(*LANGUAGES)))
    return finish(folder, "structure", "--configfile", STUDY, "small.yaml")


def test_a_language_runs_its_own_jobs_alone(finished_structure: Path) -> None:
    """No model is trained again: the vectors of the new language are no part of any."""
    change(finished_structure, **small(*LANGUAGES, "qfb"))
    jobs = planned(finished_structure, "structure", "--configfile", STUDY, "small.yaml")
    assert counts(jobs) == {
        "embedded_text": 1,
        "clean": 1,
        "train_vectors": 1,
        "embedded_dictionary": 1,
        "map_vectors": 1,
        "share_space": 1,
        "embedded_relations": 1,
        "predict": 2,
        "score": 2,
        "structure_tables": 1,
        "structure_figures": 1,
        "structure": 1,
    }
    own = {name: outputs for name, outputs in jobs.items() if not name.startswith("structure")}
    assert all("qfb" in output for outputs in own.values() for output in outputs)
