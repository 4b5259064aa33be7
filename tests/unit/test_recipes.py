"""Encoders that are declared as recipes: what they start from, and what decides them."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from encoders import make_encoder
from planning import encoders_with
from test_study import change
from xltransfer.encoders.bilstm import MODEL_TYPE
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.estimate import Assumptions, Estimate
from xltransfer.study.recipes import UNPRETRAINED, root_of

PLAIN, ADAPTED, MONOLINGUAL, BILSTM = encoders_with("embedded")


def recipe(original: dict, name: str, **changes: object) -> dict:
    """Another item of `encoders`; changes of `by`, and ``base``."""
    base = {"from": changes.pop("base")} if "base" in changes else {}
    return {**original, **base, "name": name, "by": {**original["by"], **changes}}


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def test_the_model_type_without_pretraining_is_that_of_the_bilstm() -> None:
    assert UNPRETRAINED == MODEL_TYPE


def test_chains_of_recipes_take_turns_with_their_bases(config: dict) -> None:
    first = recipe(ADAPTED, "first", seeds=[4, 2])
    second = recipe(ADAPTED, "second", base="first", seeds=[9, 8, 7])
    change(encoders=[PLAIN, ADAPTED, MONOLINGUAL, BILSTM, first, second])(config)
    study = Study(config, ROOT)
    made = study.made_encoders
    assert [made.base("second", seed) for seed in (7, 8, 9)] == [
        ("first", 2),
        ("first", 4),
        ("first", 2),
    ]
    assert made.base_directory("second", "qax_embedded", 8) == (
        "results/encoders/first/qax_embedded/seed-4"
    )
    assert made.base("first", 2) == ("embedded", 0)
    assert made.base_directory("first", "qax_embedded", 2) == "resources/models/embedded"
    root = root_of(study.declared_encoders["second"], study.declared_encoders)
    assert root is study.declared_encoders["embedded"]
    assert study.declared_encoders["second"].layers == 12
    assert list(study.encoders) == ["embedded"]


def test_a_chain_has_the_identity_of_its_parts(config: dict) -> None:
    def identities(**changes: object) -> dict[str, str]:
        once = recipe(ADAPTED, "once", text="qax_embedded", **changes)
        twice = recipe(ADAPTED, "twice", base="once", text="qga_embedded")
        encoders = [PLAIN, ADAPTED, MONOLINGUAL, BILSTM, once, twice]
        found = Study({**config, "encoders": encoders}, ROOT).identities
        names = "embedded", "once", "twice"
        return {name: found.model(name, "parsing", "qaa_embedded") for name in names}

    before = identities()
    after = identities(seeds=[5])
    assert before["embedded"] == after["embedded"]
    assert before["once"] != after["once"] and before["twice"] != after["twice"]
    assert len({*before.values(), *after.values()}) == 5


def test_batches_of_seeds_do_not_decide_models_of_made_encoders(config: dict) -> None:
    once = recipe(ADAPTED, "once", text="qax_embedded")
    change(encoders=[PLAIN, ADAPTED, MONOLINGUAL, BILSTM, once])(config)
    study = Study(config, ROOT)
    of = "once", "parsing", "qaa_embedded"
    found = {study.identities.model(*of, seeds) for seeds in ([], [11], [11, 12, 13])}
    assert len(found) == 1
    assert study.encoder_directories("once", "qaa_embedded", [11, 12]) == [
        "results/encoders/once/qax_embedded/seed-1"
    ]


def test_scores_are_of_the_encoders_of_all_seeds(config: dict) -> None:
    """The second seed's encoder decides the scores of models that take turns, as the first does."""

    def found(seeds: list[int], base_seeds: list[int]) -> Study:
        base = recipe(ADAPTED, "base", text="qax_embedded", seeds=base_seeds)
        once = recipe(ADAPTED, "once", base="base", text="qax_embedded", seeds=seeds)
        change(encoders=[PLAIN, ADAPTED, MONOLINGUAL, BILSTM, base, once])(config)
        return Study(copy.deepcopy(config), ROOT)

    of = "once", "parsing", "qaa_embedded"
    before, after = found([1, 2], [1, 2]), found([1, 2], [1, 3])
    scores = [s.identities.scores(*of, "qab_embedded", "test") for s in (before, after)]
    assert len(set(scores)) == 2
    assert before.identities.model(*of) == before.identities.model(*of, before.seeds)
    seeds = before.seeds
    one, other = ({s.identities.model(*of, [seed]) for s in (before, after)} for seed in seeds[:2])
    assert len(one) == 1 and len(other) == 2


