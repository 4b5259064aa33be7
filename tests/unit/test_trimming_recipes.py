"""Recipes that trim vocabularies: what is kept, what is refused, and identities."""

from __future__ import annotations

import pytest
import yaml
from conftest import ROOT
from test_recipes import ADAPTED, BILSTM, JOINED_PAIRS, MONOLINGUAL, PLAIN, SECTIONS, recipe
from test_study import change
from xltransfer.corpora.formats import FORMATS
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.estimate import Assumptions, Estimate


def trimmed_to(treebanks: list[str], base: str = "embedded", **more: list[str]) -> dict:
    by = {"objective": "trim-vocabulary", "treebanks": treebanks, **more}
    return {"name": "trimmed", "from": base, "by": by}


ALL = [f"{code}_embedded" for code in (
    "qaa", "qab", "qac", "qba", "qbb", "qbc", "qca", "qcb", "qcc", "qda", "qdb", "qdc", "qea",
    "qeb", "qfa", "qfb")]  # fmt: skip
QUESTIONS = {
    **yaml.safe_load((ROOT / "resources/studies/embedded-questions.yaml").read_text())["questions"],
    "targets": ["qaa_embedded", "qba_embedded"],
}
WRONG = {
    "a target is missing": (
        change(encoders=[PLAIN, trimmed_to(ALL[:-1])]),
        "'trimmed' lacks the subwords of 'qfb_embedded', which 'trimmed' reads; add it to "
        "`treebanks` of 'trimmed'",
    ),
    "a corpus of questions is missing": (
        change(
            encoders=[PLAIN, trimmed_to(ALL, questions=["qaa_embedded"])],
            transfer_encoders=["trimmed"],
            tasks=["questions"],
            questions=QUESTIONS,
        ),
        "'trimmed' lacks the subwords of 'qba_embedded', which 'trimmed' reads; add it to "
        "`questions` of 'trimmed'",
    ),
    "a text is missing": (
        change(
            encoders=[
                *(PLAIN, trimmed_to(ALL)),
                recipe(ADAPTED, "further", base="trimmed", text="qaa_embedded"),
            ],
            transfer_encoders=["trimmed"],
        ),
        "'trimmed' lacks the subwords of 'qaa_embedded', which 'further' reads; add it to "
        "`raw_text`",
    ),
    "a parallel text is missing": (
        change(
            encoders=[
                *(PLAIN, trimmed_to(ALL)),
                {**JOINED_PAIRS, "name": "further", "from": "trimmed"},
            ],
            transfer_encoders=["trimmed"],
            parallel_cleaning=SECTIONS["parallel_cleaning"],
        ),
        "'trimmed' lacks the subwords of 'qaa_qba_embedded', which 'further' reads; add it to "
        "`parallel_text`",
    ),
    "unknown corpus": (
        change(encoders=[PLAIN, trimmed_to(["en_none"])]),
        "'trimmed': no 'en_none' in the catalogue of treebanks",
    ),
    "of an architecture": (
        change(encoders=[{**MONOLINGUAL, "by": trimmed_to(ALL)["by"]}]),
        "'monolingual' has an architecture, which has no vocabulary to trim",
    ),
    "of many encoders": (
        change(encoders=[PLAIN, ADAPTED, trimmed_to(ALL, "embedded-adapted")]),
        "'trimmed': 'embedded-adapted' is not one encoder",
    ),
    "nothing kept": (
        change(encoders=[PLAIN, {**trimmed_to(ALL), "by": {"objective": "trim-vocabulary"}}]),
        "encoders.1.by: ",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_recipes_are_refused(name: str) -> None:
    apply, reason = WRONG[name]
    config = default()
    apply(config)
    with pytest.raises(InputError) as caught:
        Study(config, ROOT)
    assert reason in str(caught.value), str(caught.value)
    assert str(caught.value).isprintable()


def default() -> dict:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    change(tasks=["parsing"], unseen={"languages": []})(config)
    return config


def test_what_is_kept_decides_the_models() -> None:
    def model(corpora: list[str], name: str = "trimmed") -> str:
        config = default()
        change(encoders=[PLAIN, trimmed_to(corpora), BILSTM])(config)
        return Study(config, ROOT).identities.model(name, "parsing", "qaa_embedded")

    assert model(ALL) == model(ALL[::-1]) != model([*ALL, "qga_embedded"])
    assert model(ALL, "embedded") == model([*ALL, "qga_embedded"], "embedded")


def test_encoders_that_are_trained_further_can_be_trimmed() -> None:
    """What a study asks when it plans: what the recipe starts from, and its identity."""
    config = default()
    once = recipe(ADAPTED, "once", text="qax_embedded", seeds=[7])
    change(encoders=[PLAIN, once, trimmed_to(ALL, "once")], transfer_encoders=["trimmed"])(config)
    study = Study(config, ROOT)
    made = study.made_encoders
    assert made.base("trimmed", 0) == ("once", 7)
    assert made.base_directory("trimmed", "", 0) == "results/encoders/once/qax_embedded/seed-7"
    assert study.identities.model("trimmed", "parsing", "qaa_embedded")
    sizes = {name: Estimate(study, Assumptions()).size(name) for name in ("embedded", "trimmed")}
    assert sizes["trimmed"] == sizes["embedded"]


def test_only_the_parts_that_a_study_reads_are_kept() -> None:
    """Training and development parts of sources; test parts also of corpora for later."""
    config = default()
    change(encoders=[PLAIN, trimmed_to([*ALL, "en_ewt"])], transfer_encoders=["trimmed"])(config)
    found = Study(config, ROOT).made_encoders.kept_files("trimmed")
    parts = {code: [p for _, c, p in found if c == code] for _, code, _ in found}
    assert parts["qaa_embedded"] == ["train", "dev", "test"]
    assert parts["qab_embedded"] == parts["en_ewt"] == ["test"]


def test_parallel_text_decides_a_trimmed_encoder() -> None:
    """All of its parts are kept, and its settings are part of the identity."""

    def study(**changes: object) -> Study:
        config = default()
        encoder = trimmed_to(ALL)
        encoder["by"]["parallel_text"] = ["qaa_qba_embedded"]
        texts = {**SECTIONS["parallel_cleaning"], **changes}
        change(encoders=[PLAIN, encoder], transfer_encoders=["trimmed"])(config)
        return Study({**config, "parallel_cleaning": texts}, ROOT)

    kept = study().made_encoders.kept_files("trimmed")
    assert [part for folder, _, part in kept if folder == "parallel_text"] == [
        *("training", "held_out", "test")
    ]
    found = [s.identities.encoder("trimmed") for s in (study(), study(), study(test_share=0.3))]
    assert found[0] == found[1] != found[2]


def test_corpora_of_relations_and_roles_are_listed() -> None:
    """All parts that the study reads are kept, and a corpus that is not listed is refused."""
    path = ROOT / "resources" / "studies" / "structure-states.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    config = {**content, "mirrors": [], "encoders": [PLAIN, *content["encoders"][1:]]}
    by = {**config["encoders"][1]["by"]}
    config["encoders"][1] = {"name": "local-trimmed", "from": PLAIN["name"], "by": by}
    kept = Study(config, ROOT).made_encoders.kept_files("local-trimmed")
    assert [part for _, code, part in kept if code == "en_crossre"] == ["train", "dev", "test"]
    assert ("roles", "fi_tdt_up", "test") in kept and ("roles", "fi_tdt_up", "dev") not in kept
    by["roles"] = [code for code in by["roles"] if code != "fi_tdt_up"]
    with pytest.raises(InputError, match=r"'fi_tdt_up', which .* add it to `roles` of"):
        Study(config, ROOT)


def test_every_kind_of_corpus_can_be_listed() -> None:
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    listed = schema["$defs"]["trimming"]["properties"].keys()
    assert listed == {"objective", "parallel_text", *FORMATS}
