"""Workers of the benchmarks: they fit the library as it is, and both sides do the same work."""

from __future__ import annotations

import csv
import importlib
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
from encoders import make_encoder
from test_parsing import SETTINGS
from test_training import SENTENCES
from xltransfer.corpora.conllu import UPOS, Sentence, write_conllu
from xltransfer.runtime.errors import InputError

from benchmarks import accuracy
from benchmarks.options import ROOT, Options
from benchmarks.workers import masked_lm, parsing, similarity


@pytest.mark.parametrize(
    "name", ["conllu", "masked_lm", "memory", "parsing", "similarity", "texts", "translation"]
)
def test_workers_import_what_there_is(name: str) -> None:
    importlib.import_module(f"benchmarks.workers.{name}")


def test_the_parts_of_a_start_are_what_a_run_calls() -> None:
    from benchmarks.startup import PARTS

    assert all(callable(resolve_name(f"xltransfer.{path}")) for path in PARTS)


def test_a_start_is_measured_to_its_first_step(tmp_path: Path) -> None:
    treebank = tmp_path / "treebank.conllu"
    write_conllu(treebank, SENTENCES)
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "benchmarks" / "startup.py", "--runs", "1"),
            *("--encoder", make_encoder(tmp_path / "encoder"), "--ablation", "none"),
            *("--training", treebank, "--development", treebank),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    cells = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    seconds = {part: float(passed) for part, passed, _ in cells}
    assert seconds["import torch"] > 0 and seconds["apply the ablation"] < seconds["in all"]


def test_both_sides_of_parsing_meet_every_sentence(tmp_path: Path) -> None:
    treebank = tmp_path / "treebank.conllu"
    write_conllu(treebank, SENTENCES)
    arguments = {
        "encoder": str(make_encoder(tmp_path / "encoder")), "model": str(tmp_path / "model"),
        "training": str(treebank), "development": str(treebank), "treebanks": [str(treebank)],
        "task": SETTINGS, "settings": {"epochs": 2, "batch_pieces": 40},
        "seed": 1, "threads": 1, "folder": str(tmp_path), "batches": 1,
    }  # fmt: skip
    trained = parsing.train(arguments)
    assert trained["work"] == parsing.bare_training(arguments)["work"] == 2 * len(SENTENCES)
    assert 0 < trained["seconds"] < trained["facts"]["all"]
    assert parsing.predict_and_score(arguments)["work"] == len(SENTENCES)
    assert parsing.bare_prediction(arguments)["work"] == len(SENTENCES)
    assert 1 < parsing.products_of_a_step(arguments)["facts"]["ratio"] < 10
    assert parsing.training_bound(arguments)["facts"]["bound"].startswith("bound by ")


def test_products_are_of_every_sentence(tmp_path: Path) -> None:
    treebank = tmp_path / "treebank.conllu"
    with_text = [Sentence([f"# text = {' '.join(s.forms)}"], s.words, s.words) for s in SENTENCES]
    write_conllu(treebank, with_text)
    arguments = {
        "encoder": str(make_encoder(tmp_path / "encoder")),
        "treebanks": {"en": str(treebank)},
        "threads": 1,
    }
    found = similarity.products(arguments)
    assert found["work"] == similarity.encode(arguments)["work"] == len(SENTENCES)
    assert found["seconds"] > 0


