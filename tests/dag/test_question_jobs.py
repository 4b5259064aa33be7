"""The exact jobs of studies with questions, and what is refused when they are planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from planning import AGGREGATES, counts, planned
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study

STUDIES = ROOT / "resources" / "studies"


def own(folder: Path, *files: str) -> dict[str, int]:
    jobs = counts(planned(folder, "--configfile", *files))
    return {name: number for name, number in jobs.items() if name not in AGGREGATES}


def test_questions_of_the_embedded_world(workspace: Path) -> None:
    assert own(workspace, "resources/studies/embedded-questions.yaml") == {
        # The source's three parts, and the test part of five other languages.
        "embedded_questions": 3 + 5,
        "finetune": 3 * 3,
        "predict": 6,
        "score": 6,
        "pieces": 1 + 6,
    }


def test_xquad_split_by_article(workspace: Path) -> None:
    """One download makes three parts; other languages are tested on the same articles."""
    change = {
        "pathvars": {"results": "results/xquad"},
        "mirrors": ["/data"],
        "ablations": ["none"],
        "seeds": [1],
        "questions": {
            "sources": ["en_xquad_articles"],
            "targets": [f"{code}_xquad_articles" for code in ("en", "de", "zh")],
        },
    }
    (workspace / "xquad.yaml").write_text(yaml.safe_dump(change))
    jobs = planned(
        workspace, "--configfile", "resources/studies/embedded-questions.yaml", "xquad.yaml"
    )
    assert {name: n for name, n in counts(jobs).items() if name not in AGGREGATES} == {
        "fetch_corpus": 3,
        "check_questions": 3 + 2,
        "finetune": 1,
        "predict": 3,
        "score": 3,
        "pieces": 1 + 3,
    }
    assert "resources/downloads/questions/XQuAD/xquad.en.json" in jobs["fetch_corpus"]


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
