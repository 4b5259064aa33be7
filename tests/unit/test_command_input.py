"""What commands and public functions refuse, and cards of models of all tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from xltransfer.analyses.statistics.bootstrap import ratio_interval
from xltransfer.commands.add import add
from xltransfer.commands.export import Origin, model_card
from xltransfer.commands.list import list as list_names
from xltransfer.commands.signature import signature
from xltransfer.corpora.conllu import Sentence
from xltransfer.corpora.iob import TaggedSentence
from xltransfer.corpora.unannotated import sentences_of_text, sentences_of_tokens
from xltransfer.public import functions
from xltransfer.public.finetuned_model import _valid_tree
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import replacing, sha256_of_file, write_json
from xltransfer.study.study_files import read_study_file
from xltransfer.training.devices import prepare_device


def test_cards_of_other_tasks_and_of_sets_of_sources() -> None:
    """Answers come from another class, `annotate` has no use, and all data have their licence."""
    origin = Origin("nowhere", "e", "questions", "en_squad+de_xquad", "none", 1)
    settings = {"kind": "question-answering", "training": {"epochs": 1}}
    report = {"config": {"settings": settings}, "weights": "w"}
    card = model_card(origin, report, {"encoders": [], "ud_release": "2.18"}, "bert")
    assert "language:\n- en\n- de\n" in card and "pipeline_tag: question-answering" in card
    assert card.count("- **Training data**: ") == 2 and "annotate" not in card
    assert "`AutoModelForQuestionAnswering.from_pretrained(…)`" in card


@pytest.mark.parametrize(
    ("model_type", "pooling", "opened"),
    [
        ("xlm-roberta", "first", "AutoModelForSequenceClassification"),
        ("xlm-roberta", "mean", "AutoModel"),
        ("distilbert", "first", "AutoModel"),
    ],
)
def test_cards_of_sentence_classification(model_type: str, pooling: str, opened: str) -> None:
    """Only a head that transformers has too is opened by a class with a head, and by a pipeline."""
    origin = Origin("nowhere", "e", "nli", "en_xnli", "none", 1)
    settings = {"kind": "sentence-classification", "pooling": pooling, "dense_layer": True}
    report = {"config": {"settings": settings | {"training": {"epochs": 1}}}, "weights": "w"}
    card = model_card(origin, report, {"encoders": [], "ud_release": "2.18"}, model_type)
    assert ("pipeline_tag: text-classification" in card) == (opened != "AutoModel")
    assert f"`{opened}.from_pretrained(…)`" in card and "CC BY-NC 4.0" in card


def test_the_interval_of_a_mean_of_groups() -> None:
    """One group is certain and one varies: the interval is half as wide, around their mean."""
    right, certain = np.array([0, 1, 1, 0, 1]), np.ones(5)
    low, high = ratio_interval(right, certain)
    found = ratio_interval(np.append(right, certain), np.ones(10), groups=2)
    assert found == pytest.approx(((low + 1) / 2, (high + 1) / 2))


INVALID = {
    "encoders: 3": "encoders: 3 is not of type array",
    "encoders: [3]": "encoders.0: 3 is not of type object",
    "encoders: [{}]": "encoders.0.name: the key is missing",
    "catalogue: 3": "catalogue: 3 is not of type string",
    "ud_release: [3]": "ud_release: \\[3\\] is not of type string",
}


@pytest.mark.parametrize("text", INVALID)
def test_commands_refuse_invalid_studies_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    for command in (
        lambda: list_names("encoders", str(path)),
        lambda: list_names("treebanks", str(path)),
        lambda: add("UD_X-Y", from_=str(tmp_path), study=str(path)),
    ):
        with pytest.raises(InputError, match=INVALID[text]) as error:
            command()
        assert f"({path}:1)" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "configuration",
    [{"encoders": 3}, {"encoders": [3]}, {"tasks": 3}, {"tasks": ["a"], "a": 3},
     {"encoders": [{"hub": "x"}]}],
)  # fmt: skip
def test_provenance_without_a_study_has_no_signature(configuration: dict, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a\n")
    content = {"configuration": configuration, "output": sha256_of_file(table), "sources": {}}
    write_json(tmp_path / "t.provenance.json", content)
    with pytest.raises(
        InputError, match=r"t\.provenance\.json:1: not the configuration of a study"
    ):
        signature(table)


def test_scores_of_different_sentences_are_refused() -> None:
    one = Sentence.of_lines("1\tA\t_\t_\t_\t_\t0\troot\t_\t_")
    with pytest.raises(InputError, match="1 gold sentences, 2 predicted"):
        functions.score([one], [one, one])
    with pytest.raises(InputError, match="kind 'x' is none of"):
        functions.score([one], [one], kind="x")
    other = Sentence.of_lines("1\tB\t_\t_\t_\t_\t0\troot\t_\t_")
    tagged = TaggedSentence([], ["A"], ["O"])
    for pair, settings, problem in (
        ([one, other], {}, "sentence 1: the predicted one does not have the words"),
        ([one, tagged], {}, "sentence 1: not of the format for kind 'parsing'"),
        ([one, one], {"kind": "entities"}, "sentence 1: not of the format for kind 'entities'"),
        ([one, one], {"kind": "question-answering"}, "kind 'question-answering' is none of pars"),
        ([one, "answers.json"], {}, r"answers\.json: its name ends in none of \.conllu, \.iob2"),
    ):
        with pytest.raises(InputError, match=problem):
            functions.score(*(x if isinstance(x, str) else [x] for x in pair), **settings)


def test_scores_of_unlabelled_words_are_refused(tmp_path: Path) -> None:
    sentence = Sentence.of_lines("1\ta\t_\t_\t_\t_\t0\troot\t_\t_")
    for label in ("UPOS", "FEATS/Number"):
        with pytest.raises(InputError, match=rf"gold.*{label}"):
            functions.score([sentence], [sentence], kind="tagging", label=label)
    with pytest.raises(TypeError, match="labl"):
        functions.score([sentence], [sentence], kind="tagging", labl="UPOS")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"study\.yaml:1: no keys and values"),
        (b"# nothing\n", r"study\.yaml:1: no keys and values"),
        (b"\xff\xfe", r"study\.yaml: not YAML: .*utf-8"),
        (b"seeds: [1]\nstudy: x\nseeds: [2]\n", r"study\.yaml:3: .*'seeds' is there twice"),
        (b"pos:\n  kind: a\n  kind: b\n", r"study\.yaml:3: .*'kind' is there twice"),
    ],
)
def test_study_files_without_one_meaning_are_refused(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read_study_file(path)


def test_merged_keys_may_be_given_again(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n")
    assert read_study_file(path)["b"] == {"x": 3, "y": 2}
    # Also where a mapping that merges another one is merged outside of its section.
    path.write_text("a: &a {x: 1}\nb:\n  c:\n    d: &d\n      <<: *a\n      x: 2\ne:\n  <<: *d\n")
    assert read_study_file(path)["e"] == {"x": 2}


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r": is a folder; name a file"), replacing(tmp_path):
        raise AssertionError("nothing is computed before")


def test_a_number_of_threads_is_positive() -> None:
    with pytest.raises(InputError, match="--threads 0: give 1 or more"):
        prepare_device(0)


def test_control_characters_are_named_with_their_line() -> None:
    (first,) = sentences_of_text("gi\tdidu", "en", "t.txt")
    assert first.forms == ["gi", "didu"]
    for read in (lambda text: sentences_of_text(text, "en", "t.txt"), of_tokens):
        with pytest.raises(InputError, match=r"^t\.txt:2: control character '\\x00'; remove it$"):
            read("a b\nc\x00d\n")


def of_tokens(text: str) -> list[Sentence]:
    return sentences_of_tokens(text, "t.txt")


def test_new_trees_have_one_root_and_no_old_graph() -> None:
    """The head decides; a relation that contradicts it becomes ``dep``."""
    rows = ["1\ta\t_\t_\t_\t_\t2\troot\t2:obj\t_", "2\tb\t_\t_\t_\t_\t0\tobj\t0:root\t_"]
    found = _valid_tree(Sentence.of_lines("\n".join(rows)))
    assert [row[6:9] for row in found.words] == [["2", "dep", "_"], ["0", "root", "_"]]


def test_lists_of_vectors_are_representations() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 3))
    assert functions.cka(vectors.tolist(), 2 * vectors) == pytest.approx(1)