def test_masked_modelling_takes_as_many_steps_as_its_peer(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat\na dog barked\nat the other dog\n" * 7)
    arguments = {
        "encoder": str(make_encoder(tmp_path / "encoder")), "training": str(text),
        "held_out": str(text), "batch_lines": 4, "threads": 1, "folder": str(tmp_path),
    }  # fmt: skip
    found = masked_lm.adapt(arguments)
    # 21 lines in batches of 4.
    assert found["facts"]["steps"] == 6
    assert found["work"] == masked_lm.count(arguments)["work"]


def test_both_searches_find_the_same_translations() -> None:
    from benchmarks.workers import translation

    sizes = {"words": 9000, "dimensions": 40, "queries": 30, "threads": 1}
    few, whole = (search(sizes) for search in (translation.of_few, translation.of_all))
    assert few["work"] == whole["work"] == 30 and few["facts"] == whole["facts"]
    assert few["facts"]["right"] > 0.9


def test_a_trimmed_vocabulary_trains_on_the_same_treebank(tmp_path: Path) -> None:
    """Of 2,000 subwords at most the 100 are left that the words come from, and the letters."""
    from benchmarks.measurement import Measurement
    from benchmarks.rows.memory import settings, vocabulary_note
    from benchmarks.workers import memory

    tiny = {
        "vocab_size": 2000, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 64, "max_position_embeddings": 60,
    }  # fmt: skip
    pair, treebanks = [], set()
    for trimmed in (True, False):
        folder = tmp_path / str(trimmed)
        written = {"folder": str(folder), "configuration": tiny, "sentences": 30, "words": 100}
        size = memory.material({**written, "trimmed": trimmed})["facts"]["vocabulary"]
        assert size < 160 if trimmed else size == 2000
        treebanks.add((folder / "training.conllu").read_bytes())
        arguments = {
            "folder": str(folder), "task": SETTINGS, "threads": 1,
            "settings": {**settings(False), "batch_pieces": 200},
        }  # fmt: skip
        found = memory.train(arguments)
        facts = {**found["facts"], "vocabulary": size}
        pair.append(Measurement(found["seconds"], found["work"], 1, facts))
    assert len(treebanks) == 1
    assert pair[0].facts["losses"] == pytest.approx(pair[1].facts["losses"], abs=1e-4)
    assert "GB with 2,000" in vocabulary_note([tuple(pair)])


def test_both_sides_of_checkpointing_compute_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xltransfer.encoders.transformer import TransformerKind

    from benchmarks.measurement import Measurement
    from benchmarks.rows.memory import estimated_bytes, note, settings
    from benchmarks.workers import memory

    recomputed, recompute = [], TransformerKind.recompute_layers

    def counted(kind: TransformerKind, network: object) -> None:
        recomputed.append(network)
        recompute(kind, network)

    monkeypatch.setattr(TransformerKind, "recompute_layers", counted)
    tiny = {
        "vocab_size": 400, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
        "intermediate_size": 64, "max_position_embeddings": 60,
    }  # fmt: skip
    memory.material({"folder": str(tmp_path / "m"), "configuration": tiny, "sentences": 30})
    pair = []
    for checkpointing in (True, False):
        arguments = {
            "folder": str(tmp_path / "m"), "task": SETTINGS, "threads": 1,
            "settings": {**settings(checkpointing), "batch_pieces": 200},
        }  # fmt: skip
        found = memory.train(arguments)
        # Only the first side recomputes its layers.
        assert len(recomputed) == 1
        assert found["work"] == len(found["facts"]["losses"]) - 1 > 1
        assert found["facts"]["step_bytes"] > 10**7
        pair.append(Measurement(found["seconds"], found["work"], 1, found["facts"]))
    assert "equal to the bit" in note([tuple(pair)])
    assert not (tmp_path / "m" / "checkpoint").exists()
    pair[1].facts["losses"][0] += 1
    assert "DIFFER" in note([tuple(pair)])
    # 302 million weights of layers, 8.7 million of embeddings; with checkpointing 24 inputs and
    # one layer of activations, otherwise 24 layers.
    weights = 16 * (302_309_376 + (8000 + 512 + 2 + 2) * 1024)
    assert estimated_bytes(True) == weights + 512 * 1024 * (4 * 24 + 66)
    assert estimated_bytes(False) == weights + 512 * 1024 * 66 * 24


def test_predicted_files_are_scored_by_their_columns(tmp_path: Path) -> None:
    gold, predicted = tmp_path / "gold.conllu", tmp_path / "predicted.conllu"
    rows = [
        "Dogs\tNOUN\t2\tnsubj",
        "bark\tVERB\t0\troot",
        "loudly\tADV\t2\tadvmod",
        ".\tPUNCT\t2\tpunct",
    ]
    write_rows(gold, rows)
    # One part of speech, one head and one label differ; the heads form no tree.
    write_rows(predicted, ["Dogs\tPROPN\t4\tnsubj", rows[1], "loudly\tADV\t2\tobl", rows[3]])
    facts = parsing.score_file({"gold": str(gold), "predicted": str(predicted)})["facts"]
    assert facts == {"LAS": pytest.approx(50), "accuracy": pytest.approx(75)}


def test_programs_are_compared_after_equal_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "shared" / "data" / "ud" / "UD_English-EWT"
    folder.mkdir(parents=True)
    for part in ("train", "dev"):
        write_conllu(folder / f"en_ewt-ud-{part}.conllu", SENTENCES)
    program = tmp_path / "machamp" / "train.py"
    program.parent.mkdir()
    program.write_text(ALWAYS_NOUN)
    encoder = make_encoder(tmp_path / "encoder")
    options = Options(tmp_path / "work", 1, 1, tmp_path / "shared", encoder, machamp=program.parent)
    tokenizer = encoder / "tokenizer_config.json"
    # With this class, MaChAmp would surround each word with special tokens.
    tokenizer.write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    with pytest.raises(InputError, match="`tokenizer_class` is of no family"):
        accuracy.compare(options, sentences=3, held_out=2, epochs=1, seeds=1)
    tokenizer.write_text('{"tokenizer_class": "BertTokenizerFast"}')
    accuracy.compare(options, sentences=3, held_out=2, epochs=1, seeds=1)
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    keys = [(row["task"], row["program"], float(row["encoder_learning_rate"])) for row in rows]
    trained = [("xltransfer", 2e-4), ("MaChAmp", 3.8e-5), ("MaChAmp", 2e-4)]
    assert keys == [(task, *one) for task in ("parsing", "pos") for one in trained]
    words = [word for sentence in SENTENCES[:2] for word in sentence.words]
    nouns = 100 * sum(word[UPOS] == "NOUN" for word in words) / len(words)
    # The stand-in leaves heads and relations as they are, and calls every word a noun.
    assert [float(row["score"]) for row in rows[1:3]] == [100, 100]
    assert [float(row["score"]) for row in rows[4:]] == pytest.approx([nouns, nouns], abs=0.006)
    assert all(0 <= float(row["score"]) <= 100 for row in rows)


ALWAYS_NOUN = """
import json, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
data = json.load(open(given["--dataset_configs"]))["corpus"]
how = json.load(open(given["--parameters_config"]))["training"]
rate = how["optimizer"]["lr"] * how["learning_rate_scheduler"]["decay_factor"]
assert min(abs(rate - 3.8e-5), abs(rate - 2e-4)) < 1e-9
assert len(open(data["train_data_path"]).read().split("\\n\\n")) == 4
import os
os.makedirs(given["--model_dir"])
with open(given["--model_dir"] + "/corpus.out", "w") as output:
    for line in open(data["dev_data_path"]):
        row = line.split("\\t")
        output.write("\\t".join([*row[:3], "NOUN", *row[4:]]) if len(row) == 10 else line)
"""
"""In place of MaChAmp: reads its configuration, and predicts that all words are nouns."""


def write_rows(path: Path, rows: list[str]) -> None:
    lines = []
    for number, row in enumerate(rows, 1):
        form, part_of_speech, head, relation = row.split("\t")
        lines.append(f"{number}\t{form}\t_\t{part_of_speech}\t_\t_\t{head}\t{relation}\t_\t_\n")
    path.write_text("".join(lines) + "\n")
