"""The exact jobs of studies with questions, and what is refused when they are planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from planning import AGGREGATES, counts, empty_encoder, planned
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.estimate import Assumptions, Estimate

STUDIES = ROOT / "resources" / "studies"
PARTS = ("train", "dev", "test")


def own(folder: Path, *files: str) -> dict[str, int]:
    jobs = counts(planned(folder, "--configfile", *files))
    return {name: number for name, number in jobs.items() if name not in AGGREGATES}


def test_questions_of_the_embedded_world(workspace: Path) -> None:
    assert own(workspace, "resources/studies/embedded-questions.yaml") == {
        # The source's three parts, and the test part of five other languages.
        "embedded_questions": 3 + 5,
        # Without ablation, two pairs of layers and the control, with three seeds.
        "finetune": 4 * 3,
        "predict": 6,
        "score": 6,
        "pieces": 1 + 6,
    }


def test_xquad_split_by_article(workspace: Path, tmp_path: Path) -> None:
    """One download makes three parts; other languages are tested on the same articles."""
    encoder = empty_encoder(tmp_path)
    jobs = planned(
        workspace,
        "--configfile",
        "resources/studies/xquad-articles.yaml",
        XLTRANSFER_ENCODER=encoder,
        XLTRANSFER_QUESTIONS="/data",
    )
    assert {name: n for name, n in counts(jobs).items() if name not in AGGREGATES} == {
        # The vocabulary keeps the subwords of four languages more than there are targets.
        "fetch_corpus": 12,
        "check_questions": 12 + 2,
        "trim_vocabulary": 1,
        "finetune": 2,
        "predict": 2 * 8,
        "score": 8,
        "pieces": 1 + 8,
    }
    assert "resources/downloads/questions/XQuAD/xquad.en.json" in jobs["fetch_corpus"]


def test_a_corpus_that_is_split_is_planned_as_small() -> None:
    """XQuAD is a hundredth of SQuAD, which the plan assumes for other corpora."""
    targets = ["en_xquad_articles", "de_xquad"]
    of = study({"sources": targets[:1], "targets": targets})
    estimate = Estimate(of, Assumptions())
    parts = [estimate.pieces("questions", "en_xquad_articles", part) for part in PARTS]
    # 872, 87 and 231 questions of 140 words with their passages.
    assert parts == pytest.approx([n * 140 * 1.6 for n in (872, 87, 231)])
    assert estimate.pieces("questions", "de_xquad", "test") > 20 * parts[2]


def test_four_sizes_of_encoders(workspace: Path) -> None:
    assert own(workspace, "resources/studies/embedded-scale.yaml") == {
        "embedded_text": 3,
        "clean": 3,
        # The source's three parts, and the test part of two other languages.
        "embedded_treebank": 3 + 2,
        "pretrain": 4,
        "finetune": 4,
        "predict": 4 * 3,
        "score": 4 * 3,
        "pieces": 4 * (3 + 3),
        "scaling_table": 1,
    }


def study(section: dict[str, Any] | None = None, **changes: object) -> Study:
    text = (STUDIES / "embedded-questions.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    config["questions"] |= section or {}
    return Study(config | changes, ROOT)


TRAINING = yaml.safe_load((STUDIES / "embedded-questions.yaml").read_text())["questions"][
    "training"
]
NOISE = {"subwords": {"dropout": 0.1}}
WRONG = {
    "noise": ({"training": {**TRAINING, "noise": NOISE}}, "questions.training.noise: question"),
    "smoothing": ({"training": {**TRAINING, "label_smoothing": 0.1}}, "label_smoothing: .* 0.0"),
    "stride": ({"stride": 93}, r"questions.stride: 93 is more than the 92 subwords"),
    "corpus": ({"targets": ["qaa_embedded", "de_xquadd"]}, "no 'de_xquadd' in .* did you mean"),
    "part": ({"sources": ["de_xquad"]}, "questions.sources: de_xquad has no train part"),
    "key": ({"doc_stride": 3}, "questions.doc_stride: unknown key"),
    "one part": ({"training": {**TRAINING, "accumulation": 1}}, "accumulation: 1 is too small"),
    "off": ({"training": {**TRAINING, "checkpointing": False}}, "checkpointing: True was expected"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_refused(name: str) -> None:
    section, reason = WRONG[name]
    with pytest.raises(InputError, match=reason) as caught:
        study(section)
    assert "\n" not in str(caught.value)


def test_questions_are_no_task_of_unseen_languages() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    section = study().config["questions"]
    unseen = {**config["unseen"], "tasks": ["questions"]}
    with pytest.raises(InputError, match=r"unseen\.tasks: 'questions' reads neither treebanks nor"):
        Study({**config, "tasks": ["questions"], "questions": section, "unseen": unseen}, ROOT)


def test_only_the_settings_that_a_study_names_decide_a_model() -> None:
    """New settings of trainings are absent by default, so identities stay as they were."""
    before = study().finetuning_config("embedded", "questions", "qaa_embedded")
    assert "accumulation" not in before and "checkpointing" not in before
    after = study({"training": {**TRAINING, "accumulation": 2, "checkpointing": True}})
    assert after.finetuning_config("embedded", "questions", "qaa_embedded") != before
