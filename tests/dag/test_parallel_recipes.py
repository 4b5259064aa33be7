"""The exact sets of jobs for encoders trained on parallel text, and for measuring what they do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import AGGREGATES, change, counts, finish, finished_copy, planned

STUDY = yaml.safe_load((ROOT / "resources/studies/embedded-translation.yaml").read_text("utf-8"))
GIVEN, MASKED, TRANSLATION = STUDY["encoders"][:3]
SETTINGS = {key: STUDY[key] for key in ("parallel_cleaning", "translation_lm")}
FILES = ("--configfile", "small.yaml")


def on_texts(item: dict, name: str, texts: Sequence[str], **by: object) -> dict:
    made = {**item["by"], "parallel_text": list(texts), "seeds": [1, 2], **by}
    return {**item, "name": name, "by": made}


def settings(encoders: Sequence[str], texts: Sequence[str]) -> dict:
    measured = {"encoders": list(encoders), "reference": encoders[0], "parallel_text": list(texts)}
    return {
        "parallel_cleaning": SETTINGS["parallel_cleaning"],
        "translation_lm": {**SETTINGS["translation_lm"], **measured},
        "transfer_encoders": ["embedded"],
    }


PAIR = "qaa_qba_embedded"
RECIPES = [
    GIVEN,
    on_texts(MASKED, "masked", [PAIR]),
    on_texts(TRANSLATION, "translation", [PAIR]),
]
NAMES = ["masked", "translation"]


def own(jobs: dict[str, set[str]]) -> dict[str, int]:
    return {name: n for name, n in counts(jobs).items() if name not in AGGREGATES}


@pytest.fixture(scope="module")
def finished_with_pairs_once(finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs") / "study"
    shutil.copytree(finished_once, folder)
    change(folder, encoders=RECIPES, **settings(["embedded", *NAMES], [PAIR]))
    assert own(planned(folder, *FILES)) == {
        "embedded_parallel_text": 1,
        "clean_parallel_text": 1,
        "adapt": 4,
        "translation_context": 5,
        "translation_lm_tables": 1,
    }
    return finish(folder, *FILES)


@pytest.fixture
def finished(finished_with_pairs_once: Path, tmp_path: Path) -> Path:
    return finished_copy(finished_with_pairs_once, tmp_path / "study", *FILES)


def test_a_pair_of_languages_runs_its_own_jobs(finished: Path) -> None:
    """An encoder of another pair, and its measurement; nothing that exists is made again."""
    other = "qaa_qda_embedded"
    encoders = [*RECIPES, on_texts(TRANSLATION, "distant", [other])]
    names = ["embedded", *NAMES, "distant"]
    change(finished, encoders=encoders, **settings(names, [PAIR]))
    jobs = planned(finished, *FILES)
    assert own(jobs) == {
        "embedded_parallel_text": 1,
        "clean_parallel_text": 1,
        "adapt": 2,
        "translation_context": 2,
        "translation_lm_tables": 1,
    }
    assert all("/distant/" in output for output in jobs["adapt"] | jobs["translation_context"])
    change(finished, encoders=encoders, **settings(names, [PAIR, other]))
    assert own(planned(finished, *FILES))["translation_context"] == 2 + 7


def test_only_what_changed_is_made_again(finished: Path) -> None:
    longer = {**TRANSLATION["by"]["training"], "epochs": 7}
    changed = [*RECIPES[:2], on_texts(TRANSLATION, "translation", [PAIR], training=longer)]
    change(finished, encoders=changed, **settings(["embedded", *NAMES], [PAIR]))
    assert own(planned(finished, *FILES)) == {
        "adapt": 2,
        "translation_context": 2,
        "translation_lm_tables": 1,
    }


def test_a_seed_adds_its_jobs(finished: Path) -> None:
    changed = [*RECIPES[:2], on_texts(TRANSLATION, "translation", [PAIR], seeds=[1, 2, 3])]
    change(finished, encoders=changed, **settings(["embedded", *NAMES], [PAIR]))
    jobs = planned(finished, *FILES)
    assert own(jobs) == {"adapt": 1, "translation_context": 1, "translation_lm_tables": 1}
    assert all("seed-3" in output for output in jobs["adapt"] | jobs["translation_context"])


def test_such_encoders_transfer_with_a_model_per_seed(finished: Path) -> None:
    """The models of two seeds start from the encoders of two pretraining seeds."""
    given = {**settings(["embedded", *NAMES], [PAIR]), "transfer_encoders": ["embedded", *NAMES]}
    change(finished, encoders=RECIPES, **given)
    jobs = planned(finished, *FILES)
    counted = own(jobs)
    assert "adapt" not in counted and "translation_context" not in counted
    # Two encoders, two sources, with and without an ablation; both seeds share a job.
    assert counted["finetune"] == 2 * 2 * 2
    assert counted["predict"] == counted["score"] == 2 * 3
    assert not any("/embedded/" in output for output in jobs["finetune"])
