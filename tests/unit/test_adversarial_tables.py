"""The table of adversarial transfer: values by hand, and the measurement that it is made from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from encoders import make_encoder
from test_parsing import tree
from xltransfer.analyses.adversarial_transfer import adversarial_table
from xltransfer.corpora.conllu import write_conllu
from xltransfer.runtime.errors import InputError
from xltransfer.stages.adversarial_tables import adversarial_tables
from xltransfer.stages.discriminate import discriminate
from xltransfer.stages.finetune import finetune

ROW = {
    "encoder": "e", "task": "game", "source": "aa", "target": "bb", "metric": "F1",
    "word_level": "procrustes", "sentence_level": "gradient-reversal", "labelled": 0,
    "reference": "plain", "measured": "m", "source_corpus": "aa_x", "target_corpus": "bb_x",
}  # fmt: skip


def scores(task: str, *values: float) -> list[dict]:
    return [
        {"encoder": "e", "task": task, "source": "aa", "target": "bb", "metric": "F1",
         "ablation": "none", "seed": seed, "value": value,
         "numerators": np.full(10, value / 10), "denominators": np.full(10, 10),
         "sentence_ids": np.arange(10).astype(str)}
        for seed, value in enumerate(values, start=1)
    ]  # fmt: skip


def test_the_table_by_hand() -> None:
    frame = pd.DataFrame([*scores("game", 60.0, 70.0), *scores("plain", 50.0, 56.0)])
    models = [
        {"seed": 1, "right": [1, 1, 1, 0], "cka": 0.25},
        {"seed": 2, "right": [1, 0, 1, 0], "cka": 0.75},
    ]
    measured = {"m": {"chance": 50.0, "models": models}}
    plain = {**ROW, "task": "plain", "sentence_level": None, "word_level": None, "reference": None}
    table = adversarial_table([ROW, plain], frame, measured)
    game = table.iloc[0]
    assert game["method"] == "both levels" and table.iloc[1]["method"] == "plain"
    assert game["score"] == 65 and game["change"] == 12 and game["cka"] == 0.5
    assert game["discriminator"] == pytest.approx(62.5) and game["chance"] == 50
    assert game["discriminator_low"] < 62.5 < game["discriminator_high"]
    # All sentences are alike, so that the variance is that of the seeds: t(1) · sd / √2.
    half = 12.706204736 * np.std([10, 14], ddof=1) / np.sqrt(2)
    assert game["change_high"] - game["change"] == pytest.approx(half)
    assert np.isnan(table.iloc[1]["change"]) and table.iloc[1]["score"] == 53
    one = adversarial_table([{**ROW, "word_level": None}], frame, measured)["method"]
    assert one.tolist() == ["sentence level"]


def test_the_interval_of_a_macro_score_is_over_sentences() -> None:
    """Two labels in three sentences, each 20 times: influences are means of those of labels."""
    right, known = 20 * [2, 0, 0] + 20 * [0, 2, 0], 20 * [2, 0, 2] + 20 * [2, 2, 0]
    counts = [right, known]  # F1 50 and 50 %
    frame = pd.DataFrame(scores("plain", 50.0))
    frame["numerators"] = [np.array(counts[0])]
    frame["denominators"] = [np.array(counts[1])]
    frame["sentence_ids"] = [np.arange(60).astype(str)]
    plain = {**ROW, "task": "plain", "reference": None}
    model = {"seed": 1, "right": [1, 0], "cka": 0.25}
    found = adversarial_table([plain], frame, {"m": {"chance": 50.0, "models": [model]}}).iloc[0]
    influences = 100 * (np.array([1, 0, -1]) / 80 + np.array([-1, 1, 0]) / 80) / 2
    half = 2.000995378088259 * np.sqrt(60 / 59 * 20 * np.square(influences).sum())  # t(59)
    assert found["score_high"] - found["score"] == pytest.approx(half)


def corpus(path: Path, *words: str) -> Path:
    """Twelve sentences with identifiers, of words that differ by corpus."""
    sentences = []
    for number in range(12):
        first = words[number % 4], 2, "nsubj"
        more = [(words[number // 4], 2, "x")] * (1 + number % 5)
        sentence = tree(first, (words[number % 3], 0, "root"), *more)
        sentence.comments.append(f"# sent_id = {number}")
        sentences.append(sentence)
    write_conllu(path, sentences)
    return path


def test_the_measurement_of_models(tmp_path: Path) -> None:
    """Languages with other words are told apart, a language from itself is not; CKA is 1 there."""
    source = corpus(tmp_path / "aa_x" / "test.conllu", "the", "cat", "sat", "mat")
    target = corpus(tmp_path / "bb_x" / "test.conllu", "a", "dog", "barked", "other")
    training = {
        "epochs": 1, "patience": None, "batch_pieces": 99, "encoder_learning_rate": 1e-5,
        "head_learning_rate": 1e-3, "warmup_share": 0.1, "weight_decay": 0.0, "adam_beta2": 0.98,
        "gradient_clip": 1.0, "precision": "float32", "training_sentences": None,
        "label_smoothing": 0.0,
    }  # fmt: skip
    settings = {"kind": "tagging", "label": "UPOS", "head_dropout": 0.1, "training": training}
    model = tmp_path / "pos" / "none" / "seed-1"
    finetune(
        [make_encoder(tmp_path / "e")], source, source, {"task": "pos", "settings": settings},
        ["none"], [1], [model], tmp_path / "c",
    )  # fmt: skip
    config = {"columns": {"task": "pos"}, "seeds": [1]}
    found = {}
    for name, other in (("other", target), ("same", source)):
        output = tmp_path / f"{name}.json"
        discriminate(config, [model], [source], ["aa"], other, "bb", output)
        (found[name],) = json.loads(output.read_text())["models"]
    assert found["other"]["accuracy"] > 90 and len(found["other"]["right"]) == 24
    assert found["same"]["accuracy"] == 50, "of each pair of equal sentences one is right"
    assert found["same"]["cka"] == pytest.approx(1) and found["same"]["parallel"] == 12


def test_measurements_of_other_seeds_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "discriminations" / "e" / "game" / "aa_x" / "bb_x.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"models": [{"seed": 2}]}))
    config = {"study": "s", "seeds": [1], "config": {}, "rows": [{**ROW, "reference": None}]}
    with pytest.raises(InputError) as caught:
        adversarial_tables(config, str(tmp_path), tmp_path / "tables")
    assert "\n" not in str(caught.value)