def test_the_mask_token_decides_what_masked_subwords_train(config: dict, tmp_path: Path) -> None:
    """`tokenizer_config.json` names it, which fine-tuning does not read."""
    encoder = make_encoder(tmp_path / "local")
    local = {"name": "local", "path": str(encoder), "layers": 4}
    adapted = recipe(ADAPTED, "adapted", base="local", text="qax_embedded")
    further = recipe(ADAPTED, "further", base="adapted", text="qax_embedded")
    made = [PLAIN, ADAPTED, MONOLINGUAL, BILSTM, local, adapted, further]
    change(encoders=made, ablations=["none"])(config)

    def identities() -> list[str]:
        found = Study(copy.deepcopy(config), ROOT).identities
        return [found.encoder(name) for name in ("local", "adapted", "further")]

    path = encoder / "tokenizer_config.json"
    path.write_text(json.dumps({"mask_token": "[MASK]"}))
    one = identities()
    path.write_text(json.dumps({"mask_token": "[UNK]"}))
    two = identities()
    assert [a == b for a, b in zip(one, two, strict=True)] == [True, False, False]
    path.unlink()
    assert identities()[0] == one[0]


def test_texts_of_recipes_lack_the_sentences_of_their_language(config: dict) -> None:
    """Test parts of targets and development parts of sources, though no language is unseen."""
    english = recipe(ADAPTED, "english", text="qaa_embedded")
    change(encoders=[PLAIN, english], unseen={"languages": []})(config)
    study = Study(config, ROOT)
    assert study.raw_texts.codes == study.raw_texts.cleaned == ["qaa_embedded"]
    assert study.raw_texts.evaluation_files("qaa_embedded") == [
        "entities/qaa_embedded/dev.iob2",
        "entities/qaa_embedded/test.iob2",
        "treebanks/qaa_embedded/dev.conllu",
        "treebanks/qaa_embedded/test.conllu",
    ]
    assert list(study.encoders) == ["embedded", "english"]
    cleaning = json.loads(study.raw_texts.cleaning_config("qaa_embedded"))
    assert cleaning["maximum_lines"] == config["cleaning"]["maximum_lines"]


def test_every_encoder_with_a_tokenizer_of_its_own_is_counted(config: dict) -> None:
    further = recipe(ADAPTED, "further", base="embedded-adapted")
    change(
        encoders=[PLAIN, ADAPTED, MONOLINGUAL, BILSTM, further],
        unseen__arms=["bilstm", "further", "embedded", "monolingual", "embedded-adapted"],
        unseen__verdict__adapted="further",
    )(config)
    study = Study(config, ROOT)
    counted = dict.fromkeys(path.split("/")[2] for path in study.unseen.statistics_files("x"))
    assert list(counted) == ["embedded", "monolingual"]
    arms = ["further", "embedded", "monolingual", "embedded-adapted", "zero-shot-from-qaa"]
    assert study.unseen.arms.names == [*arms, "bilstm"]


def test_seeds_and_texts_of_chains(config: dict) -> None:
    """What the table of verdicts says about pretraining."""
    first = recipe(ADAPTED, "first", seeds=[4])
    second = recipe(ADAPTED, "second", base="first", seeds=[9, 8])
    other = recipe(ADAPTED, "other", text="qga_embedded", seeds=[1, 2])
    arms = ["second", "other", "embedded", "bilstm"]
    change(
        encoders=[PLAIN, BILSTM, first, second, other],
        unseen__arms=arms,
        unseen__verdict__adapted="second",
    )(config)
    table = json.loads(Study(config, ROOT).unseen.table_config())
    assert table["pretraining_seeds"] == {
        "second": [4],
        "other": [1, 2],
        "embedded": [],
        "bilstm": [],
    }
    assert table["with_other_text"] == ["other"]


