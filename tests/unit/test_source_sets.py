"""Sources that are trained on together: the union, what is refused, their rows in tables."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from test_parsing import tree
from xltransfer.analyses.pairs import word_order_table, zeroshot_scores
from xltransfer.analyses.plots import randominit_figure
from xltransfer.analyses.randominit import by_target, published_shape
from xltransfer.analyses.zeroshot import per_target
from xltransfer.corpora.conllu import read_conllu, write_conllu
from xltransfer.corpora.relation_sentences import (
    Mention,
    RelationSentence,
    read_relation_sentences,
    write_relation_sentences,
)
from xltransfer.runtime.errors import InputError
from xltransfer.stages.join_corpora import join_corpora
from xltransfer.study import Study

SET = "qaa_embedded+qca_embedded"
ONE = [tree(("a", 2, "det"), ("dog", 0, "root")), tree(("sat", 0, "root"))]
OTHER = [tree(("le", 2, "det"), ("chien", 0, "root"))]


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def with_sources(config: dict, *sources: str, **changes: object) -> Study:
    changed = copy.deepcopy(config)
    changed["parsing"]["sources"] = list(sources)
    changed["parsing"]["ablated_sources"] = "all"
    return Study(changed | changes, ROOT)


def test_the_union_has_every_sentence_in_the_order_of_the_corpora(tmp_path: Path) -> None:
    for name, sentences in (("one", ONE), ("other", OTHER)):
        write_conllu(tmp_path / name / "train.conllu", sentences)
    joined = tmp_path / "one+other" / "train.conllu"
    join_corpora([tmp_path / f"{name}/train.conllu" for name in ("one", "other")], joined)
    found = read_conllu(joined)
    assert [sentence.forms for sentence in found] == [["a", "dog"], ["sat"], ["le", "chien"]]
    record = json.loads(joined.with_suffix(".provenance.json").read_text())
    assert len(record["inputs"]) == 2
    assert joined.read_bytes() == b"".join(
        (tmp_path / name / "train.conllu").read_bytes() for name in ("one", "other")
    )


def test_sentences_of_roles_with_one_name_are_joined(tmp_path: Path) -> None:
    """Parallel corpora, such as those of the embedded world, name translations alike."""
    sentences = [
        RelationSentence("1", (word,), (Mention(0, 0),), (), ("NOUN",), (0,), ("root",))
        for word in ("dog", "chien")
    ]
    files = [tmp_path / "roles" / name / "train.jsonl" for name in ("en_x", "fr_x", "en_x+fr_x")]
    for file, sentence in zip(files, sentences, strict=False):
        write_relation_sentences(file, [sentence])
    join_corpora(files[:2], files[2])
    assert read_relation_sentences(files[2]) == [
        replace(sentence, name=f"{code}:1")
        for code, sentence in zip(("en_x", "fr_x"), sentences, strict=True)
    ]


def test_a_set_has_the_languages_of_its_corpora(config: dict) -> None:
    study = with_sources(config, "qaa_embedded", SET)
    assert study.language("parsing", SET) == "qaa+qca"
    assert f"{SET}/random-init-1-2/seed-" in " ".join(study.training_reports("r"))
    plain = with_sources(config, "qaa_embedded")
    one = study.finetuning_config("embedded", "parsing", "qaa_embedded")
    assert one == plain.finetuning_config("embedded", "parsing", "qaa_embedded")
    of = "embedded", "parsing", "qaa_embedded"
    assert study.identities.model(*of) == plain.identities.model(*of)
    parts = study.identities.training_data("embedded", "parsing", SET)
    assert parts["train"] not in (
        study.identities.training_data("embedded", "parsing", code)["train"]
        for code in ("qaa_embedded", "qca_embedded")
        if code in study.sources("parsing")
    )


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["qca_embedded+qaa_embedded"], "write the set .* as 'qaa_embedded\\+qca_embedded'"),
        (["qaa_embedded+qaa_embedded"], "each corpus once and in alphabetical order"),
        (["qaa_embedded+qqq_embedded"], "parsing.sources: no 'qqq_embedded'"),
        (["qaa_embedded+qax_embedded"], "none is of 'qax', the language of the source qaa_emb"),
        ([SET, SET], "names something twice"),
        ([f"{SET}+"], "is not of the form"),
    ],
)
def test_wrong_sets_are_refused(sources: list[str], message: str, config: dict) -> None:
    with pytest.raises(InputError, match=message) as caught:
        with_sources(config, *sources)
    assert "\n" not in str(caught.value)


def test_a_set_needs_a_target_in_another_language(config: dict) -> None:
    changed = copy.deepcopy(config)
    changed["parsing"] |= {"sources": ["qaa_embedded", SET]}
    changed["parsing"]["targets"] = ["qaa_embedded", "qca_embedded"]
    with pytest.raises(InputError, match="all are of the languages of"):
        Study(changed, ROOT)


def scores(**of_targets: float) -> pd.DataFrame:
    """Scores of one model on sentences of which each has two words."""
    rows = []
    for seed in (1, 2):
        for target, value in of_targets.items():
            right = np.full(10, 2) * value / 100
            rows.append(
                {"encoder": "e", "task": "t", "metric": "m", "source": "aa+bb", "target": target,
                 "ablation": "none", "seed": seed, "value": value, "numerators": right,
                 "denominators": np.full(10, 2), "sentence_ids": np.arange(10).astype(str)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_tables_have_a_row_for_each_language_of_a_set() -> None:
    """X and the correlations leave both languages out; the gap is from their mean."""
    table = by_target(scores(aa=90.0, bb=80.0, cc=50.0, dd=30.0))
    means = table.set_index("target")["mean"]
    assert means["X"] == 40 and set(means.index) == {"aa", "bb", "cc", "dd", "X"}
    shape = published_shape(table, {"t": "m"}, ["aa+bb"], ["none"])
    assert shape["source_target"].tolist() == ["AA+BB-AA", "AA+BB-BB", "AA+BB-X"]
    assert shape["REF"].tolist() == [90, 80, 40]
    gaps = per_target(table, {"t": "m"}, {}).set_index("source_target")["gap"]
    assert gaps["AA+BB-CC"] == 50 - 85 and gaps["AA+BB-AA"] == 5
    pairs = zeroshot_scores(table, {"t": "m"})
    assert pairs["target"].tolist() == ["cc", "dd"]
    features = {"aa": {"1": "x"}, "bb": {"1": "y"}, "cc": {"1": "y"}, "dd": {"1": "z"}}
    assert word_order_table(pairs, features, ["1"])["shared"].tolist() == [1, 0]


def test_the_figure_draws_the_languages_of_a_set_as_the_same_language() -> None:
    """They are no targets of transfer; each has a line, and all have one entry in the legend."""
    frames = [scores(aa=90.0, bb=80.0, cc=50.0, dd=30.0)]
    frames.append(frames[0].assign(ablation="random-init-1-2"))
    config = {"study": "x", "tasks": {"t": {"metric": "m"}}, "ablations": ["random-init-1-2"]}
    (axes,) = randominit_figure(config, by_target(pd.concat(frames))).axes
    (others,) = axes.collections[:1]
    assert len(others.get_offsets()) == 2
    labels = axes.get_legend_handles_labels()[1]
    assert sorted(labels) == ["cross-lingual (mean of targets)", "each target", "same language"]
    assert len(axes.containers) == 3
