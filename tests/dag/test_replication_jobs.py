"""The default study in another embedded world, with an encoder that the workflow pretrains."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from conftest import ROOT
from planning import counts, finish, planned

STUDY = ("--configfile", "small.yaml", "another_world.yaml")


def another_world(folder: Path) -> None:
    """What the replication states, for the small study."""
    path = ROOT / "resources" / "studies" / "replication.yaml"
    (folder / "another_world.yaml").write_text(path.read_text(encoding="utf-8"))


def test_the_replication_pretrains_its_own_encoder(workspace: Path) -> None:
    jobs = planned(workspace, "transfer", "--configfile", "resources/studies/replication.yaml")
    found = counts(jobs)
    assert found["pretrain_embedded"] == 1 and found["embedded_text"] == 16
    assert all(output.startswith("results/replication/") for output in jobs["finetune"])


def test_another_world_is_pretrained_and_trained_on_again(
    finished_once: Path, tmp_path: Path
) -> None:
    """Once it is finished nothing is left to do, although the encoder is there only now."""
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    another_world(folder)
    finish(folder, *STUDY)
    assert planned(folder, *STUDY) == {}
    config = yaml.safe_load((folder / "another_world.yaml").read_text())
    config["embedded_world"]["seed"] = 3
    (folder / "another_world.yaml").write_text(yaml.safe_dump(config))
    found = counts(planned(folder, *STUDY))
    assert found["pretrain_embedded"] == 1 and found["embedded_text"] == 16
    assert found["finetune"] == 4, "two sources, two ablations"


def test_settings_of_the_pretraining_train_everything_again(
    finished_once: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    another_world(folder)
    finish(folder, *STUDY)
    path = folder / "resources" / "embedded_world" / "encoder.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("epochs: 8", "epochs: 9"))
    found = counts(planned(folder, *STUDY))
    assert found["pretrain_embedded"] == 1 and found["finetune"] == 4
    assert not found["embedded_text"]