def test_a_bilstm_is_estimated_by_its_own_size(config: dict) -> None:
    once = recipe(ADAPTED, "once", text="qax_embedded")
    change(encoders=[*encoders_with("embedded"), once], transfer_encoders=["once", "embedded"])(
        config
    )
    found = Estimate(Study(config, ROOT), Assumptions())
    assert (found.size("bilstm").layers, found.size("once").layers) == (1, 12)


WRONG = {
    "name of the embedded world": (
        change(encoders=[PLAIN, recipe(MONOLINGUAL, "embedded")][1:]),
        "encoders: 'embedded' is the name of the encoder of the embedded world",
    ),
    "model type that is no text": (
        change(encoders=encoders_with("monolingual", architecture__model_type=["bert"])),
        "architecture.model_type: ['bert'] is not of type string",
    ),
    "objective that is unknown": (
        change(encoders=[PLAIN, {**ADAPTED, "by": {"objective": "foo"}}]),
        "encoders.1.by.objective: 'foo' is none of ['masked-lm', 'translation-lm', ",
    ),
    "shared layers from scratch": (
        change(
            encoders=[
                PLAIN,
                {
                    **recipe(MONOLINGUAL, "small", text="qax_embedded"),
                    "architecture": {"model_type": "albert", "num_hidden_layers": 12},
                },
            ],
            unseen={"languages": []},
        ),
        "the layers of 'small' (albert) share their weights",
    ),
    **{
        f"unseen: {key} of an earlier version": (
            change(**{f"unseen__{key}": {}}),
            f"unseen.{key}: this key has moved; write ",
        )
        for key in ("adaptation", "monolingual", "cleaning")
    },
    "unseen: encoder of an earlier version": (
        change(unseen__encoder="embedded"),
        "unseen.encoder: this key has moved; name it in `unseen.arms`",
    ),
    "unseen: architecture of an earlier version": (
        change(unseen__bilstm__architecture={}),
        "unseen.bilstm.architecture: this key has moved; write an item of `encoders`",
    ),
    "recipe without a source": (
        change(encoders=encoders_with("monolingual", **{"from": "embedded"})),
        "'monolingual' needs one of `path`,",
    ),
    "recipe of an undeclared encoder": (
        change(encoders=encoders_with("embedded-adapted", **{"from": "mbert"})),
        "'embedded-adapted' starts from 'mbert', which is not declared above it; declared are: "
        "embedded",
    ),
    "recipe of itself": (
        change(encoders=encoders_with("embedded-adapted", **{"from": "embedded-adapted"})),
        "'embedded-adapted' starts from 'embedded-adapted', which is not declared above",
    ),
    "recipe without a way": (
        change(encoders=[{"name": "x", "path": "a", "layers": 2}, {"name": "y", "from": "x"}]),
        "'y' has `from` but no `by`",
    ),
    "recipe of an architecture without a way": (
        change(encoders=[{"name": "x", "architecture": {"model_type": "bert"}}]),
        "'x' has an architecture but no `by`; only xltransfer-bilstm",
    ),
    "recipe for an encoder that exists": (
        change(
            encoders=encoders_with("embedded", by=encoders_with("embedded")[1]["by"]),
        ),
        "'embedded' has `by`, which does not belong to `path`",
    ),
    "recipe with layers": (
        change(encoders=encoders_with("embedded-adapted", layers=12)),
        "'embedded-adapted' has `layers`, which does not belong to `from`",
    ),
    "recipe with two vocabularies": (
        change(encoders=encoders_with("embedded-adapted", by__vocabulary_size=100)),
        "'embedded-adapted': `vocabulary_size` belongs to encoders with an `architecture`",
    ),
    "recipe of an unknown text": (
        change(encoders=encoders_with("embedded-adapted", by__text="qzz_embedded")),
        "encoders: no text 'qzz_embedded' in the catalogue of raw_corpora",
    ),
    "recipe of an unknown objective": (
        change(encoders=encoders_with("embedded-adapted", by__objective="clm")),
        "by.objective: ",
    ),
    "transfer of many encoders": (
        change(transfer_encoders=["embedded-adapted"]),
        "transfer_encoders: 'embedded-adapted' is not one pretrained encoder",
    ),
    "transfer of an unknown encoder": (
        change(transfer_encoders=["mbert"]),
        "transfer_encoders: no encoder 'mbert' under `encoders`",
    ),
    "transfer of nothing": (
        change(encoders=encoders_with("embedded")[3:]),
        "transfer_encoders: none of `encoders` is one pretrained encoder",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_recipes_are_refused_in_one_line(name: str, config: dict) -> None:
    apply, reason = WRONG[name]
    apply(config)
    with pytest.raises(InputError) as caught:
        Study(config, ROOT)
    message = str(caught.value)
    assert message.startswith("config: ") and reason in message, message
    assert message.isprintable()


ALIGNED = yaml.safe_load((ROOT / "resources/studies/embedded-translation.yaml").read_text("utf-8"))
MASKED_PAIRS, JOINED_PAIRS = ALIGNED["encoders"][1:3]
SECTIONS = {key: ALIGNED[key] for key in ("parallel_cleaning", "translation_lm")}


def with_pairs(config: dict, **changes: object) -> Study:
    """The default study with an encoder trained on parallel text."""
    base = {"from": changes.pop("base")} if "base" in changes else {}
    by = {**JOINED_PAIRS["by"], **changes}
    joined = {**JOINED_PAIRS, **base, "by": {k: v for k, v in by.items() if v is not None}}
    encoders = [PLAIN, ADAPTED, MONOLINGUAL, BILSTM, MASKED_PAIRS, joined]
    return Study({**config, **SECTIONS, "encoders": encoders}, ROOT)


def test_several_texts_have_languages(config: dict) -> None:
    study = with_pairs(config, raw_text=["qga_embedded"], language_embeddings=True)
    made = json.loads(study.made_encoders.config("embedded-translation", "several-texts", 2))
    assert made["languages"] == {"lines": ["qga"], "pairs": [["qaa", "qba"]]}
    assert (made["objective"], made["seed"]) == ("translation-lm", 2)
    files = study.made_encoders.text_files("embedded-translation", "several-texts", "training")
    assert files == {
        "raw_text": ["raw_text/qga_embedded/training.txt"],
        "parallel_text": ["parallel_text/qaa_qba_embedded/training.tsv"],
    }
    assert study.made_encoders.languages("embedded-translation") == ["qaa", "qba", "qga"]
    masked = json.loads(study.made_encoders.config("embedded-masked", "several-texts", 1))
    assert masked["objective"] == "masked-lm" and masked["languages"]["lines"] == []


def test_measurements_know_how_pairs_were_read(config: dict) -> None:
    context = with_pairs(config).measured_translations
    read = {
        name: json.loads(context.config(name, "qaa_qba_embedded"))["reset_positions"]
        for name in context.encoders
    }
    assert read == {"embedded": False, "embedded-masked": False, "embedded-translation": True}
    assert len(context.states) == 1 + 3 + 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parallel_text": None}, "parallel_text"),
        ({"parallel_text": ["en_xx_none"]}, "no parallel text 'en_xx_none'"),
        ({"raw_text": ["qqq_none"]}, "no text 'qqq_none'"),
        ({"vocabulary_size": 50}, "`vocabulary_size` belongs to encoders with an `architecture`"),
        ({"reset_positions": None}, "reset_positions"),
        (
            {
                "training": {
                    **JOINED_PAIRS["by"]["training"],
                    "noise": {"subwords": {"dropout": 0.1}},
                }
            },
            "translation-lm has no noise",
        ),
    ],
)
def test_unusable_recipes_on_parallel_text_are_refused(
    changes: dict, reason: str, config: dict
) -> None:
    with pytest.raises(InputError, match=reason) as error:
        with_pairs(config, **changes)
    assert "\n" not in str(error.value)


