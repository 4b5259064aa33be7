"""The exact sets of jobs for encoders that are made from recipes and used like any other."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from planning import AGGREGATES, change, counts, encoders_with, finish, finished_copy, planned
from test_unseen_jobs import section, unseen

ENCODERS = encoders_with("embedded")
ADAPTED = ENCODERS[1]
BY = ADAPTED["by"]
"""How the recipe `embedded-adapted` of the default study is made."""


def adapted(name: str, base: str, text: str, **by: object) -> dict:
    return {"name": name, "from": base, "by": {**copy.deepcopy(BY), "text": text, **by}}


RECIPES = [
    ENCODERS[0],
    adapted("once", "embedded", "qax_embedded"),
    adapted("twice", "once", "qga_embedded"),
]


def of(encoder: str, outputs: Iterable[str]) -> set[str]:
    """Those of the outputs that belong to an encoder."""
    return {output for output in outputs if f"/{encoder}/" in output}


@pytest.fixture(scope="module")
def finished_with_recipes_once(
    finished_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small study with an adapted encoder and one that is adapted further."""
    folder = tmp_path_factory.mktemp("recipes") / "study"
    shutil.copytree(finished_once, folder)
    change(folder, encoders=RECIPES)
    before = planned(folder, "--configfile", "small.yaml")
    assert not of("embedded", (o for outputs in before.values() for o in outputs))
    return finish(folder, "--configfile", "small.yaml")


@pytest.fixture
def finished(finished_with_recipes_once: Path, tmp_path: Path) -> Path:
    study = tmp_path / "study"
    return finished_copy(finished_with_recipes_once, study, "--configfile", "small.yaml")


def test_adapted_encoders_transfer_like_others(finished_once: Path, tmp_path: Path) -> None:
    """Each has its models with and without re-initialised layers, predictions and CKA."""
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    change(folder, encoders=RECIPES)
    jobs = planned(folder, "--configfile", "small.yaml")
    own = {name: count for name, count in counts(jobs).items() if name not in AGGREGATES}
    assert own == {
        "embedded_text": 2,
        "clean": 2,
        "adapt": 2,
        # Two sources, each without ablation and with one; three targets; five lists of pieces.
        "finetune": 2 * 2 * 2,
        "predict": 2 * 3,
        "score": 2 * 3,
        "pieces": 2 * 5,
        # Three treebanks, with the states of one or two models in a job.
        "represent": own["represent"],
        "similarity": 2 * 3,
    }
    for rule in ("finetune", "predict", "score", "similarity"):
        outputs = jobs.get(rule, set())
        assert len(of("once", outputs)) == len(of("twice", outputs)) == len(outputs) / 2, rule
    assert own["represent"] == len(of("once", jobs_of(jobs, "represent"))) * 2 > 0


def jobs_of(jobs: dict[str, set[str]], rule: str) -> set[str]:
    return {o for name, outputs in jobs.items() if name.startswith(rule) for o in outputs}


def test_a_recipe_decides_what_is_made_from_it(finished: Path) -> None:
    """The first adaptation changes both encoders, the second only the second."""
    longer = {**BY["training"], "epochs": 7}
    second = [*RECIPES[:2], adapted("twice", "once", "qga_embedded", training=longer)]
    change(finished, encoders=second)
    jobs = planned(finished, "--configfile", "small.yaml")
    assert len(jobs["adapt"]) == len(of("twice", jobs["adapt"])) == 1
    assert not of("once", jobs_of(jobs, "finetune")) and len(jobs_of(jobs, "finetune")) == 4
    first = [RECIPES[0], adapted("once", "embedded", "qax_embedded", training=longer), RECIPES[2]]
    change(finished, encoders=first)
    jobs = planned(finished, "--configfile", "small.yaml")
    assert len(jobs["adapt"]) == 2 and len(jobs_of(jobs, "finetune")) == 8
    assert not of("embedded", jobs_of(jobs, "finetune")) and "clean" not in jobs


def test_only_encoders_of_transfer_are_measured(finished: Path) -> None:
    change(finished, transfer_encoders=["embedded", "once"])
    jobs = planned(finished, "--configfile", "small.yaml")
    assert set(jobs) <= AGGREGATES


def test_an_encoder_can_be_an_arm(finished: Path) -> None:
    """An encoder adapted to one language, and one adapted further to each unseen language."""
    further = adapted("further", "once", "each-unseen-language")
    roles = {"encoder": "once", "adapted": "further", "baseline": "bilstm"}
    languages = section([unseen("qex")])
    change(
        finished,
        encoders=[*RECIPES, further, ENCODERS[3]],
        unseen={**languages, "arms": [*roles.values()], "verdict": roles},
    )
    jobs = planned(finished, "--configfile", "small.yaml")
    assert len(jobs["adapt"]) == 1 and of("further/qex_embedded/seed-1", jobs["adapt"])
    assert {output.split("/")[2] for output in jobs["finetune"]} == set(roles.values())
    assert all("/qex_embedded/" in output for output in jobs["finetune"])
    assert "pretrain" not in jobs and counts(jobs)["search"] == 3
    predicted = next(iter(jobs["predict_in_language"]))
    assert "/zero-shot-from-qca/" in predicted and "/further/" in predicted


