"""The configuration of structure transfer: what is refused, and what decides a model."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.estimate import encoder_size
from xltransfer.study.parsed_trees import parsed_file, tree_reports
from xltransfer.study.shared_spaces import vector_files
from xltransfer.study.task_encoders import encoders_and_tasks

CONFIG = {
    **yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")),
    **yaml.safe_load(
        (ROOT / "resources" / "studies" / "embedded-structure.yaml").read_text(encoding="utf-8")
    ),
}


def changed(**changes: object) -> Study:
    """The study with keys changed, named like ``roles_parsed__trees__source``."""
    config = copy.deepcopy(CONFIG)
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        node = config
        for parent in parents:
            node = node[parent]
        node[last] = value
    return Study(config, ROOT)


VECTORS = {"model_type": "xltransfer-word-vectors", "embeddings": "comparable"}
GIVEN = CONFIG["encoders"][0]
TAGGING = {
    "kind": "tagging",
    "head_dropout": 0.1,
    **{key: CONFIG["parsing"][key] for key in ("sources", "ablated_sources", "targets")},
    **{key: CONFIG["parsing"][key] for key in ("encoders", "training")},
}
WRONG = {
    "unknown method": (
        {"encoders": [GIVEN, {"name": "vectors", "architecture": {**VECTORS, "method": "x"}}]},
        "encoders: 'vectors': no 'x' under word_vectors.methods",
    ),
    "method that is not orthogonal": (
        {"word_vectors__methods": [
            {**CONFIG["word_vectors"]["methods"][0], "kind": "least-squares"}]},
        "encoders: 'vectors': maps of 'procrustes' are not orthogonal",
    ),
    "language without vectors": (
        {"roles_graph__targets": ["qaa_embedded", "qea_embedded", "qca_embedded"]},
        "word_vectors: 'comparable' are not mapped to 'qca'",
    ),
    "ablation": (
        {"ablations": ["none", "random-init-1-2"]},
        "ablations: ",
    ),
    "parallel treebanks": (
        {"parallel__treebanks": ["qaa_embedded", "qba_embedded"]},
        "parallel.treebanks: 'vectors' has no layers to compare",
    ),
    "unknown encoder of a task": (
        {"roles_graph__encoders": ["vector"]},
        "roles_graph.encoders: 'vector' is not among `transfer_encoders`",
    ),
    "unknown parser": (
        {"roles_parsed__trees__parser": "parse"},
        "roles_parsed.trees.parser: 'parse' is no task of the kind parsing",
    ),
    "parser of another encoder": (
        {"roles_parsed__trees__encoder": "vectors"},
        "roles_parsed.trees.encoder: 'vectors' is not fine-tuned on 'parsing'",
    ),
    "parser of another source": (
        {"roles_parsed__trees__source": "qea_embedded"},
        "roles_parsed.trees.source: 'qea_embedded' is no source of 'parsing'",
    ),
    "trees of a corpus that is not read": (
        {"roles_parsed__trees__corpora": ["qca_embedded"]},
        "roles_parsed.trees.corpora: 'qca_embedded' is neither a source nor a target",
    ),
    "trees of sentences that the parser has seen": (
        {"roles_parsed__trees__corpora": ["qaa_embedded", "qea_embedded"]},
        "roles_parsed.trees.corpora: 'qaa_embedded' has the sentences of 'qaa_embedded', which",
    ),
    "trees of a member of a set": (
        {"roles_parsed__sources": ["qaa_embedded+qea_embedded"]},
        "roles_parsed.trees.corpora: 'qaa_embedded+qea_embedded' joins corpora with their own",
    ),
    "unknown reference": (
        {"roles_parsed__reference": "roles"},
        "roles_parsed.reference: 'roles' is no task of the kind of roles_parsed",
    ),
    "reference of another kind": (
        {"roles_parsed__reference": "relations_graph"},
        "roles_parsed.reference: 'relations_graph' is no task of the kind of roles_parsed",
    ),
    "reference with a reference": (
        {"roles_parsed__reference": "roles_bilstm"},
        "roles_parsed.reference: 'roles_bilstm' has a reference itself",
    ),
    "reference with other targets": (
        {"roles_pruned__targets": ["qaa_embedded", "qea_embedded"]},
        "roles_pruned.targets: differences from the reference 'roles_graph' are over the same",
    ),
    "tagger of another column": (
        {"tasks": [*CONFIG["tasks"], "pos"], "pos": {**TAGGING, "label": "XPOS"},
         "roles_parsed__trees__tagger": "pos"},
        "roles_parsed.trees.tagger: 'pos' predicts XPOS, not UPOS",
    ),
    "no feature": (
        {"roles_without_vectors__context": {**CONFIG["roles_graph"]["context"], "states": False,
                                            "upos_units": 0, "relation_units": 0}},
        "roles_without_vectors.context: it reads no feature; set one of states, upos_units",
    ),
    "trees that nothing reads": (
        {"roles_parsed": {k: v for k, v in CONFIG["roles_parsed"].items() if k != "context"}},
        "roles_parsed.trees: the task has no `context` that reads trees",
    ),
    "parser with the models of another task": (
        {"tasks": [*CONFIG["tasks"], "other"], "roles_parsed__trees__parser": "other",
         "other": {**CONFIG["parsing"], "models_of": "parsing"}},
        "roles_parsed.trees.parser: 'other' has the models of 'parsing'; name that task",
    ),
    "adapter of word vectors": (
        {"roles_graph__training__adapter": {"size": 8}},
        "roles_graph.training.adapter: 'vectors' is never pretrained",
    ),
    "checkpointing of word vectors": (
        {"roles_graph__training__checkpointing": True},
        "roles_graph.training.checkpointing: 'vectors' reads whole words",
    ),
    "two maps to a language": (
        {"word_vectors__dictionaries": [*CONFIG["word_vectors"]["dictionaries"],
                                        "qaa_qea_inflected_embedded"]},
        "word_vectors.dictionaries: two have maps to 'qea', of which 'vectors' would use one",
    ),
    "parser without vectors of a corpus": (
        {"parsing__encoders": ["vectors"], "roles_parsed__encoders": ["embedded"],
         "roles_parsed__trees__encoder": "vectors",
         "roles_parsed__trees__corpora": ["qca_embedded"],
         "tasks": ["parsing", "roles_parsed"], "roles_parsed__sources": ["qaa_embedded"],
         "roles_parsed__targets": ["qaa_embedded", "qca_embedded"]},
        "word_vectors: 'comparable' are not mapped to 'qca'",
    ),
    "odd number of units": (
        {"roles_graph__context__units": 7},
        "roles_graph.context.units: ",
    ),
    "edges of a sequence": (
        {"roles_bilstm__context__directed": True},
        "roles_bilstm.context.directed: unknown key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_refused(name: str) -> None:
    changes, message = WRONG[name]
    with pytest.raises(InputError) as found:
        changed(**changes)
    text = str(found.value)
    assert "\n" not in text and message in text, text


def test_a_corpus_without_trees_is_refused() -> None:
    corpora = ["en_relx", "de_relx"]
    section = {**CONFIG["roles_graph"], "kind": "relations", "sources": ["en_kbp37"],
               "targets": corpora, "encoders": ["embedded"]}  # fmt: skip
    with pytest.raises(InputError, match="en_kbp37 has no trees and parts of speech, which"):
        changed(roles_graph=section)


def test_encoders_of_tasks() -> None:
    pairs = encoders_and_tasks(changed())
    assert ("embedded", "parsing") in pairs and ("vectors", "parsing") not in pairs
    assert sum(encoder == "embedded" for encoder, _ in pairs) == 1


def test_files() -> None:
    study = changed()
    assert parsed_file(study, "roles_parsed", "qaa_embedded", "test") == ""
    assert parsed_file(study, "roles_parsed", "qea_embedded", "test") == (
        "roles/qea_embedded/test-parsed-for-roles_parsed.jsonl"
    )
    assert vector_files(study, "r", "embedded", "qaa") == []
    assert vector_files(study, "r", "vectors", "qaa+qea") == [
        f"r/shared_vectors/comparable/procrustes/{code}.safetensors" for code in ("qaa", "qea")
    ]


def test_tasks_with_the_same_trees_parse_a_corpus_once() -> None:
    trees = CONFIG["roles_parsed"]["trees"]
    tagged = {"tagger": "tags", "corpora": ["qea_embedded"]}
    study = changed(
        tasks=[*CONFIG["tasks"], "tags"],
        tags={**TAGGING, "label": "UPOS"},
        roles_bilstm__trees={**trees, "corpora": ["qea_embedded", "qfb_embedded"]},
        roles_bilstm_without_relations__trees={**trees, **tagged},
    )
    named = {
        (task, corpus): parsed_file(study, task, corpus, "test").split("-for-")[-1]
        for task in ("roles_parsed", "roles_bilstm", "roles_bilstm_without_relations")
        for corpus in ("qea_embedded", "qdb_embedded")
    }
    assert named == {
        ("roles_parsed", "qea_embedded"): "roles_bilstm.jsonl",
        ("roles_bilstm", "qea_embedded"): "roles_bilstm.jsonl",
        ("roles_bilstm_without_relations", "qea_embedded"): "roles_bilstm_without_relations.jsonl",
        ("roles_parsed", "qdb_embedded"): "roles_parsed.jsonl",
        ("roles_bilstm", "qdb_embedded"): "",
        ("roles_bilstm_without_relations", "qdb_embedded"): "",
    }
    assert len(tree_reports(study, "r")) == len(set(tree_reports(study, "r"))) == 4 + 1
    of = "vectors", ("roles_parsed", "roles_bilstm"), "qaa_embedded", "qea_embedded", "test"
    assert len({study.identities.gold(task, *of[3:]) for task in of[1]}) == 1


def test_trees_and_encoders_decide_data_not_settings() -> None:
    of = "vectors", "roles_parsed", "qaa_embedded"
    study = changed()
    settings = json.loads(study.finetuning_config(*of))["settings"]
    assert "trees" not in settings and "encoders" not in settings and "context" in settings
    other = changed(parsing__training__epochs=3)
    test = *of, "qea_embedded", "test"
    assert study.identities.model(*of) == other.identities.model(*of)
    assert study.identities.scores(*test) != other.identities.scores(*test)
    home = *of, "qaa_embedded", "test"
    assert study.identities.scores(*home) == other.identities.scores(*home)


def test_trees_decide_when_dropped_weights_are_needed_again() -> None:
    dropping = {
        "keep": {"precision": "float32", "ablated_weights": False},
        "transfer_encoders": ["embedded"],
        "ablations": ["none", "random-init-1-2"],
        "tasks": ["parsing", "roles_graph", "roles_parsed"],
        "roles_graph__encoders": ["embedded"],
        "roles_parsed__encoders": ["embedded"],
        "roles_parsed__sources": ["qaa_embedded"],
    }
    of = "embedded", "roles_parsed", "qaa_embedded", 11
    notes = [
        [study.kept.prediction_note(*of, corpus, "test") for corpus in study.targets(of[1])]
        for study in (changed(**dropping), changed(**dropping, parsing__training__epochs=3))
    ]
    assert notes[0][0] == notes[1][0], "the trees of qaa are gold"
    assert not set(notes[0][1:]) & set(notes[1][1:])


def test_weights_are_dropped_of_models_that_the_study_trains() -> None:
    study = changed(
        keep={"precision": "float32", "ablated_weights": False},
        encoders=[GIVEN, {**GIVEN, "name": "other"}],
        transfer_encoders=["embedded", "other"],
        ablations=["none", "random-init-1-2"],
        tasks=["parsing", "roles_graph"],
        roles_graph__encoders=["other"],
    )
    found = {tuple(path.split("/")[2:4]) for path in study.kept.markers("r")}
    assert found == set(encoders_and_tasks(study))


def test_labelled_target_sentences_have_the_trees_of_the_test() -> None:
    game = {
        "texts": {"treebanks": ["qea_embedded"]},
        "labelled": {"corpus": "qea_embedded", "sentences": 100},
        "sentences": 100,
        "method": "gradient-reversal",
        "weight": 1.0,
        "schedule": "rising",
        "smoothing": 0.3,
        "learning_rate": 1.0e-2,
        "discriminator": {"kind": "convolution", "widths": [2], "units": 32, "dropout": 0.2},
    }
    with pytest.raises(
        InputError, match="labelled: 'qea_embedded' would be read with its own trees"
    ):
        changed(
            roles_parsed__encoders=["embedded"],
            roles_parsed__sources=["qaa_embedded"],
            roles_parsed__training={**CONFIG["roles_parsed"]["training"], "adversarial": game},
        )


def test_the_estimate_does_not_depend_on_the_order_of_encoders() -> None:
    sizes = [
        encoder_size(changed(encoders=encoders), "vectors")
        for encoders in (CONFIG["encoders"], CONFIG["encoders"][::-1])
    ]
    assert sizes[0] == sizes[1] and sizes[0].layers == 1