def test_plain_texts_of_encoders_with_language_embeddings_have_a_language(
    config: dict, tmp_path: Path
) -> None:
    """Of a given encoder as of a made one, and for each unseen language its own."""
    content = json.loads((ROOT / "resources/models/embedded/config.json").read_text())
    content["language_embeddings"] = ["qaa", "qga"]
    (tmp_path / "config.json").write_text(json.dumps(content))
    given = {"name": "given", "path": str(tmp_path), "layers": 12}
    plain = recipe(ADAPTED, "plain", base="given", text="qga_embedded")
    each = recipe(ADAPTED, "each", base="given")
    change(encoders=[PLAIN, ADAPTED, MONOLINGUAL, BILSTM, given, plain, each])(config)
    made = Study(config, ROOT).made_encoders
    assert json.loads(made.config("plain", "qga_embedded", 1))["languages"]["lines"] == ["qga"]
    assert json.loads(made.config("each", "qax_embedded", 1))["languages"]["lines"] == ["qax"]
    assert "languages" not in json.loads(made.config("embedded-adapted", "qax_embedded", 1))


def test_what_cannot_be_compared_or_kept_is_refused(config: dict) -> None:
    joined = recipe(JOINED_PAIRS, "joined", seeds=[1, 2])
    base = [PLAIN, ADAPTED, MONOLINGUAL, BILSTM, MASKED_PAIRS, JOINED_PAIRS]
    measured = {**SECTIONS["translation_lm"], "encoders": ["joined", "embedded-masked"]}
    with pytest.raises(InputError, match="'joined' and 'embedded-masked' have other `seeds`"):
        Study({**config, **SECTIONS, "encoders": [*base, joined], "translation_lm": measured}, ROOT)
    dropped = {**config, **SECTIONS, "encoders": base}
    dropped["transfer_encoders"] = ["embedded", "embedded-masked"]
    dropped["keep"] = {**config["keep"], "ablated_weights": False}
    with pytest.raises(InputError, match="'embedded-masked' is pretrained with several seeds"):
        Study(dropped, ROOT)
    known = recipe(JOINED_PAIRS, "known", language_embeddings=True)
    other = recipe(JOINED_PAIRS, "other", base="known", parallel_text=["qaa_qda_embedded"])
    with pytest.raises(InputError, match="'known', which has language embeddings of qaa, qba and"):
        Study({**config, **SECTIONS, "encoders": [*base, known, other]}, ROOT)
    without = {**SECTIONS["parallel_cleaning"], "test_share": 0}
    with pytest.raises(InputError, match="test_share: is 0, but qaa_qba_embedded publishes no"):
        Study({**config, **SECTIONS, "encoders": base, "parallel_cleaning": without}, ROOT)
    short = {**MASKED_PAIRS["by"]["training"], "epoch_batches": 1}
    with pytest.raises(InputError, match="an epoch has fewer batches than there are texts \\(2;"):
        few = recipe(MASKED_PAIRS, "few", training=short)
        Study({**config, **SECTIONS, "encoders": [*base, few]}, ROOT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"encoders": ["embedded", "none"]}, "no encoder 'none' under `encoders`"),
        ({"reference": "embedded-translation", "encoders": ["embedded"]}, "must be one of"),
        ({"encoders": ["embedded-masked", "bilstm"]}, "'bilstm' has no weights of its own"),
    ],
)
def test_unusable_measurements_are_refused(changes: dict, reason: str, config: dict) -> None:
    given = {**config, **SECTIONS, "encoders": [PLAIN, BILSTM, MONOLINGUAL, ADAPTED]}
    given["encoders"] += [MASKED_PAIRS, JOINED_PAIRS]
    given["translation_lm"] = {**SECTIONS["translation_lm"], **changes}
    with pytest.raises(InputError, match=reason):
        Study(given, ROOT)