def test_a_trimmed_vocabulary_is_made_once(finished_once: Path, tmp_path: Path) -> None:
    """One job; then the encoder is like any other, and a corpus more makes all of it again."""
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)

    def with_treebanks(*codes: str) -> list[dict]:
        treebanks = [f"{code}_embedded" for code in codes]
        by = {"objective": "trim-vocabulary", "treebanks": treebanks}
        return [ENCODERS[0], {"name": "trimmed", "from": "embedded", "by": by}]

    encoders = with_treebanks("qaa", "qca", "qba")
    change(folder, encoders=encoders)
    jobs = planned(folder, "--configfile", "small.yaml")
    assert counts(jobs)["trim_vocabulary"] == 1 and counts(jobs)["finetune"] == 4
    assert all(of("trimmed", outputs) == outputs for outputs in jobs_that_train(jobs))
    finish(folder, "--configfile", "small.yaml")
    assert planned(folder, "--configfile", "small.yaml") == {}
    change(folder, encoders=with_treebanks("qba", "qaa", "qca"))
    assert planned(folder, "--configfile", "small.yaml").keys() <= AGGREGATES
    change(folder, encoders=with_treebanks("qaa", "qca", "qba", "qda"))
    jobs = planned(folder, "--configfile", "small.yaml")
    assert counts(jobs)["trim_vocabulary"] == 1 and counts(jobs)["finetune"] == 4
    assert all(of("trimmed", outputs) == outputs for outputs in jobs_that_train(jobs))


def test_lowest_layers_are_kept_once(finished_once: Path, tmp_path: Path) -> None:
    """One job; another number of layers makes this encoder and its models again."""
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)

    def lowest(*layers: int) -> list[dict]:
        cut = [
            {"name": f"cut-{place}", "from": "embedded",
             "by": {"objective": "keep-layers", "layers": number}}
            for place, number in enumerate(layers)
        ]  # fmt: skip
        return [ENCODERS[0], *cut]

    change(folder, encoders=lowest(4, 8))
    jobs = planned(folder, "--configfile", "small.yaml")
    assert counts(jobs)["keep_layers"] == 2 and counts(jobs)["finetune"] == 2 * 4
    finish(folder, "--configfile", "small.yaml")
    assert planned(folder, "--configfile", "small.yaml") == {}
    change(folder, encoders=lowest(4, 6))
    jobs = planned(folder, "--configfile", "small.yaml")
    assert counts(jobs)["keep_layers"] == 1 and counts(jobs)["finetune"] == 4
    assert all(of("cut-1", outputs) == outputs for outputs in jobs_that_train(jobs))


def jobs_that_train(jobs: dict[str, set[str]]) -> list[set[str]]:
    return [
        outputs for name, outputs in jobs.items() if name.startswith(("finetune", "trim", "keep"))
    ]


def test_encoders_of_the_hub_that_are_only_a_start_are_fetched(
    finished_once: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    hub = {"name": "mbert", "hub": "team/mbert", "revision": "0" * 40, "layers": 12}
    treebanks = [f"{code}_embedded" for code in ("qaa", "qca", "qba")]
    by = {"objective": "trim-vocabulary", "treebanks": treebanks}
    trimmed = {"name": "trimmed", "from": "mbert", "by": by}
    change(folder, encoders=[hub, trimmed], transfer_encoders=["trimmed"])
    jobs = planned(folder, "--configfile", "small.yaml")
    assert counts(jobs)["fetch_encoder"] == counts(jobs)["trim_vocabulary"] == 1


def test_unseen_languages_need_no_recipe(finished_once: Path, tmp_path: Path) -> None:
    """Raw text is cleaned for the tables, though no encoder is trained on it."""
    folder = tmp_path / "study"
    shutil.copytree(finished_once, folder)
    place = str(Path("resources") / "models" / "embedded")
    given = [{"name": name, "path": place, "layers": 12} for name in ("embedded", "b", "c")]
    roles = {"encoder": "embedded", "adapted": "b", "baseline": "c"}
    languages = {**section([unseen("qex")]), "arms": [*roles.values()], "verdict": roles}
    change(folder, encoders=given, transfer_encoders=["embedded"], unseen=languages)
    jobs = planned(folder, "--configfile", "small.yaml")
    assert counts(jobs)["clean"] == 1 and not {"adapt", "pretrain"} & set(jobs)
    assert counts(jobs)["unseen_tables"] == 1
