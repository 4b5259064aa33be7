"""The exact sets of jobs for language adapters: what one adds, and what a change reruns."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from planning import (
    AGGREGATES,
    DEFAULT,
    SMALL,
    change,
    counts,
    encoders_with,
    finish,
    finished_copy,
    planned,
)

STUDY = "--configfile", "small.yaml"
ENCODERS = encoders_with("embedded")
BY = ENCODERS[1]["by"]
TABLES = AGGREGATES | {"adapter_table"}
PARSING = {**yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))["parsing"], **SMALL["parsing"]}


def adapter(code: str, size: int = 8) -> dict:
    """A language adapter of the embedded encoder."""
    by = {**BY, "text": f"{code}_embedded", "adapter": {"size": size, "invertible": True}}
    return {"name": f"language-{code}", "from": "embedded", "by": copy.deepcopy(by)}


def parsing(**more: object) -> dict:
    section = {**copy.deepcopy(PARSING), "sources": ["qaa_embedded"], **more}
    section["training"]["adapter"] = {"size": 4}
    return section


def configure(folder: Path, *codes: str, sizes: dict[str, int] | None = None) -> None:
    """Models on top of the adapter of qaa, predicting qba with those of other languages."""
    encoders = [ENCODERS[0], *(adapter(code, (sizes or {}).get(code, 8)) for code in codes)]
    mixed = parsing(
        models_of="parsing",
        language_adapters={"qba": [f"language-{code}" for code in codes]},
        adapter_ensemble={"steps": 1, "step_size": 1, "sentences": 1},
    )
    change(
        folder,
        encoders=encoders,
        transfer_encoders=["language-qaa"],
        tasks=["parsing", "mixed"],
        ablations=["none"],
        parallel={"treebanks": []},
        parsing=parsing(),
        mixed=mixed,
    )


def own(jobs: dict[str, set[str]]) -> dict[str, int]:
    """The numbers of jobs without tables and figures."""
    return {name: number for name, number in counts(jobs).items() if name not in TABLES}


@pytest.fixture(scope="module")
def finished_once_more(finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = finished_copy(finished_once, tmp_path_factory.mktemp("adapters") / "study", *STUDY)
    configure(folder, "qaa", "qba")
    return finish(folder, *STUDY)


@pytest.fixture
def finished(finished_once_more: Path, tmp_path: Path) -> Path:
    return finished_copy(finished_once_more, tmp_path / "study", *STUDY)


def test_another_language_adapter_trains_no_model(finished: Path) -> None:
    """One encoder, and the predictions and scores of the one target that it is used for."""
    configure(finished, "qaa", "qba", "qca")
    jobs = planned(finished, *STUDY)
    assert own(jobs) == {"embedded_text": 1, "clean": 1, "adapt": 1, "predict": 1, "score": 1}
    (predicted,) = (o for name, some in jobs.items() if name.startswith("predict") for o in some)
    assert "/mixed/" in predicted and "qba_embedded-test" in predicted


def test_a_changed_language_adapter_predicts_again_what_uses_it(finished: Path) -> None:
    configure(finished, "qaa", "qba", sizes={"qba": 16})
    assert own(planned(finished, *STUDY)) == {"adapt": 1, "predict": 1, "score": 1}
