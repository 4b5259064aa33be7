"""The exact sets of jobs for text by a dictionary and for the table of adaptation methods."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import yaml
from planning import (
    AGGREGATES,
    COMPARED,
    DEFAULT,
    SMALL,
    change,
    counts,
    finish,
    finished_copy,
    planned,
)

STUDY = "--configfile", "small.yaml"
TEXT = {
    "name": "qba_translated",
    "dictionary": "qaa_qba_inflected_embedded",
    "parts": ["train", "test"],
    "inverted": False,
    "share": 1.0,
    "minimum_words": 2,
    "with_original": False,
    "shuffled": False,
    "seed": 1,
}
DECLARED = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))["encoders"]
PARSING = {**yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))["parsing"], **SMALL["parsing"]}
TABLES = AGGREGATES | {"adaptation_tables", "adaptation_figures", "dictionary_text_table"}


def translated(**changes: object) -> dict:
    """The section of the task, trained on the translation of one source."""
    section = copy.deepcopy(PARSING) | {"sources": ["qaa_embedded"], "ablated_sources": []}
    section["training"]["dictionary_text"] = "qba_translated"
    return section | changes


def methods(*more: dict) -> list[dict]:
    nothing = {"name": "nothing", "encoder": "embedded"}
    dictionary = {"name": "dictionary", "encoder": "embedded", "task": "translated_parsing"}
    return [
        {
            "task": "parsing",
            "source": "qaa_embedded",
            "targets": ["qba_embedded"],
            "baseline": "nothing",
            "methods": [nothing, dictionary, *more],
        }
    ]


ADDED = {
    "tasks": ["parsing", "translated_parsing"],
    "translated_parsing": translated(),
    "dictionary_text": [TEXT],
    "adaptation_methods": methods(),
}


def own(jobs: dict[str, set[str]]) -> dict[str, int]:
    """The numbers of jobs without tables and comparisons of representations."""
    return {n: k for n, k in counts(jobs).items() if n not in TABLES | COMPARED}


@pytest.fixture(scope="module")
def finished_with_dictionary_once(
    finished_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small study with a task that is trained on translated sentences, and the table."""
    folder = tmp_path_factory.mktemp("dictionary") / "study"
    shutil.copytree(finished_once, folder)
    change(folder, **ADDED)
    return finish(folder, *STUDY)


@pytest.fixture
def finished_with_dictionary(finished_with_dictionary_once: Path, tmp_path: Path) -> Path:
    return finished_copy(finished_with_dictionary_once, tmp_path / "study", *STUDY)


def test_a_translated_training_runs_beside_the_other(finished: Path) -> None:
    """The dictionary, both translated parts, the new task's models, two tables and a figure."""
    change(finished, **ADDED)
    jobs = planned(finished, *STUDY)
    assert own(jobs) == {
        "embedded_dictionary": 1,
        "translate_treebanks": 2,
        "finetune": 1,
        "predict": 3,
        "score": 3,
    }
    assert jobs.keys() >= TABLES - AGGREGATES
    models = {o for name, some in jobs.items() if name.startswith("finetune") for o in some}
    assert all("/translated_parsing/" in output for output in models)


def test_a_changed_item_reruns_its_own_jobs_alone(finished_with_dictionary: Path) -> None:
    change(finished_with_dictionary, dictionary_text=[TEXT | {"share": 0.5}])
    jobs = own(planned(finished_with_dictionary, *STUDY))
    assert jobs == {"translate_treebanks": 2, "finetune": 1, "predict": 3, "score": 3}


def test_another_dictionary_reruns_its_own_jobs_alone(finished_with_dictionary: Path) -> None:
    other = TEXT | {"dictionary": "qaa_qba_embedded"}
    change(finished_with_dictionary, dictionary_text=[other])
    jobs = own(planned(finished_with_dictionary, *STUDY))
    translation = {"embedded_dictionary": 1, "translate_treebanks": 2}
    assert jobs == {**translation, "finetune": 1, "predict": 3, "score": 3}


def test_a_method_of_existing_models_makes_the_table_alone(finished_with_dictionary: Path) -> None:
    again = {"name": "again", "encoder": "embedded", "task": "parsing"}
    change(finished_with_dictionary, adaptation_methods=methods(again))
    jobs = planned(finished_with_dictionary, *STUDY)
    assert own(jobs) == {}
    assert {"adaptation_tables", "adaptation_figures"} <= jobs.keys()


def test_the_target_adaptation_needs_the_models_of_its_table_alone(small: Path) -> None:
    """Each of the two tasks has another encoder as well, which no method names."""
    change(
        small,
        **ADDED,
        ablations=["none"],
        parsing__sources=["qaa_embedded"],
        parsing__targets=["qaa_embedded", "qba_embedded"],
        transfer_encoders=["embedded", "other"],
        encoders=[*DECLARED, {"name": "other", "path": "resources/models/embedded"}],
    )
    jobs = counts(planned(small, "adaptation", *STUDY))
    assert (jobs["finetune"], jobs["predict"], jobs["score"]) == (2, 2, 2)
    assert jobs["score_tables"] == 0
