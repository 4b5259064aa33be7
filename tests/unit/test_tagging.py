"""Labels of words: parts of speech, features, entities; and models that transformers opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import ARCHITECTURES, make_encoder
from test_parsing import official_upos
from transformers import AutoModel, AutoModelForTokenClassification
from xltransfer.corpora.conllu import FEATS, XPOS, Sentence, read_conllu, write_conllu
from xltransfer.corpora.formats import read_sentences, write_sentences
from xltransfer.corpora.iob import TaggedSentence, write_iob2
from xltransfer.encoders.batching import Batch
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.runtime.errors import InputError
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.stages.score import score_models
from xltransfer.tasks.metrics import METRICS
from xltransfer.tasks.metrics.labels import with_word_labels, word_labels
from xltransfer.tasks.properties import kind_of
from xltransfer.tasks.registry import make_task

TRAINING = {
    "epochs": 30,
    "patience": None,
    "batch_pieces": 64,
    "encoder_learning_rate": 1e-3,
    "head_learning_rate": 1e-2,
    "warmup_share": 0.1,
    "weight_decay": 0.01,
    "adam_beta2": 0.98,
    "gradient_clip": 1.0,
    "precision": "float32",
    "training_sentences": None,
}
POS = {"kind": "tagging", "label": "UPOS", "head_dropout": 0.1, "training": TRAINING}
NUMBER = {
    **POS,
    "label": "FEATS/Number",
    "training": {**TRAINING, "epochs": 2 * TRAINING["epochs"]},
}
FINE = {**POS, "label": "XPOS"}
NER = {"kind": "entities", "head_dropout": 0.1, "training": TRAINING}


def sentence(*words: tuple[str, str, str]) -> Sentence:
    """A flat tree of words with UPOS and FEATS."""
    rows = []
    for n, (form, upos, feats) in enumerate(words, start=1):
        head, deprel = ("0", "root") if n == 1 else ("1", "dep")
        rows.append([str(n), form, "_", upos, "_", feats, head, deprel, "_", "_"])
    return Sentence([f"# sent_id = {words[0][0]}"], rows, rows)


SENTENCES = [
    sentence(("the", "DET", "_"), ("cat", "NOUN", "Case=Nom|Number=Sing"), ("sat", "VERB", "_")),
    sentence(("dogs", "NOUN", "Number=Plur"), ("sat", "VERB", "Number=Plur|Tense=Past")),
    sentence(("a", "DET", "_"), ("mat", "NOUN", "Number=Sing")),
    sentence(("cats", "NOUN", "Number=Plur"), ("barked", "VERB", "_"), (".", "PUNCT", "_")),
] * 4


def test_labels_of_columns_and_features() -> None:
    first = SENTENCES[0]
    assert word_labels(first, "UPOS") == ["DET", "NOUN", "VERB"]
    assert word_labels(first, "FEATS/Number") == ["_", "Sing", "_"]
    assert word_labels(first, "FEATS/Num") == ["_", "_", "_"]
    changed = with_word_labels(first, "FEATS/Number", ["Plur", "_", "Sing"])
    assert changed.column(FEATS) == ["Number=Plur", "Case=Nom", "Number=Sing"]
    assert with_word_labels(changed, "FEATS/Number", ["_", "Sing", "_"]) == first


def test_accuracy_by_hand() -> None:
    gold = [SENTENCES[0], SENTENCES[1]]
    predicted = [with_word_labels(gold[0], "UPOS", ["DET", "VERB", "VERB"]), gold[1]]
    counts = METRICS["tagging"](gold, predicted, POS)["accuracy"]
    assert counts.percent == 80
    assert counts.numerators.tolist() == [2, 2] and counts.denominators.tolist() == [3, 2]


def with_xpos(sentence: Sentence, *values: str) -> Sentence:
    return with_word_labels(sentence, "XPOS", values)


def test_words_without_a_tag_are_not_scored() -> None:
    """``_`` is no tag: it is neither right nor wrong, whatever is predicted for the word."""
    gold = [with_xpos(SENTENCES[0], "DT", "_", "VBD"), with_xpos(SENTENCES[1], "_", "_")]
    predicted = [with_xpos(gold[0], "DT", "NN", "NN"), with_xpos(gold[1], "_", "VBD")]
    counts = METRICS["tagging"](gold, predicted, FINE)
    assert list(counts) == ["accuracy"]
    assert counts["accuracy"].numerators.tolist() == [1, 0]
    assert counts["accuracy"].denominators.tolist() == [2, 0]
    assert counts["accuracy"].percent == 50


def test_scores_of_a_feature_by_hand() -> None:
    """Words without the feature, most of a text, cannot raise the scores."""
    gold = [SENTENCES[0], SENTENCES[1]]  # _ Sing _, Plur Plur
    predicted = [
        with_word_labels(gold[0], "FEATS/Number", ["Sing", "Sing", "_"]),
        with_word_labels(gold[1], "FEATS/Number", ["Sing", "_"]),
    ]
    counts = METRICS["tagging"](gold, predicted, NUMBER)
    found = {name: (c.numerators.tolist(), c.denominators.tolist()) for name, c in counts.items()}
    assert found == {
        "F1": ([2, 0], [3, 3]),
        "accuracy": ([1, 0], [1, 2]),
        "precision": ([1, 0], [2, 1]),
    }
    assert counts["F1"].percent == pytest.approx(100 * 2 * 1 / (3 + 3))
    nothing = [with_word_labels(s, "FEATS/Number", ["_"] * len(s.forms)) for s in gold]
    assert all(c.percent == 0 for c in METRICS["tagging"](gold, nothing, NUMBER).values())


@pytest.mark.parametrize("settings", [POS, FINE, NUMBER, NER, {"kind": "parsing"}])
def test_the_main_metric_is_the_one_that_selects_models(settings: dict) -> None:
    gold = [TaggedSentence([], ["a"], ["B-A"])] if settings is NER else SENTENCES[:1]
    assert next(iter(METRICS[settings["kind"]](gold, gold, settings))) == kind_of(settings).metric


def test_a_missing_tag_is_no_label_and_a_missing_value_is_one() -> None:
    sentences = [with_xpos(SENTENCES[0], "DT", "_", "VBD")]
    assert make_task(FINE).label_vocabulary(sentences) == ["DT", "VBD"]
    assert make_task(NUMBER).label_vocabulary(sentences) == ["Sing", "_"]
    found = make_task(NUMBER).targets(sentences[0], {"Sing": 0, "_": 1})
    assert found["labels"].tolist() == [1, 0, 1]


def batch_of(labels: list[list[int]]) -> Batch:
    """Sentences of the same length with these labels."""
    empty = torch.zeros(1, 1, dtype=torch.long)
    targets = torch.tensor(labels)
    mask = torch.ones_like(targets, dtype=torch.bool)
    return Batch(np.arange(len(labels)), empty, empty, empty, mask, {"labels": targets})


def test_words_without_a_tag_are_not_learnt() -> None:
    """The loss is the mean over the others; 0 with gradients of 0 where there is none."""
    task = make_task({**FINE, "head_dropout": 0.0})
    head = task.head(4, 2)
    states = torch.randn(1, 3, 4)
    gaps = task.targets(with_xpos(SENTENCES[0], "DT", "_", "VBD"), {"DT": 0, "VBD": 1})["labels"]
    found = task.loss(head, states, batch_of([gaps.tolist()]))
    expected = task.loss(head, states[:, [0, 2]], batch_of([[0, 1]]))
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    none = task.targets(with_xpos(SENTENCES[0], "_", "_", "_"), {"DT": 0, "VBD": 1})["labels"]
    loss = task.loss(head, states, batch_of([none.tolist()]))
    loss.backward()
    assert loss.item() == 0 and not head.weight.grad.any()


def test_loss_is_the_mean_over_words() -> None:
    task = make_task({**POS, "head_dropout": 0.0})
    head = task.head(4, 3)
    states = torch.randn(2, 3, 4)
    mask = torch.tensor([[True, True, False], [True, True, True]])
    labels = torch.tensor([[0, 2, 0], [1, 1, 2]])
    empty = torch.zeros(1, 1, dtype=torch.long)
    batch = Batch(np.arange(2), empty, empty, empty, mask, {"labels": labels})
    logits = states @ head.weight.T + head.bias
    expected = -logits.log_softmax(2)[mask].gather(1, labels[mask][:, None]).mean()
    assert task.loss(head, states, batch).item() == pytest.approx(expected.item(), rel=1e-5)
    found = task.predict(head.eval(), states, batch)
    assert [len(p["labels"]) for p in found] == [2, 3]
    assert found[1]["labels"].tolist() == logits[1].argmax(1).tolist()


def run_task(name: str, settings: dict, sentences: list, suffix: str, folder: Path) -> Path:
    """Fine-tune, predict and score through the stages; the folder of the model."""
    encoder = make_encoder(folder / "encoder", "bert")
    corpus = folder / f"corpus{suffix}"
    write_sentences(corpus, sentences)
    config = {"task": name, "settings": settings}
    model = folder / "model"
    finetune(
        [encoder], corpus, corpus, config, ["none"], [1], [model], folder / "checkpoints", 1e9, 1
    )
    predict([model], corpus, [folder / f"predicted{suffix}"], 1)
    task = {key: settings[key] for key in ("kind", "label") if key in settings}
    common = dict.fromkeys(
        ("encoder", "source", "target", "source_corpus", "target_corpus", "split"), "x"
    )
    score_models(
        corpus, [folder / f"predicted{suffix}"], ["none"], [1], task, {**common, "task": name},
        folder / "scores.parquet",
    )  # fmt: skip
    return model


def value(folder: Path) -> float:
    import pandas as pd

    return float(pd.read_parquet(folder / "scores.parquet")["value"].iloc[0])


def test_parts_of_speech_from_end_to_end(tmp_path: Path) -> None:
    run_task("pos", POS, SENTENCES, ".conllu", tmp_path)
    assert value(tmp_path) > 90
    gold, predicted = tmp_path / "corpus.conllu", tmp_path / "predicted.conllu"
    assert value(tmp_path) == pytest.approx(official_upos(gold, predicted), abs=0.005)
    for before, after in zip(read_conllu(gold), read_conllu(predicted), strict=True):
        for old, new in zip(before.rows, after.rows, strict=True):
            assert old[:3] + old[4:] == new[:3] + new[4:]


def test_a_fourth_task_is_a_section_of_the_configuration(tmp_path: Path) -> None:
    """The values of one feature are learnt, predicted and scored; no class knows of it."""
    run_task("number", NUMBER, SENTENCES, ".conllu", tmp_path)
    assert value(tmp_path) >= 90
    predicted = read_conllu(tmp_path / "predicted.conllu")
    values = [
        {
            (place, number, value)
            for place, sentence in enumerate(sentences)
            for number, value in enumerate(word_labels(sentence, "FEATS/Number"))
            if value != "_"
        }
        for sentences in (SENTENCES, predicted)
    ]
    precision, recall = (len(values[0] & values[1]) / len(values[k]) for k in (1, 0))
    assert 200 * precision * recall / (precision + recall) == pytest.approx(value(tmp_path))


def test_a_partly_empty_column_from_end_to_end(tmp_path: Path) -> None:
    """Every word gets a tag, also those that have none in the gold file."""
    sentences = [
        with_xpos(s, *("_" if n == 1 else tag for n, tag in enumerate(s.column(3))))
        for s in SENTENCES
    ]
    run_task("fine", FINE, sentences, ".conllu", tmp_path)
    assert value(tmp_path) > 90
    predicted = read_conllu(tmp_path / "predicted.conllu")
    assert "_" not in {tag for s in predicted for tag in s.column(XPOS)}


EMPTY = r"{}: no word has a value of {}; choose another `label` or another corpus"


@pytest.mark.parametrize("part", ["training", "development"])
@pytest.mark.parametrize("label", ["XPOS", "FEATS/Gender"])
def test_a_corpus_without_labels_is_not_trained_on(part: str, label: str, tmp_path: Path) -> None:
    encoder = make_encoder(tmp_path / "encoder", "bert")
    files = {name: tmp_path / f"{name}.conllu" for name in ("training", "development")}
    for name, path in files.items():
        labelled = [
            with_word_labels(s, label, ["x"] * len(s.forms)) if name != part else s
            for s in SENTENCES
        ]
        write_conllu(path, labelled)
    config = {"task": "tags", "settings": {**POS, "label": label}}
    models = [tmp_path / "model"]
    with pytest.raises(InputError) as error:
        finetune([encoder], *files.values(), config, ["none"], [1], models, tmp_path / "c", 1e9, 1)
    assert str(error.value) == EMPTY.format(files[part], label)
    assert not models[0].exists()


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("UD_Finnish-PUD/fi_pud-ud-test.conllu", "XPOS"),
        ("UD_Naija-NSC/pcm_nsc-ud-test.conllu", "XPOS"),
        ("UD_Thai-PUD/th_pud-ud-test.conllu", "FEATS/Number"),
    ],
)
def test_real_treebanks_without_labels_are_not_scored(
    file: str, label: str, shared: Path, tmp_path: Path
) -> None:
    """A model that had learnt to predict nothing would have 100 % there."""
    gold = shared / "ud" / file
    with pytest.raises(InputError) as error:
        score_models(
            gold, [gold], ["none"], [1], {"kind": "tagging", "label": label}, {}, tmp_path / "s"
        )
    assert str(error.value) == EMPTY.format(gold, label)
    assert not (tmp_path / "s").exists()


def test_a_real_treebank_with_gaps(shared: Path) -> None:
    """The Portuguese PUD has no XPOS at 6.6 % of its words, most of them determiners."""
    gold = read_conllu(shared / "ud" / "UD_Portuguese-PUD" / "pt_pud-ud-test.conllu")
    words = [row for sentence in gold for row in sentence.words]
    tagged = sum(row[XPOS] != "_" for row in words)
    counts = METRICS["tagging"](gold, gold, FINE)["accuracy"]
    assert counts.percent == 100 and counts.denominators.sum() == tagged < len(words)


def test_entities_from_end_to_end(tmp_path: Path) -> None:
    sentences = [
        TaggedSentence([], ["the", "cat", "sat"], ["O", "B-PER", "O"]),
        TaggedSentence([], ["dogs", "sat"], ["B-LOC", "O"]),
        TaggedSentence([], ["a", "mat", "cat"], ["O", "B-PER", "I-PER"]),
    ] * 5
    run_task("ner", NER, sentences, ".iob2", tmp_path)
    assert value(tmp_path) > 90
    predicted = read_sentences(tmp_path / "predicted.iob2")
    assert [s.forms for s in predicted] == [s.forms for s in sentences]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_models_open_for_token_classification(architecture: str, tmp_path: Path) -> None:
    """transformers alone gives each word the label that we predict."""
    encoder = make_encoder(tmp_path / "encoder", architecture)
    corpus, model = tmp_path / "corpus.conllu", tmp_path / "model"
    write_conllu(corpus, SENTENCES[:4])
    config = {"task": "pos", "settings": {**POS, "training": {**TRAINING, "epochs": 1}}}
    finetune([encoder], corpus, corpus, config, ["none"], [1], [model], tmp_path / "c", 1e9, 1)
    predict([model], corpus, [tmp_path / "predicted.conllu"], 1)
    classifier, loading = AutoModelForTokenClassification.from_pretrained(
        model, output_loading_info=True
    )
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    tokenizer = WordTokenizer(model)
    for found in read_conllu(tmp_path / "predicted.conllu"):
        (pieces,) = tokenizer([found.forms])
        read = pieces.first if pieces.content is None else pieces.content
        ids = torch.tensor([[*tokenizer.prefix, *pieces.pieces, *tokenizer.suffix]])
        with torch.inference_mode():
            best = classifier.eval()(input_ids=ids).logits[0].argmax(dim=1)
        labels = best[torch.from_numpy(read) + len(tokenizer.prefix)].tolist()
        assert [classifier.config.id2label[label] for label in labels] == found.column(3)
    assert json.loads((model / "config.json").read_text())["label2id"]["DET"] == 0
    assert AutoModel.from_pretrained(model) is not None


def test_tags_unknown_in_training_are_errors_not_crashes(tmp_path: Path) -> None:
    """A target language may have entity types that no training sentence has."""
    gold = [TaggedSentence([], ["a", "b"], ["B-DATE", "O"])]
    predicted = [TaggedSentence([], ["a", "b"], ["B-PER", "O"])]
    write_iob2(tmp_path / "x.iob2", gold)
    scores = METRICS["entities"](read_sentences(tmp_path / "x.iob2"), predicted, NER)
    assert {name: counts.percent for name, counts in scores.items()} == {
        "F1": 0,
        "precision": 0,
        "recall": 0,
    }
