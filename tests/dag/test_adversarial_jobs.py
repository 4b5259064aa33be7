"""The exact sets of jobs for adversarial trainings and for encoders over word vectors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, copy_workflow
from planning import counts, finish, install_fake_stages, planned

STUDY = "--configfile", "study.yaml"
FILE = ROOT / "resources" / "studies" / "embedded-adversarial.yaml"
TABLES = {
    *("adversarial_tables", "score_tables", "transfer_figures", "all"),
    *("word_translation_tables", "alignment_figures"),
}


def own(jobs: dict[str, set[str]]) -> dict[str, int]:
    """The numbers of jobs without tables."""
    return {name: number for name, number in counts(jobs).items() if name not in TABLES}


def change(folder: Path, **changes: object) -> None:
    """Change keys of the study, e.g. ``ner_qab__training__adversarial__weight``."""
    config = yaml.safe_load((folder / "study.yaml").read_text())
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        node = config
        for parent in parents:
            node = node[parent]
        node[last] = value
    (folder / "study.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def played_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of one game, run by Snakemake with stages that only write files."""
    folder = copy_workflow(tmp_path_factory.mktemp("adversarial") / "study")
    shutil.copy(FILE, folder / "study.yaml")
    change(folder, tasks=["ner", "ner_qab"])
    install_fake_stages(folder)
    return finish(folder, *STUDY)


@pytest.fixture
def played(played_once: Path) -> Iterator[Path]:
    """The finished study, whose configuration is as before afterwards; jobs are only planned."""
    before = (played_once / "study.yaml").read_text()
    yield played_once
    (played_once / "study.yaml").write_text(before)


def test_a_game_runs_beside_the_models_that_are_there(played: Path) -> None:
    """The target's text, a job of each encoder; the plain models are measured on its target."""
    assert planned(played, *STUDY) == {}
    change(played, tasks=["ner", "ner_qab", "ner_qea"])
    jobs = planned(played, *STUDY)
    assert own(jobs) == {
        "embedded_entities": 1,
        "finetune": 2,
        "predict": 2 * 2,
        "score": 2 * 2,
        "discriminate": 2 * 2,
    }
    (text,) = jobs["embedded_entities"]
    assert text.endswith("entities/qea_embedded/train.iob2")
    assert {output.split("discriminations/")[1] for output in jobs["discriminate"]} == {
        f"{encoder}/{task}/qaa_embedded/qea_embedded.json"
        for encoder in ("unmapped", "mapped")
        for task in ("ner", "ner_qea")
    }


def test_another_game_trains_its_models_again(played: Path) -> None:
    change(played, ner_qab__training__adversarial__weight=0.5)
    jobs = planned(played, *STUDY)
    assert own(jobs) == {"finetune": 2, "predict": 4, "score": 4, "discriminate": 2}
    models = {o for name, some in jobs.items() if name.startswith("finetune") for o in some}
    assert all("/ner_qab/" in output for output in models)


def test_another_map_makes_its_encoder_again_alone(played: Path) -> None:
    config = yaml.safe_load((played / "study.yaml").read_text())
    config["word_vectors"]["methods"][0]["refinement"]["iterations"] = 2
    (played / "study.yaml").write_text(yaml.safe_dump(config))
    jobs = planned(played, *STUDY)
    (encoder,) = jobs["vector_encoder"]
    assert encoder.startswith("results/embedded-adversarial/encoders/mapped/config.json")
    models = {o for name, some in jobs.items() if name.startswith("finetune") for o in some}
    assert len(models) == 2 and all("/mapped/" in output for output in models)
