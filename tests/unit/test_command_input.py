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
from xltransfer.public import functions
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import sha256_of_file, write_json


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
