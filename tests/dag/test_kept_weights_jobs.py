"""What is planned where the weights of re-initialised models are dropped after use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from planning import (
    AGGREGATES,
    SMALL,
    change,
    finish,
    finished_copy,
    planned,
    snakemake,
    with_fake_stages,
)
from test_reruns import (
    ALL_MODELS,
    BOTH,
    SOURCES,
    STUDY,
    TARGETS,
    check,
    check_evaluation_alone,
    files,
    models,
    predictions,
)

HIGHEST = "random-init-11-12"
ABLATED = models(SOURCES, BOTH[1:], (1, 2))
MODELS = Path("results", "models", "embedded")
MARKERS = {str(MODELS / f"parsing/{s}_embedded/random-init-1-2/dropped.txt") for s in SOURCES}


@pytest.fixture(scope="module")
def dropped_once(finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, its re-initialised models without weights."""
    folder = tmp_path_factory.mktemp("dropped") / "study"
    shutil.copytree(finished_once, folder)
    shutil.rmtree(folder / "results" / "models")
    change(folder, keep__ablated_weights=False)
    return finish(folder, *STUDY)


@pytest.fixture
def dropped(dropped_once: Path, tmp_path: Path) -> Path:
    return finished_copy(dropped_once, tmp_path / "study", *STUDY)


def retrained(jobs: dict[str, set[str]]) -> set[str]:
    """The models that are trained, as in paths."""
    reports = [Path(path) for path in files(jobs, "finetune") if path.endswith("training.json")]
    return {str(path.parent.relative_to(MODELS)) for path in reports}


def with_another_language(folder: Path) -> None:
    targets = [*SMALL["parsing"]["targets"], "qfb_embedded"]
    change(folder, parsing__targets=targets, parallel__treebanks=targets)


def test_weights_are_gone_and_nothing_is_made_anew(dropped: Path) -> None:
    there = {str(path.parent.relative_to(dropped / MODELS))
             for path in dropped.glob("results/models/**/model.safetensors")}  # fmt: skip
    assert there == ALL_MODELS - ABLATED


def test_touched_files_train_nothing(dropped: Path) -> None:
    for path in dropped.glob("results/**/*.*"):
        path.touch()
    assert planned(dropped, *STUDY) == {}


def check_another_language(jobs: dict[str, set[str]]) -> None:
    assert retrained(jobs) == ABLATED
    others = {rule: jobs[rule] for rule in jobs if not rule.startswith("finetune")}
    check_evaluation_alone(others, "qfb", drop_weights=MARKERS)


def test_a_language_that_is_added_trains_what_was_dropped(dropped: Path) -> None:
    with_another_language(dropped)
    check_another_language(planned(dropped, *STUDY))
    assert snakemake(dropped, *STUDY, **with_fake_stages(dropped)).returncode == 0
    assert planned(dropped, *STUDY) == {}
    assert not list(dropped.glob("results/models/**/random-init-1-2/**/model.safetensors"))


def test_a_training_that_fails_takes_nothing_along(dropped: Path) -> None:
    """What was predicted with a model is not predicted again because its second training failed."""
    with_another_language(dropped)
    fake = dropped / "bin" / "python"
    fails = "if stage == 'finetune':\n    sys.exit(1)\n"
    text = fake.read_text(encoding="utf-8")
    fake.write_text(text.replace("outputs = values(", f"{fails}outputs = values(", 1))
    done = snakemake(dropped, "--keep-going", *STUDY, **with_fake_stages(dropped))
    assert done.returncode != 0
    jobs = planned(dropped, *STUDY)
    assert retrained(jobs) == ABLATED
    # The others need no weights that are dropped, and are done.
    assert files(jobs, "predict") == predictions(ABLATED, ["qfb"])


def test_a_language_that_is_removed_trains_nothing(dropped: Path) -> None:
    remaining = ["qaa_embedded", "qca_embedded"]
    change(dropped, parsing__targets=remaining, parallel__treebanks=remaining)
    check(planned(dropped, *STUDY), AGGREGATES | {"typology"}, drop_weights=MARKERS)


@pytest.mark.parametrize(
    ("changes", "added"),
    [
        ({"ablations": [*BOTH, HIGHEST]}, models(SOURCES, [HIGHEST], (1, 2))),
        ({"parsing__sources": ["qaa_embedded", "qba_embedded", "qca_embedded"]},
         models(["qba"], BOTH, (1, 2))),
        ({"seeds": [1, 2, 3]}, models(SOURCES, BOTH, (3,))),
    ],
    ids=["ablation", "source", "seed"],
)  # fmt: skip
def test_models_that_are_added_train_no_others(
    changes: dict, added: set[str], dropped: Path
) -> None:
    change(dropped, **changes)
    jobs = planned(dropped, *STUDY)
    assert retrained(jobs) == added
    assert files(jobs, "predict") == predictions(added, TARGETS)


def test_a_seed_that_joins_a_job_has_its_weights_made_again(dropped_once: Path, tmp_path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(dropped_once, folder)
    change(folder, seeds=[1, 2, 3], job_size__predict__seeds=3)
    jobs = planned(folder, *STUDY)
    joined = models(SOURCES, BOTH, (3,))
    assert retrained(jobs) == ABLATED | joined
    assert files(jobs, "predict") == predictions(ALL_MODELS | joined, TARGETS)


def test_hyperparameters_train_and_predict_everything(dropped: Path) -> None:
    change(dropped, parsing__training={"epochs": 3})
    jobs = planned(dropped, *STUDY)
    assert retrained(jobs) == ALL_MODELS
    assert files(jobs, "predict") == predictions(ALL_MODELS, TARGETS)


def test_edited_prediction_trains_what_was_dropped(dropped: Path) -> None:
    path = dropped / "workflow" / "xltransfer" / "stages" / "predict.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    jobs = planned(dropped, *STUDY)
    assert retrained(jobs) == ABLATED
    assert files(jobs, "predict") == predictions(ALL_MODELS, TARGETS)
    assert "represent" not in jobs


def test_a_change_that_is_undone_predicts_everything_anew(dropped: Path) -> None:
    """What told that models were there before the change does not pass for them afterwards."""
    config = dropped / "small.yaml"
    before = config.read_text(encoding="utf-8")
    change(dropped, parsing__training={"epochs": 3})
    assert snakemake(dropped, *STUDY, **with_fake_stages(dropped)).returncode == 0
    config.write_text(before, encoding="utf-8")
    jobs = planned(dropped, *STUDY)
    assert retrained(jobs) == ALL_MODELS
    assert files(jobs, "predict") == predictions(ALL_MODELS, TARGETS)
    assert snakemake(dropped, *STUDY, **with_fake_stages(dropped)).returncode == 0
    assert planned(dropped, *STUDY) == {}


def test_weights_of_every_kind_of_ablation_are_dropped(small: Path) -> None:
    change(small, ablations=["none", "freeze-1-2", "random-init-all"])
    change(small, keep__ablated_weights=False)
    assert len(planned(small, *STUDY)["drop_weights"]) == 2 * len(SOURCES)
