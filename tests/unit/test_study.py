"""Configurations: the shipped ones are right, and wrong ones are refused in one clear line."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import encoders_with
from xltransfer.runtime.errors import InputError
from xltransfer.study import SCHEMA, Study

STUDIES = sorted((ROOT / "resources" / "studies").glob("*.yaml"))
REPLICATION = ROOT / "resources" / "studies" / "replication.yaml"
"""Of the default study: it states what differs alone."""


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLTRANSFER_ENCODER", "/some/encoder")
    monkeypatch.setenv("XLTRANSFER_UD_MIRROR", "/some/mirror")
    monkeypatch.setenv("XLTRANSFER_CONLL_NER", "/some/corpora")
    monkeypatch.setenv("XLTRANSFER_QUESTIONS", "/some/questions")
    monkeypatch.setenv("XLTRANSFER_ENCODERS", "/some/encoders")
    for folder in ("DICTIONARIES", "PROPOSITIONS", "RELATIONS", "TEXTS"):
        monkeypatch.setenv(f"XLTRANSFER_{folder}", "/some/files")


def test_default_study(config: dict) -> None:
    study = Study(config, ROOT)
    assert study.language("parsing", "qaa_embedded") == "qaa"
    assert study.corpora("parsing")["qaa_embedded"].splits == ("train", "dev", "test")
    assert len(study.sources("parsing")) >= 3
    seen = study.embedded_world.encoder["languages"]
    targets = [study.language("parsing", code) for code in study.targets("parsing")]
    assert sorted(targets) == sorted(seen), "X is a mean over languages that the encoder has seen"
    languages = study.catalogue.languages
    unseen = [c for c in languages if c[0] == "q" and c != "qaf" and c not in seen]
    assert len(seen) >= 15 and len(unseen) >= 4
    assert len({languages[code].script for code in seen}) >= 4


NO_UNSEEN = {"languages": []}
"""A section without languages says nothing else."""


@pytest.mark.parametrize(
    "path", [p for p in STUDIES if p != REPLICATION], ids=lambda path: path.stem
)
def test_shipped_studies_are_valid_and_inherit_nothing(path: Path, config: dict) -> None:
    """A study file states every key, so the default study can change without changing it."""
    study = yaml.safe_load(path.read_text(encoding="utf-8"))
    texts = Study(study, ROOT).parallel_texts.codes

    def assert_states(mine: dict, default: dict, where: str) -> None:
        for key, value in default.items():
            assert key in mine, f"{path.name} does not state {where}{key}"
            if isinstance(value, dict) and mine[key] not in (NO_UNSEEN, None):
                assert_states(mine[key], value, f"{where}{key}.")

    other_tasks = set(config["tasks"]) - set(study["tasks"])
    not_needed = other_tasks | ({"cleaning"} if study["unseen"] == NO_UNSEEN else set())
    not_needed |= set() if texts else {"parallel_cleaning", "translation_lm"}
    default = {key: value for key, value in config.items() if key not in not_needed}
    assert_states(study, default, "")
    assert study["pathvars"]["results"] == f"results/{path.stem}"


def test_the_demonstration_is_a_part_of_the_default_study(config: dict) -> None:
    study = yaml.safe_load((ROOT / "resources/studies/demo.yaml").read_text(encoding="utf-8"))
    mine, default = study["parsing"], config["parsing"]
    assert set(mine["sources"]) < set(default["sources"])
    assert mine["targets"] == default["targets"]
    rest = {"sources": ..., "targets": ...}
    assert {**mine, **rest} == {**default, **rest}
    same = ("seeds", "word_state", "keep", "ud_release", "embedded_world")
    assert [study[key] for key in same] == [config[key] for key in same]
    made, whole = Study(study, ROOT), Study(config, ROOT)
    of = "embedded", "parsing", "qaa_embedded"
    assert made.identities.model(*of) == whole.identities.model(*of)
    assert set(made.config["ablations"]) < set(whole.config["ablations"])


def test_the_replication_is_the_default_study_in_another_world(config: dict) -> None:
    study = yaml.safe_load(REPLICATION.read_text(encoding="utf-8"))
    assert set(study) == {"study", "pathvars", "embedded_world", "encoders"}
    assert study["embedded_world"]["seed"] != config["embedded_world"]["seed"]
    assert study["encoders"][1:] == config["encoders"][1:]
    made = Study({**config, **study}, ROOT)
    assert made.contents.encoder("embedded") == made.contents.embedded_encoder()
    other = Study({**config, **study, "embedded_world": config["embedded_world"]}, ROOT)
    assert other.contents.embedded_encoder() != made.contents.embedded_encoder()


def test_every_key_of_the_schema_is_explained_in_the_default_study() -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    lines = (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines()

    def keys(node: dict) -> set[str]:
        node = node.get("else", node)
        node = schema["$defs"][node["$ref"].split("/")[-1]] if "$ref" in node else node
        found = set()
        for key, value in node.get("properties", {}).items():
            found |= {key} | keys(value)
        return found

    optional = {"pathvars", "results", "name", "path", "layers", "causal", "hub", "revision"}
    # Explained in comments or documents, because they are absent by default.
    optional |= {"catalogue", "scaling", "dictionary_text", "adaptation_methods"}
    for key in keys(schema) - optional:
        places = [n for n, line in enumerate(lines) if line.strip().startswith(f"{key}:")]
        assert places, f"config.yaml lacks {key}"
    undocumented = [
        line
        for n, line in enumerate(lines)
        if line and line[0] not in " #-" and not lines[n - 1].startswith("#")
    ]
    assert not undocumented


def change(**changes: object) -> Callable[[dict], None]:
    def apply(config: dict) -> None:
        for dotted, value in changes.items():
            *parents, last = dotted.split("__")
            node = config
            for parent in parents:
                node = node[parent]
            if value is ...:
                del node[last]
            else:
                node[last] = value

    return apply


def unseen(**changes: object) -> Callable[[dict], None]:
    """One unseen language, its row changed."""
    row = {
        "language": "ug",
        "text": "ug_wikipedia",
        "treebanks": "ug_udt",
        "entities": None,
        "split": "released",
        "transliterated": ["ug_latn"],
    }
    return change(unseen__languages=[{**row, **changes}])


WRONG = {
    "unknown key": (change(epoch=3), "epoch: unknown key"),
    "misspelt key": (change(parsing__training__epoch=3), "did you mean 'epochs'?"),
    "missing key": (change(seeds=...), "seeds: the key is missing"),
    "text for a number": (
        change(parsing__training__epochs="ten"),
        "parsing.training.epochs: 'ten'",
    ),
    "exponent without a point": (
        change(parsing__training__encoder_learning_rate="2e-3"),
        "'2e-3' is not of type number; YAML reads exponents only with a point and a sign: write "
        "2.0e-3",
    ),
    "quoted number": (change(parsing__arc_units="500"), "integer; write it without quotes"),
    "task without a section": (
        change(tasks=["parsing", "nope"]),
        "config: tasks: 'nope' has no section with its name; add one",
    ),
    "number for a list": (change(seeds=3), "seeds: 3 is not of type array"),
    "fraction of an epoch": (change(parsing__training__epochs=1.5), "epochs: 1.5"),
    "negative rate": (change(parsing__training__encoder_learning_rate=-1), "must be above 0"),
    "unknown treebank": (
        change(parsing__sources=["qaa_embeded"]),
        "parsing.sources: no 'qaa_embeded'",
    ),
    "near miss": (change(parsing__targets=["en_pod"]), "did you mean 'en_pud'?"),
    "no training data": (
        change(parsing__sources=["en_pud"]),
        "parsing.sources: en_pud has no train part",
    ),
    "no test data at this release": (
        change(ud_release="2.5", parsing__targets=["qaa_embedded", "mt_mudt"]),
        "parsing.targets: mt_mudt has no test part up to release 2.5",
    ),
    "layers beyond the encoder": (
        change(ablations=["none", "random-init-12-13"]),
        "random-init-12-13: the encoder 'embedded' has 12 layers",
    ),
    "layers of another encoder": (
        change(encoders=encoders_with("embedded", layers=6)),
        "'embedded' has 12 layers (",
    ),
    "dropped weights of unknown data": (
        change(
            tasks=["ner"],
            unseen__languages=[],
            parallel__treebanks=[],
            keep__ablated_weights=False,
            ner__sources=["en_conll2003"],
            ner__ablated_sources=["en_conll2003"],
            ner__targets=["en_conll2003", "de_conll2003"],
        ),
        "keep.ablated_weights: the catalogue has no checksum of en_conll2003",
    ),
    "layers upside down": (change(ablations=["none", "random-init-4-3"]), "layer 4 is above 3"),
    "no reference": (change(ablations=["random-init-1-2"]), "ablations: 'none' is missing"),
    "unknown ablation": (change(ablations=["none", "prune-1-2"]), "ablations: 'prune-1-2' is no"),
    "seed twice": (change(seeds=[1, 2, 1]), "names something twice"),
    "language twice": (
        change(parsing__targets=["en_pud", "en_ewt", "qaa_embedded"]),
        "en_pud and en_ewt are of one language",
    ),
    "source that is no target": (
        change(parsing__targets=["qab_embedded", "qac_embedded"]),
        "parsing.targets: none is of 'qaa'",
    ),
    "one target": (
        change(parsing__sources=["qaa_embedded"], parsing__targets=["qaa_embedded"]),
        "needs another language",
    ),
    "parallel without a source": (
        change(parallel__treebanks=["qab_embedded", "qba_embedded"]),
        "parallel.treebanks: one of a source language",
    ),
    "nothing to compare with": (
        change(parallel__treebanks=["qaa_embedded"]),
        "and one of another language",
    ),
    "parallel of one language": (
        change(parallel__treebanks=["en_pud", "en_ewt"]),
        "two are of the language 'en'; keep one",
    ),
    "unknown ablated source": (
        change(parsing__ablated_sources=["fr_gsd"]),
        "'fr_gsd' is not in parsing.sources",
    ),
    "encoder from nowhere": (
        change(encoders=[{"name": "x", "layers": 12}]),
        "'x' needs one of `path`, `hub` (with `revision`), `from` (with `by`) or `architecture`",
    ),
    "branch for a revision": (
        change(encoders=[{"name": "x", "layers": 12, "hub": "a/b", "revision": "main"}]),
        "encoders.0.revision: 'main'",
    ),
    "two encoders of one name": (
        change(encoders=[{"name": "x", "layers": 12, "path": "a"}] * 2),
        "two encoders have the same name",
    ),
    "variable not set": (
        change(encoders=[{"name": "x", "layers": 12, "path": "$XLTRANSFER_NOWHERE/x"}]),
        "XLTRANSFER_NOWHERE is not set",
    ),
    "unseen: unknown language": (unseen(language="zz"), "unseen.languages.0: no language 'zz'"),
    "unseen: unknown text": (unseen(text="ug_none"), "languages.0.text: no 'ug_none'"),
    "unseen: unknown treebank": (unseen(treebanks="ug_none"), "treebanks: no 'ug_none'"),
    "unseen: text of another language": (
        unseen(text="myv_wikipedia"),
        "languages.0.text: myv_wikipedia is of the language 'myv', not 'ug'",
    ),
    "unseen: treebank of another language": (
        unseen(treebanks="wo_wtb"),
        "languages.0.treebanks: wo_wtb is of the language 'wo', not 'ug'",
    ),
    "unseen: a part is missing": (
        unseen(language="myv", text="myv_wikipedia", treebanks="myv_jr", transliterated=[]),
        "myv_jr has no dev part; write `split: folds`",
    ),
    "unseen: nothing annotated": (unseen(treebanks=None), "no annotated corpus for any task"),
    "unseen: unknown variety": (
        unseen(transliterated=["myv_latn"]),
        "no row that makes 'myv_latn' of 'ug'",
    ),
    "unseen: misspelt key": (unseen(transliterate=[]), "did you mean 'transliterated'?"),
    "unseen: unknown arm": (
        change(unseen__arms=["mbert", "embedded", "bilstm"]),
        "unseen.arms: no encoder 'mbert'",
    ),
    "unseen: arm without a role": (
        change(unseen__arms=["embedded", "monolingual", "bilstm"]),
        "unseen.verdict.adapted: 'embedded-adapted' is not in `unseen.arms`",
    ),
    "unseen: one arm for two roles": (
        change(unseen__verdict__adapted="embedded"),
        "unseen.verdict: the encoder, the adapted one and the baseline are three arms",
    ),
    "unseen: zero-shot transfer without models": (
        change(unseen__verdict__encoder="monolingual"),
        "unseen.zero_shot_from: 'monolingual' is not in `transfer_encoders`",
    ),
    "unseen: unknown task": (change(unseen__tasks=["parse"]), "unseen.tasks: 'parse'"),
    "unseen: untrained task": (
        change(unseen__training__pos=...),
        "unseen.training.pos: the settings for this task are missing",
    ),
    "unseen: zero-shot transfer from no source": (
        change(unseen__zero_shot_from=["qfb"]),
        "unseen.zero_shot_from: no source of any task is of 'qfb'; there is: qaa, qca, qda",
    ),
    "unseen: also a source": (
        change(
            pos__sources=["qaa_embedded", "qax_embedded"],
            pos__targets=["qaa_embedded", "qax_embedded"],
        ),
        "qax_embedded is also among pos.sources",
    ),
    "odd release": (change(ud_release="latest"), "ud_release: 'latest'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_configurations_are_refused_in_one_line(name: str, config: dict) -> None:
    apply, reason = WRONG[name]
    apply(config)
    with pytest.raises(InputError) as caught:
        Study(config, ROOT)
    message = str(caught.value)
    assert message.startswith("config: ")
    assert reason in message, message
    assert message.isprintable()


def test_variables_in_paths_are_expanded(config: dict) -> None:
    config["encoders"][0]["path"] = "${XLTRANSFER_ENCODER}/x"
    config["mirrors"] = ["$XLTRANSFER_UD_MIRROR"]
    study = Study(config, ROOT)
    assert study.encoders["embedded"].directory == "/some/encoder/x"
    assert study.mirrors == ["/some/mirror"]


def test_configuration_of_models_names_what_decides_them_and_nothing_else(config: dict) -> None:
    before = Study(config, ROOT).finetuning_config("embedded", "parsing", "qaa_embedded")
    other = copy.deepcopy(config)
    change(
        seeds=[7],
        ablations=["none"],
        training_threads=4,
        checkpoint_minutes=1,
        mirrors=["/x"],
        parsing__sources=["qaa_embedded"],
        parsing__targets=["qaa_embedded", "qfb_embedded"],
        job_size__finetune={"seeds": 1},
        job_size__predict={"sources": 1, "ablations": 1, "seeds": 1},
        job_size__represent={"states": 1},
        study="another",
    )(other)
    assert Study(other, ROOT).finetuning_config("embedded", "parsing", "qaa_embedded") == before
    change(parsing__training__epochs=11)(other)
    assert Study(other, ROOT).finetuning_config("embedded", "parsing", "qaa_embedded") != before
    assert json.loads(before)["task"] == "parsing"


def test_swapped_values_are_another_configuration(config: dict) -> None:
    before = Study(config, ROOT).finetuning_config("embedded", "parsing", "qaa_embedded")
    training = config["parsing"]["training"]
    training["encoder_learning_rate"], training["head_learning_rate"] = (
        training["head_learning_rate"],
        training["encoder_learning_rate"],
    )
    assert Study(config, ROOT).finetuning_config("embedded", "parsing", "qaa_embedded") != before


def test_batches(config: dict) -> None:
    change(
        seeds=[1, 2, 3, 4],
        ablations=["none", "random-init-1-2"],
        job_size__finetune={"seeds": 3},
        job_size__predict={"sources": 2, "ablations": 2, "seeds": 4},
        pos__ablated_sources=["qaa_embedded"],
    )(config)
    study = Study(config, ROOT)
    assert [batch.seeds for batch in study.finetuning_batches()] == [["1", "2", "3"], ["4"]]
    batches = study.prediction_batches()
    assert [(b.task, b.sources, len(b.models), b.suffix) for b in batches] == [
        ("parsing", ["qaa_embedded", "qca_embedded"], 16, ".conllu"),
        ("parsing", ["qda_embedded"], 8, ".conllu"),
        ("pos", ["qaa_embedded", "qca_embedded"], 12, ".conllu"),
        ("pos", ["qda_embedded"], 4, ".conllu"),
        ("ner", ["qaa_embedded", "qca_embedded"], 12, ".iob2"),
        ("ner", ["qda_embedded"], 4, ".iob2"),
    ]
    assert batches[3].models == [("qda_embedded", "none", seed) for seed in (1, 2, 3, 4)]
    change(job_size__finetune__seeds=1)(config)
    assert [batch.seeds for batch in Study(config, ROOT).finetuning_batches()] == [["{seed}"]]


def test_jobs_of_representation_are_joined_up_to_a_size(config: dict) -> None:
    change(
        tasks=["parsing", "pos"],
        seeds=[1, 2, 3],
        ablations=["none"],
        job_size__predict={"sources": 1, "ablations": 1, "seeds": 2},
    )(config)
    models = {
        seeds: [
            [f"{task}/{source}_embedded/none/seed-{seed}" for seed in seeds]
            for source in ("qaa", "qca", "qda")
            for task in ("parsing", "pos")
        ]
        for seeds in ((1, 2), (3,))
    }
    never = [f"never-pretrained/seed-{seed}" for seed in (1, 2, 3)]

    def batches(size: int, **changes: object) -> list[list[str]]:
        change(job_size__represent__states=size, **changes)(config)
        return [[state.path for state in some] for some in Study(config, ROOT).parallel.batches()]

    early, late = models.values()
    alone = [["pretrained", *never[:2]], *early, never[2:], *late]
    assert batches(1) == alone
    of_two = [path for some in early for path in some]
    of_one = [path for some in late for path in some]
    assert batches(15) == [["pretrained", *of_two, *never[:2]], [*of_one, *never[2:]]]
    assert batches(22) == [["pretrained", *of_two, *of_one, *never]]
    assert batches(7)[:2] == [["pretrained", *of_two[:4], *never[:2]], of_two[4:10]]
    dropped = batches(22, keep__ablated_weights=False, ablations=["none", "random-init-all"])
    assert dropped[0] == alone[0]


def test_jobs_of_the_default_study_are_full(config: dict) -> None:
    assert len(Study(config, ROOT).parallel.batches()) == 1
    change(seeds=[1, 2, 3, 4])(config)
    first, second = Study(config, ROOT).parallel.batches()
    assert len(first) == 66
    assert {state.seed for state in second} == {4}


def test_order_of_a_list_changes_no_job(config: dict) -> None:
    change(
        seeds=[3, 1, 2],
        ablations=["random-init-all", "random-init-11-12", "none", "random-init-3-4"],
        job_size__finetune={"seeds": 2},
        job_size__predict={"sources": 3, "ablations": 3, "seeds": 2},
    )(config)
    study = Study(config, ROOT)
    assert [batch.seeds for batch in study.finetuning_batches()] == [["1", "2"], ["3"]]
    first, _, third, *_ = study.prediction_batches()
    assert first.ablations == ["none", "random-init-3-4", "random-init-11-12"]
    assert (first.seeds, third.ablations) == ([1, 2], ["random-init-all"])
    pairs = study.models("parsing", "qaa_embedded")
    assert pairs[:4] == [("none", 1), ("none", 2), ("none", 3), ("random-init-3-4", 1)]
