"""The exact jobs of studies that classify sentences, and what is refused when they are planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from planning import AGGREGATES, counts, planned
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study

STUDY = "resources/studies/embedded-classification.yaml"
FIRST_TARGETS = [f"{code}_embedded" for code in ("qaa", "qab", "qba", "qca", "qda", "qea")]


def own(folder: Path, *files: str) -> dict[str, int]:
    jobs = counts(planned(folder, "--configfile", *files))
    return {name: number for name, number in jobs.items() if name not in AGGREGATES}


JOBS = {
    # The source's three parts, and the test part of five other languages.
    "embedded_classification": 3 + 5,
    "finetune": 3 * 3,
    "predict": 6,
    "score": 6,
    "pieces": 1 + 6,
}


def test_topics_of_the_embedded_world(workspace: Path) -> None:
    assert own(workspace, STUDY) == JOBS


def test_a_language_that_is_added_trains_nothing(workspace: Path) -> None:
    """The additional jobs are its corpus, predictions, scores and subwords."""
    change = {"topics": {"targets": [*FIRST_TARGETS, "qfa_embedded"]}}
    (workspace / "more.yaml").write_text(yaml.safe_dump(change))
    more = own(workspace, STUDY, "more.yaml")
    assert more == {
        name: number + (0 if name == "finetune" else 1) for name, number in JOBS.items()
    }
    jobs = planned(workspace, "--configfile", STUDY, "more.yaml")
    before = planned(workspace, "--configfile", STUDY)
    assert jobs["finetune"] == before["finetune"]


def test_xnli_of_the_release_is_one_download_for_all_languages(workspace: Path) -> None:
    """Parts are files with all languages; the training part is that of MultiNLI."""
    change = {
        "pathvars": {"results": "results/xnli"},
        "mirrors": ["/data"],
        "ablations": ["none"],
        "seeds": [1],
        "topics": {
            "sources": ["en_multinli"],
            "targets": [f"{code}_xnli_release" for code in ("en", "de", "sw")],
        },
    }
    (workspace / "xnli.yaml").write_text(yaml.safe_dump(change))
    jobs = planned(workspace, "--configfile", STUDY, "xnli.yaml")
    assert {name: n for name, n in counts(jobs).items() if name not in AGGREGATES} == {
        "fetch_corpus": 2 + 1,
        "check_classification": 2 + 3,
        "finetune": 1,
        "predict": 3,
        "score": 3,
        "pieces": 1 + 3,
    }
    assert "resources/downloads/classification/XNLI-1.0/xnli.test.tsv" in jobs["fetch_corpus"]


def study(section: dict[str, Any] | None = None, **changes: object) -> Study:
    config = yaml.safe_load((ROOT / STUDY).read_text(encoding="utf-8"))
    config["topics"] |= section or {}
    return Study(config | changes, ROOT)


TRAINING = yaml.safe_load((ROOT / STUDY).read_text("utf-8"))["topics"]["training"]
ADVERSARIAL = {
    "texts": {"treebanks": ["qba_embedded"]}, "sentences": None, "method": "gradient-reversal",
    "weight": 0.1, "schedule": "constant", "smoothing": 0.0, "learning_rate": 1.0e-3,
    "discriminator": {"kind": "mean", "units": 8, "dropout": 0.0},
}  # fmt: skip
WRONG = {
    "pooling": ({"pooling": "last"}, r"topics\.pooling: 'last' is none of \['first', 'mean'\]"),
    "missing": ({"dense_layer": None}, r"topics\.dense_layer: None is not of type boolean"),
    "corpus": ({"targets": ["qaa_embedded", "de_xnlii"]}, "no 'de_xnlii' in .* did you mean"),
    "part": ({"sources": ["de_xnli"]}, r"topics\.sources: de_xnli has no train part"),
    "labels": (
        {"targets": ["qaa_embedded", "de_pawsx"]},
        r"topics: the labels of de_pawsx \(paraphrase\) are not those of qaa_embedded",
    ),
    "key": ({"max_length": 3}, r"topics\.max_length: unknown key"),
    "adversarial": (
        {"training": {**TRAINING, "adversarial": ADVERSARIAL}},
        r"topics\.training\.adversarial: .* 'topics' reads a sentence as one state; remove",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_refused(name: str) -> None:
    section, reason = WRONG[name]
    with pytest.raises(InputError, match=reason) as caught:
        study(section)
    assert "\n" not in str(caught.value)


def test_noise_and_joined_sources_are_settings_of_this_task_too() -> None:
    noise = {"subwords": {"dropout": 0.1}}
    made = study(
        {"training": {**TRAINING, "noise": noise}, "sources": ["qaa_embedded+qba_embedded"]}
    )
    assert made.sources("topics") == ["qaa_embedded+qba_embedded"]


def test_the_first_token_of_a_decoder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2", "n_layer": 2}')
    decoder = {"name": "decoder", "path": str(tmp_path), "layers": 2, "causal": True}
    changes = {"encoders": [decoder], "ablations": ["none"]}
    with pytest.raises(InputError, match=r"topics\.pooling: the first token of 'decoder'"):
        study(**changes)
    study({"pooling": "mean"}, **changes)


def test_encoders_of_words_are_refused() -> None:
    content = yaml.safe_load((ROOT / STUDY).read_text("utf-8"))
    structure = ROOT / "resources" / "studies" / "embedded-structure.yaml"
    content = yaml.safe_load(structure.read_text("utf-8")) | {"topics": content["topics"]}
    content["tasks"] = [*content["tasks"], "topics"]
    with pytest.raises(InputError, match=r"'vectors' reads words, .* name others under `topics"):
        Study(content, ROOT)


def test_topics_are_no_task_of_unseen_languages() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    section = study().config["topics"]
    unseen = {**config["unseen"], "tasks": ["topics"]}
    with pytest.raises(InputError, match=r"unseen\.tasks: 'topics' reads neither treebanks nor"):
        Study({**config, "tasks": ["topics"], "topics": section, "unseen": unseen}, ROOT)


def test_other_identities_do_not_depend_on_this_task() -> None:
    """What decides a training of another task has no setting of sentence classification."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    more = {**config, "tasks": [*config["tasks"], "topics"], "topics": study().config["topics"]}
    task, made = config["tasks"][0], []
    for content in (config, more):
        found = Study(content, ROOT)
        place = next(iter(found.encoders)), task, found.sources(task)[0]
        made.append((found.finetuning_config(*place), found.identities.model(*place)))
    assert made[0] == made[1]
