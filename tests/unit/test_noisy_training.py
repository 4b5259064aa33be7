"""Training with noise: new in each epoch, equal for a seed, resumed to the same bits, reported."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import EMBEDDED_ENCODER
from encoders import make_encoder
from test_masked_lm import TRAINING as MASKED_LM
from test_masked_lm import make_masked_lm, sentences, write
from test_masked_lm import objective_of as make_masked_lm_objective
from test_parsing import SETTINGS
from test_training import CPU, SENTENCES, TRAINING, Killed, kill_at, run
from xltransfer.corpora.conllu import write_conllu
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.encoders.weights import own_weights
from xltransfer.records.record import record_path
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.adapt import adapt
from xltransfer.stages.finetune import finetune
from xltransfer.stages.search import search
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.loop import train
from xltransfer.training.model import WordModel
from xltransfer.training.noisy_reading import NoisyReading
from xltransfer.training.objectives.finetuning import FineTuning

CHARACTERS = {
    "share": 0.5,
    "operations": ["insert", "delete", "replace", "swap"],
    "alphabet": "source",
    "drawn_per": "epoch",
}
BOTH = {"characters": CHARACTERS, "subwords": {"dropout": 0.3}}
SAMPLING = {"subwords": {"alpha": 0.3, "nbest_size": None}}
FORMS = [sentence.forms for sentence in SENTENCES]


def make_objective(
    directory: Path, noise: dict | None, seed: int = 1, letters: str = "abc", **changes: object
) -> FineTuning:
    """A small fine-tuning with noise, the same whenever it is made."""
    task = make_task(SETTINGS)
    labels = task.label_vocabulary(SENTENCES)
    tokenizer = WordTokenizer(directory)
    torch.manual_seed(seed)
    encoder = load_encoder(directory)
    model = WordModel(encoder, task.head(encoder.config.hidden_size, len(labels)))
    varied = NoisyReading(noise, letters, tokenizer, seed).of_epoch if noise else None
    data = Dataset(SENTENCES, tokenizer, longest_input(encoder), varied=varied)
    data.add_targets(task, labels)
    plain = Dataset(SENTENCES, tokenizer, longest_input(encoder))
    return FineTuning(model, task, labels, data, plain, {**TRAINING, **changes}, seed)


def read(noise: dict, tokenizer: WordTokenizer, seed: int, epoch: int) -> list[list[int]]:
    found = NoisyReading(noise, "abc", tokenizer, seed).of_epoch(epoch)(FORMS)
    return [sentence.pieces.tolist() for sentence in found]


@pytest.mark.parametrize(
    "noise", [BOTH, {"characters": CHARACTERS}, {"subwords": BOTH["subwords"]}]
)
def test_noise_is_new_in_each_epoch_and_equal_for_a_seed(noise: dict, tmp_path: Path) -> None:
    tokenizer = WordTokenizer(make_encoder(tmp_path))
    first = read(noise, tokenizer, 1, 0)
    assert first == read(noise, tokenizer, 1, 0)
    assert first != read(noise, tokenizer, 1, 1) and first != read(noise, tokenizer, 2, 0)
    # Also between sentences with the same words: the training set repeats four sentences.
    assert len({tuple(pieces) for pieces in first}) > 4


def test_noise_of_a_seed_is_drawn_once(tmp_path: Path) -> None:
    tokenizer = WordTokenizer(make_encoder(tmp_path))
    once = {"characters": {**CHARACTERS, "drawn_per": "seed"}}
    assert read(once, tokenizer, 1, 0) == read(once, tokenizer, 1, 5)
    assert read(once, tokenizer, 1, 0) != read(once, tokenizer, 2, 0)
    # Segmentations are drawn in each epoch all the same.
    both = {**once, "subwords": {"dropout": 0.5}}
    assert read(both, tokenizer, 1, 0) != read(both, tokenizer, 1, 1)


def test_a_sentence_has_the_same_noise_whatever_precedes_it(tmp_path: Path) -> None:
    tokenizer = WordTokenizer(make_encoder(tmp_path))
    noise = NoisyReading(BOTH, "abc", tokenizer, 1)
    whole = noise.of_epoch(3)(FORMS)
    other = noise.of_epoch(3)([["unbelievable"] * 9, *FORMS[1:4]])
    for found, own in zip(other[1:], whole[1:4], strict=True):
        assert found.pieces.tolist() == own.pieces.tolist()


def test_labels_and_words_stay(tmp_path: Path) -> None:
    objective = make_objective(make_encoder(tmp_path), BOTH)
    plain = objective.training.examples
    noisy = objective.training.of_epoch(0)
    assert any(a.rows[0].tolist() != b.rows[0].tolist() for a, b in zip(plain, noisy, strict=True))
    for one, other, sentence in zip(plain, noisy, SENTENCES, strict=True):
        assert len(one.word_row) == len(other.word_row) == len(sentence.forms)
        assert one.targets is other.targets
    # Development sentences are read without noise, and so are predictions.
    assert objective.development.of_epoch(0) is objective.development.examples


def test_the_development_score_is_without_noise(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path)
    scores = [make_objective(directory, noise).evaluate(CPU) for noise in (None, BOTH)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("step", [2, 9, 15])
@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta"])
def test_resumed_training_with_noise_ends_in_the_same_bits(
    architecture: str, step: int, tmp_path: Path
) -> None:
    directory = make_encoder(tmp_path / "encoder", architecture, dropout=0.2)
    noise = BOTH if architecture == "bert" else {"characters": CHARACTERS, **SAMPLING}
    whole = make_objective(directory, noise)
    expected = run(whole, Checkpoint(tmp_path / "whole", "x"))
    killed = make_objective(directory, noise)
    kill_at(killed, step)
    with pytest.raises(Killed):
        run(killed, Checkpoint(tmp_path / "killed", "x"), seconds=0)
    torch.manual_seed(999)  # another process starts with another random state
    resumed = make_objective(directory, noise)
    assert run(resumed, Checkpoint(tmp_path / "killed", "x"), seconds=0).history == expected.history
    weights = own_weights(whole.model)
    for name, value in own_weights(resumed.model).items():
        assert torch.equal(value, weights[name]), name
    plain = make_objective(directory, None)
    assert run(plain, Checkpoint(tmp_path / "plain", "x")).history != expected.history


def test_dropout_of_zero_equals_no_dropout(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    one = make_objective(directory, {"subwords": {"dropout": 0.0}})
    report = run(one, Checkpoint(tmp_path / "one", "x"))
    other = make_objective(directory, None)
    assert run(other, Checkpoint(tmp_path / "other", "x")).history == report.history
    weights = own_weights(other.model)
    assert all(torch.equal(value, weights[n]) for n, value in own_weights(one.model).items())


class WholeWords:
    """A reader of whole words."""

    prefix, suffix, padding, whole_words = [], [], 0, True


def test_an_encoder_of_whole_words_has_no_random_segmentations() -> None:
    with pytest.raises(InputError, match=r"^noise.subwords: the encoder reads whole words"):
        NoisyReading({"subwords": {"dropout": 0.1}}, "", WholeWords(), 1)


# The stages


def corpus(folder: Path) -> Path:
    folder.mkdir(parents=True)
    write_conllu(folder / "train.conllu", SENTENCES)
    return folder / "train.conllu"


def fine_tuned(tmp_path: Path, noise: dict | None, name: str = "out", **options: object) -> dict:
    """The training reports of two seeds."""
    settings = {**SETTINGS, "training": {**TRAINING, "epochs": 1, "training_sentences": None}}
    if noise:
        settings["training"]["noise"] = noise
    if not (tmp_path / "corpus").exists():
        make_encoder(tmp_path / "encoder")
        corpus(tmp_path / "corpus")
    files = [tmp_path / "corpus" / "train.conllu"] * 2
    folders = [tmp_path / name / str(seed) for seed in (1, 2)]
    config = {"task": "parsing", "settings": settings}
    finetune(
        [tmp_path / "encoder"], *files, config, ["none"], [1, 2], folders, tmp_path / "c", **options
    )
    return {folder.name: read_json(folder / "training.json") for folder in folders}


def test_training_reports_say_what_noise_changed(tmp_path: Path) -> None:
    letters = write(tmp_path / "letters.txt", ["äöü"])
    noise = {**BOTH, "characters": {**CHARACTERS, "alphabet": {"raw_text": "gsw_text"}}}
    reports = fine_tuned(tmp_path, noise, alphabet=letters)
    for seed, report in reports.items():
        found, made = report["noise"], Counter()
        reading = NoisyReading(noise, "äöü", WordTokenizer(tmp_path / "encoder"), int(seed))
        pieces = reading.read(FORMS, 0, made)
        assert found["operations"] == dict(made) and set(made) == set(CHARACTERS["operations"])
        assert found["changed_words"] == sum(made.values()) == sum(round(len(f) / 2) for f in FORMS)
        assert found["words"] == sum(map(len, FORMS)) and found["epoch"] == 1
        assert found["subwords"] == sum(len(s.pieces) for s in pieces)
        assert found["subwords_without_noise"] < found["subwords"]
        assert found["alphabet"] == "äöü" and found["words_with_one_segmentation"] == 0
        assert report["config"]["settings"]["training"]["noise"] == noise
        assert len(report["inputs"]["alphabet"]) == 64
        record = read_json(record_path(tmp_path / "out" / seed / "training.json"))
        assert record["inputs"][str(letters)] == report["inputs"]["alphabet"]
    assert reports["1"]["noise"] != reports["2"]["noise"]
    assert reports["1"]["weights"] != reports["2"]["weights"]


def test_seeds_that_share_a_job_get_the_noise_that_they_get_alone(tmp_path: Path) -> None:
    reports = fine_tuned(tmp_path, BOTH)
    again = fine_tuned(tmp_path, BOTH, "again")
    assert {s: r["weights"] for s, r in reports.items()} == {
        s: r["weights"] for s, r in again.items()
    }
    settings = {**SETTINGS, "training": {**TRAINING, "epochs": 1, "training_sentences": None}}
    settings["training"]["noise"] = BOTH
    files = [tmp_path / "corpus" / "train.conllu"] * 2
    config, alone = {"task": "parsing", "settings": settings}, tmp_path / "alone"
    finetune([tmp_path / "encoder"], *files, config, ["none"], [2], [alone], tmp_path / "c")
    assert read_json(alone / "training.json") == reports["2"]
    letters = sorted({letter for words in FORMS for word in words for letter in word})
    assert reports["1"]["noise"]["alphabet"] == "".join(letters)


def test_without_noise_reports_are_as_before(tmp_path: Path) -> None:
    report = fine_tuned(tmp_path, None)["1"]
    assert "noise" not in report and "alphabet" not in report["inputs"]


def test_an_alphabet_and_its_file_belong_together(tmp_path: Path) -> None:
    letters = write(tmp_path / "letters.txt", ["äöü"])
    with pytest.raises(
        InputError, match=r"^noise.characters.alphabet: source needs no file of the"
    ):
        fine_tuned(tmp_path, BOTH, alphabet=letters)
    named = {"characters": {**CHARACTERS, "alphabet": {"treebanks": "gsw_uzh"}}}
    with pytest.raises(InputError, match=r"^noise.characters.alphabet: .* needs the file of the"):
        fine_tuned(tmp_path, named)


def test_a_changed_alphabet_is_refused(tmp_path: Path) -> None:
    letters = write(tmp_path / "letters.txt", ["äöü"])
    record = {"output": "0" * 64, "path": None}
    record_path(letters).write_text(json.dumps(record))
    noise = {"characters": {**CHARACTERS, "alphabet": {"raw_text": "gsw_text"}}}
    with pytest.raises(InputError, match=r"letters.txt: changed since it was made"):
        fine_tuned(tmp_path, noise, alphabet=letters)


def test_settings_of_another_kind_of_vocabulary_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tokenizer.json: a vocabulary of the kind WordPiece; "):
        fine_tuned(tmp_path, SAMPLING)


def test_a_search_trains_with_noise(tmp_path: Path) -> None:
    make_encoder(tmp_path / "encoder")
    files = [corpus(tmp_path / "corpus")] * 2
    wanted = {"seed": 1, "learning_rates": [1e-3], "epochs": [2]}
    letters = write(tmp_path / "letters.txt", ["äöü"])
    scores = {}
    for name, noise in (("with", {"characters": {**CHARACTERS, "alphabet": {"raw_text": "x"}}}),
                        ("without", None)):  # fmt: skip
        training = {**TRAINING, "training_sentences": None, **({"noise": noise} if noise else {})}
        config = {
            "task": "parsing",
            "settings": {**SETTINGS, "training": training},
            "search": wanted,
        }
        option = {"alphabet": letters} if noise else {}
        output = tmp_path / f"{name}.json"
        search(tmp_path / "encoder", *files, config, output, tmp_path / "c", **option)
        scores[name] = read_json(output)["grid"][0]["score"]
        inputs = read_json(record_path(output))["inputs"]
        assert (str(letters) in inputs) == bool(noise)
    assert scores["with"] != scores["without"]


# Adaptation

DROPOUT = {"subwords": {"dropout": 0.4}}


@pytest.mark.parametrize("packing", ["lines", "blocks"])
@pytest.mark.parametrize("whole_words", [False, True])
def test_rounds_of_raw_text_are_segmented_anew(
    packing: str, whole_words: bool, tmp_path: Path
) -> None:
    directory = make_masked_lm(tmp_path, "bert")
    changes = {"packing": packing, "block_size": 14, "whole_word_masking": whole_words}
    noisy = make_masked_lm_objective(directory, noise=DROPOUT, **changes)
    plain = make_masked_lm_objective(directory, **changes)
    library = noisy.tokenizer.library

    def rows(objective, epoch: int) -> list[list[str]]:
        found = []
        for batch in objective.batches(epoch):
            draws = objective.seed, batch.round, batch.stream
            text, chosen = objective.training[0].text.of_round(draws, batch.rows, 14)
            ids, mask, starts = text.collate(chosen)
            assert ids.shape[1] <= 14 and (starts is None) != whole_words
            for row, filled in zip(ids.tolist(), mask.sum(dim=1).tolist(), strict=True):
                found.append([library.id_to_token(i) for i in row[1 : filled - 1]])
                if whole_words and packing == "lines":
                    continuing = [piece.startswith("##") for piece in found[-1]]
                    place = len(found) - 1 - sum(map(len, finished))
                    own = starts[place, 1 : filled - 1].tolist()
                    assert own[1:] == [not c for c in continuing[1:]]
            finished.append([None] * len(ids))
        finished.clear()
        return found

    finished: list[list[None]] = []
    assert len(noisy.batches(0)) == len(plain.batches(0))
    first, second, again = rows(noisy, 0), rows(noisy, 1), rows(noisy, 0)
    assert first == again != second and len(first) == len(second) == len(rows(plain, 0))
    pieces = Counter(piece for row in first for piece in row)
    single = sum(count for piece, count in pieces.items() if len(piece.removeprefix("##")) == 1)
    others = Counter(piece for row in rows(plain, 0) for piece in row)
    before = sum(count for piece, count in others.items() if len(piece.removeprefix("##")) == 1)
    assert single / pieces.total() > before / others.total() + 0.05
    if packing == "lines":
        # Without the lines that are cut off, each row is the text of a row without noise.
        texts = [
            Counter("".join(row).replace("##", "") for row in rows(o, 0)) for o in (noisy, plain)
        ]
        assert sum((texts[0] & texts[1]).values()) > 0.3 * len(first)
        assert all(
            any(whole.startswith(text) for whole in texts[1])
            for text in texts[0]
            if text[:1] != "#"
        )


def test_a_line_of_several_rows_keeps_its_parts(tmp_path: Path) -> None:
    """Rows of a long line cover it from the beginning to the end."""
    directory = make_masked_lm(tmp_path, "bert")
    objective = make_masked_lm_objective(directory, noise=DROPOUT, block_size=8)
    text, draws = objective.training[0].text, (3, 0, 0)
    rows = text.rows_by_line(8)
    varied, found = text.of_round(draws, rows, 8)
    lines = np.searchsorted(text.ends, rows.starts, side="right")
    assert len(set(lines.tolist())) < len(lines)
    for line in range(text.lines):
        own = np.flatnonzero(lines == line)
        start = varied.ends[line - 1] if line else 0
        assert found.starts[own[0]] == start
        assert (found.lengths[own] <= 6).all() and (found.lengths[own] > 0).all()
        assert (found.starts[own] + found.lengths[own] <= varied.ends[line]).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"block_size": 20},
        {
            "packing": "blocks",
            "block_size": 20,
            "sampling_exponent": 0.7,
            "whole_word_masking": True,
        },
    ],
)
def test_resumed_adaptation_with_noise_ends_in_the_same_bits(changes: dict, tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "encoder", "bert")
    texts = 2 if "sampling_exponent" in changes else 1

    def made():
        return make_masked_lm_objective(directory, texts=texts, noise=DROPOUT, **changes)

    def trained(objective, name: str, seconds: float):
        checkpoint = Checkpoint(tmp_path / name, "x")
        return train(objective, objective.settings, checkpoint, CPU, seconds, "test")

    whole = made()
    expected = trained(whole, "whole", 1e9)
    killed = made()
    kill_at(killed, len(whole.batches(0)) + 2)
    with pytest.raises(Killed):
        trained(killed, "killed", 0)
    torch.manual_seed(999)
    resumed = made()
    assert trained(resumed, "killed", 0).history == expected.history
    weights = own_weights(whole.model)
    assert all(torch.equal(value, weights[n]) for n, value in own_weights(resumed.model).items())


def test_adaptation_reports_its_noise(tmp_path: Path) -> None:
    """Of two texts, and the held-out loss before training is that without noise."""
    text = write(tmp_path / "train.txt", sentences(80)), write(tmp_path / "held.txt", sentences(9))
    found = {}
    for name, noise in (("with", {"noise": DROPOUT}), ("without", {})):
        config = {"seed": 1, "training": {**MASKED_LM, "epochs": 1, **noise}}
        output = tmp_path / name
        adapt(EMBEDDED_ENCODER, config, output, tmp_path / "c", 300, 1, text[:1], text[1:])
        found[name] = read_json(output / "pretraining.json")
    assert "noise" not in found["without"]
    (changes,) = found["with"]["noise"]
    assert changes["subwords"] > changes["subwords_without_noise"] > 0
    # Separators between lines are no subwords of the text.
    for packing in ("lines", "blocks"):
        config = {"seed": 1, "training": {**MASKED_LM, "epochs": 1, "packing": packing}}
        config["training"]["noise"] = DROPOUT
        output = tmp_path / packing
        adapt(EMBEDDED_ENCODER, config, output, tmp_path / "c", 300, 1, text[:1], text[1:])
        (noise,) = read_json(output / "pretraining.json")["noise"]
        assert noise == changes, packing
    assert found["with"]["history"][0] == found["without"]["history"][0]
    assert found["with"]["weights"] != found["without"]["weights"]
    config = {"seed": 1, "training": {**MASKED_LM, "noise": SAMPLING}}
    with pytest.raises(InputError, match=r"a vocabulary of the kind WordPiece; `noise.subwords`"):
        adapt(EMBEDDED_ENCODER, config, tmp_path / "no", tmp_path / "c", 300, 1, text[:1], text[1:])
