"""The exact sets of jobs for trainings with noise: what it adds, and what a change reruns."""

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
CHARACTERS = {
    "share": 0.15,
    "operations": ["insert", "delete", "replace"],
    "alphabet": {"raw_text": "qax_embedded"},
    "drawn_per": "epoch",
}
NOISE = {"characters": CHARACTERS}
PARSING = {**yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))["parsing"], **SMALL["parsing"]}


def with_noise(noise: dict | None) -> dict:
    """The section of the task, trained with noise."""
    section = copy.deepcopy(PARSING)
    if noise is not None:
        section["training"]["noise"] = noise
    return section


def own(jobs: dict[str, set[str]]) -> dict[str, int]:
    """The numbers of jobs without tables and comparisons of representations."""
    left_out = AGGREGATES | COMPARED
    return {name: number for name, number in counts(jobs).items() if name not in left_out}


@pytest.fixture(scope="module")
def finished_with_noise_once(finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study with a second task of the same kind, trained with noise."""
    folder = tmp_path_factory.mktemp("noise") / "study"
    shutil.copytree(finished_once, folder)
    change(folder, tasks=["parsing", "noisy_parsing"], noisy_parsing=with_noise(NOISE))
    return finish(folder, *STUDY)


@pytest.fixture
def finished_with_noise(finished_with_noise_once: Path, tmp_path: Path) -> Path:
    return finished_copy(finished_with_noise_once, tmp_path / "study", *STUDY)


def test_a_task_with_noise_runs_beside_the_one_without(finished: Path) -> None:
    """The alphabet's text, and the new task's models; nothing of the task that is there."""
    change(finished, tasks=["parsing", "noisy_parsing"], noisy_parsing=with_noise(NOISE))
    jobs = planned(finished, *STUDY)
    assert own(jobs) == {
        "embedded_text": 1,
        "clean": 1,
        # Two sources, each without ablation and with one; three targets.
        "finetune": 2 * 2,
        "predict": 3,
        "score": 3,
    }
    outputs = {
        o for name, some in jobs.items() if name.startswith(("fin", "pre", "sc")) for o in some
    }
    assert all("/noisy_parsing/" in o for o in outputs if "tables" not in o)
    assert jobs["clean"] == {
        ", ".join(
            f"results/raw_text/qax_embedded/{name}"
            for name in ("training.txt", "held_out.txt", "report.json")
        )
    }


@pytest.mark.parametrize(
    ("noise", "more"),
    [
        ({"characters": {**CHARACTERS, "alphabet": "source"}}, {}),
        ({"subwords": {"dropout": 0.1}}, {}),
        ({"characters": {**CHARACTERS, "alphabet": {"treebanks": "qax_embedded"}}},
         {"embedded_treebank": 1}),
    ],
    ids=["letters of the source", "subwords", "letters of a treebank"],
)  # fmt: skip
def test_noise_in_a_task_trains_its_models_again(noise: dict, more: dict, finished: Path) -> None:
    change(finished, parsing__training={"noise": noise})
    assert own(planned(finished, *STUDY)) == {"finetune": 4, "predict": 3, "score": 3, **more}


def test_a_changed_alphabet_trains_the_models_with_noise_again(finished_with_noise: Path) -> None:
    """The raw text is cleaned in another way, which the models without noise do not read."""
    change(finished_with_noise, cleaning__maximum_lines=1500)
    jobs = planned(finished_with_noise, *STUDY)
    assert own(jobs) == {"clean": 1, "finetune": 4, "predict": 3, "score": 3}
    models = {o for name, some in jobs.items() if name.startswith("finetune") for o in some}
    assert all("/noisy_parsing/" in output for output in models)


def test_another_share_trains_the_models_with_noise_again(finished_with_noise: Path) -> None:
    other = with_noise({"characters": {**CHARACTERS, "share": 0.35}})
    change(finished_with_noise, noisy_parsing=other)
    assert own(planned(finished_with_noise, *STUDY)) == {"finetune": 4, "predict": 3, "score": 3}


def test_a_target_causes_no_training_with_noise(finished_with_noise: Path) -> None:
    more = with_noise(NOISE)
    more["targets"] = [*more["targets"], "qab_embedded"]
    change(finished_with_noise, noisy_parsing=more)
    jobs = own(planned(finished_with_noise, *STUDY))
    assert jobs == {"embedded_treebank": 1, "predict": 1, "score": 1, "pieces": 1, "typology": 1}
