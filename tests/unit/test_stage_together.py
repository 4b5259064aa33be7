"""The stage `finetune` with models of several ablations: records, what is trained alone, kills."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from encoders import make_encoder
from test_hyperparameters import CONFIG, corpus
from test_training import Killed
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.finetune import finetune
from xltransfer.training.model import load_model
from xltransfer.training.objectives.finetuning import FineTuning

ABLATIONS = ["none", "random-init-1-2", "random-init-all"]
DIFFERING = {"weights", "history", "files", "trained_together"}
"""What last bits may change in a report."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an encoder and a treebank."""
    folder = tmp_path_factory.mktemp("data")
    make_encoder(folder / "encoder")
    corpus(folder)
    return folder


def trained(
    data: Path,
    output: Path,
    ablations: list[str] = ABLATIONS,
    together: bool = True,
    seconds: float = 1e9,
    **training: object,
) -> dict[str, dict]:
    """The reports of models by ablation."""
    treebank = data / "treebank" / "train.conllu"
    settings = CONFIG["settings"]
    more = {"epochs": 2, **training}
    config = {**CONFIG, "settings": {**settings, "training": {**settings["training"], **more}}}
    folders = [output / name for name in ablations]
    seeds = [3] * len(ablations)
    finetune(
        [data / "encoder"], treebank, treebank, config, ablations, seeds, folders,
        output / "checkpoints", seconds, 1, together=together,
    )  # fmt: skip
    return {folder.name: read_json(folder / "training.json") for folder in folders}


def test_reports_name_what_was_trained_together(data: Path, tmp_path: Path) -> None:
    found, expected = trained(data, tmp_path / "a"), trained(data, tmp_path / "b", together=False)
    assert found.keys() == expected.keys() == set(ABLATIONS)
    for name, report in found.items():
        assert report["trained_together"] == ABLATIONS
        assert "trained_together" not in expected[name]
        assert {k: v for k, v in report.items() if k not in DIFFERING} == {
            k: v for k, v in expected[name].items() if k not in DIFFERING
        }
        for row, wanted in zip(report["history"], expected[name]["history"], strict=True):
            assert row["loss"] == pytest.approx(wanted["loss"], rel=0.01)
        load_model(tmp_path / "a" / name)
    assert len({report["weights"] for report in found.values()}) == len(ABLATIONS)
    assert not list((tmp_path / "a" / "checkpoints").glob("*"))


def test_frozen_layers_are_trained_alone(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["freeze-1-2", *ABLATIONS[:2]]
    with caplog.at_level("INFO"):
        reports = trained(data, tmp_path / "a", names)
    assert "freeze-1-2 seed 3 is trained alone: some of its layers are frozen" in caplog.text
    assert "trained_together" not in reports["freeze-1-2"]
    assert reports["none"]["trained_together"] == ABLATIONS[:2]
    expected = trained(data, tmp_path / "b", names[:1], together=False)
    assert reports["freeze-1-2"] == expected["freeze-1-2"]


@pytest.mark.parametrize(
    "training",
    [{"accumulation": 2}, {"checkpointing": True}, {"adapter": {"size": 4}}],
    ids=["accumulation", "checkpointing", "adapter"],
)
def test_settings_with_which_models_are_trained_alone(
    training: dict, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        reports = trained(data, tmp_path, ABLATIONS[:2], epochs=1, **training)
    for name, report in reports.items():
        said = f"{name} seed 3 is trained alone: the training has `{next(iter(training))}`"
        assert said in caplog.text
        assert "trained_together" not in report


def test_networks_that_cannot_be_stacked_are_trained_alone(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss looks at its value, for which there is no batch of models."""
    original = FineTuning.loss

    def loss(self, batch, device):
        value = original(self, batch, device)
        return value if value.item() > -1 else -value

    monkeypatch.setattr(FineTuning, "loss", loss)
    with caplog.at_level("INFO"):
        reports = trained(data, tmp_path / "a", ABLATIONS[:2])
    assert "none, random-init-1-2 seed 3 are trained alone: their losses cannot" in caplog.text
    assert reports == trained(data, tmp_path / "b", ABLATIONS[:2], together=False)


@pytest.mark.parametrize("later", [True, False], ids=["together", "alone"])
def test_a_killed_job_goes_on(
    later: bool,
    data: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its checkpoints, together or alone; the record names who shared steps."""
    expected = trained(data, tmp_path / "b")
    original, count = FineTuning.loss, itertools.count()

    def loss(self, batch, device):
        if next(count) == 8:
            raise Killed
        return original(self, batch, device)

    monkeypatch.setattr(FineTuning, "loss", loss)
    with pytest.raises(Killed):
        trained(data, tmp_path / "a", seconds=0)
    with caplog.at_level("INFO"):
        reports = trained(data, tmp_path / "a", together=later)
    assert caplog.text.count("resumes at step 7") == len(ABLATIONS)
    for name, report in reports.items():
        assert report["trained_together"] == ABLATIONS
        if later:
            assert report == expected[name]


def test_lists_that_do_not_match(data: Path, tmp_path: Path) -> None:
    treebank = data / "treebank" / "train.conllu"
    folders = [tmp_path / name for name in "abc"]
    common = [data / "encoder"], treebank, treebank, CONFIG
    with pytest.raises(InputError, match="--ablation: 2 for 3 directories of --models; give one"):
        finetune(*common, ABLATIONS[:2], [1, 1, 1], folders, tmp_path / "c")
    with pytest.raises(InputError, match="--seeds: 1 for 3 directories of --models; give one"):
        finetune(*common, ABLATIONS, [1], folders, tmp_path / "c")
    with pytest.raises(InputError, match="--together: two models have one seed and ablation"):
        finetune(*common, ["none"], [1, 1, 2], folders, tmp_path / "c", together=True)
