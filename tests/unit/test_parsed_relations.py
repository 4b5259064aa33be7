"""Trees of relations and roles that a parser predicts: the stage, its report, and its refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from encoders import make_encoder
from test_parsing import SETTINGS
from test_tagging import POS
from test_training import SENTENCES, TRAINING
from xltransfer.corpora.conllu import DEPREL, HEAD, UPOS
from xltransfer.corpora.formats import read_sentences, write_sentences
from xltransfer.corpora.relation_sentences import Mention, Pair, RelationSentence
from xltransfer.records.verification import verified_checksums
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.finetune import finetune
from xltransfer.stages.parse_relations import parse_relations
from xltransfer.stages.predict import predict
from xltransfer.tasks.metrics.attachment import attachment_scores

SHORT = {**TRAINING, "epochs": 2, "minimum_steps": 0, "training_sentences": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parser, a tagger, and a treebank."""
    folder = tmp_path_factory.mktemp("parsed")
    encoder, treebank = make_encoder(folder / "encoder"), folder / "treebank.conllu"
    write_sentences(treebank, SENTENCES)
    for name, settings in (("parser", SETTINGS), ("tagger", POS)):
        config = {"task": name, "settings": {**settings, "training": {**SHORT}}}
        models = [folder / name]
        finetune([encoder], treebank, treebank, config, ["none"], [1], models, folder / "c")
    return folder


def corpus(path: Path, upos: bool = True, trees: bool = True) -> Path:
    """The treebank's sentences as a corpus of roles."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sentences(
        path,
        [
            RelationSentence(
                f"s{number}",
                tuple(s.forms),
                tuple(Mention(place, place) for place in range(len(s.forms))),
                (Pair(0, 1, "A0"),) if len(s.forms) > 1 else (),
                tuple(s.column(UPOS)) if upos else None,
                tuple(s.heads) if trees else None,
                tuple(s.column(DEPREL)) if trees else None,
            )
            for number, s in enumerate(SENTENCES)
        ],
    )
    return path


def test_trees_are_those_that_the_parser_predicts(folder: Path, tmp_path: Path) -> None:
    given, output = corpus(tmp_path / "roles" / "c.jsonl"), tmp_path / "roles" / "parsed.jsonl"
    report = tmp_path / "roles" / "report.json"
    parse_relations(folder / "parser", given, output, report, "a", language="qaa")
    assert set(verified_checksums([output, report])) == {str(output), str(report)}
    expected = tmp_path / "p.conllu"
    predict([folder / "parser"], folder / "treebank.conllu", [expected])
    predicted = read_sentences(expected)
    for before, after, tree in zip(read_sentences(given), read_sentences(output), predicted,
                                   strict=True):  # fmt: skip
        assert list(after.heads) == [int(head) for head in tree.column(HEAD)]
        assert list(after.deprels) == tree.column(DEPREL)
        unchanged = ("name", "words", "mentions", "pairs", "upos")
        assert all(getattr(before, key) == getattr(after, key) for key in unchanged)
    las = attachment_scores(SENTENCES, predicted, {})["LAS"].percent
    found = read_json(report)
    assert found["LAS"] == pytest.approx(las) and found["UAS"] >= found["LAS"]
    assert (found["language"], found["task"]) == ("qaa", "a")


def test_a_tagger_predicts_parts_of_speech(folder: Path, tmp_path: Path) -> None:
    given = corpus(tmp_path / "roles" / "bare.jsonl", upos=False, trees=False)
    output, report = tmp_path / "roles" / "parsed.jsonl", tmp_path / "roles" / "report.json"
    with pytest.raises(InputError, match=r"bare\.jsonl: sentence s0 has no parts of speech"):
        parse_relations(folder / "parser", given, output, report, "a")
    parse_relations(folder / "parser", given, output, report, "a", folder / "tagger")
    known = {tag for sentence in SENTENCES for tag in sentence.column(UPOS)}
    assert {tag for sentence in read_sentences(output) for tag in sentence.upos} <= known
    assert read_json(report)["LAS"] is None


def test_models_of_other_tasks_are_refused(folder: Path, tmp_path: Path) -> None:
    given = corpus(tmp_path / "roles" / "c.jsonl")
    with pytest.raises(InputError, match="tagger: a model of tagging, not of parsing"):
        parse_relations(folder / "tagger", given, tmp_path / "o.jsonl", tmp_path / "r.json", "a")
