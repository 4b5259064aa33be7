"""The BiLSTM baseline: its vocabulary, its states, its training and its files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_parsing import SETTINGS
from test_tagging import POS
from test_training import SENTENCES, TRAINING, Killed, kill_at, run
from xltransfer.corpora.formats import read_sentences, write_sentences
from xltransfer.encoders.batching import collate, make_example
from xltransfer.encoders.bilstm import MODEL_TYPE, BiLSTMConfig, BiLSTMEncoder, read_architecture
from xltransfer.encoders.kinds import KINDS, kind_of, pretrained_kind_of
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.weights import own_weights
from xltransfer.encoders.word_characters import PADDING, UNKNOWN_WORD, WordCharacters
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.finetune import finetune
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.loop import Precision
from xltransfer.training.model import (
    ModelReader,
    WordModel,
    load_model,
    same_architecture,
    save_model,
)
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.prediction import annotate

CPU = torch.device("cpu")
KIND = KINDS[MODEL_TYPE]
SMALL = {
    "model_type": "xltransfer-bilstm",
    "word_units": 8,
    "character_units": 4,
    "hidden_units": 6,
    "layers": 2,
    "dropout": 0.2,
    "word_dropout": 0.2,
    "minimum_count": 2,
    "longest_word": 6,
    "character_dropout": 0.2,
    "residual": True,
}
QUICK = {"batch_pieces": 80, "encoder_learning_rate": 2e-2, "head_learning_rate": 2e-2}
"""Training settings of models as small as these."""
FORMS = [sentence.forms for sentence in SENTENCES]


def make_architecture(directory: Path, **changes: object) -> Path:
    """An architecture directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps({**SMALL, **changes}, indent=1))
    return directory


def make_encoder(sentences: list[list[str]] = FORMS, seed: int = 1, **changes) -> BiLSTMEncoder:
    keys = {key: value for key, value in {**SMALL, **changes}.items() if key != "model_type"}
    config = BiLSTMConfig(**keys)
    vocabulary = WordCharacters.learn(sentences, config.minimum_count, config.longest_word)
    torch.manual_seed(seed)
    return BiLSTMEncoder(config, vocabulary)


def make_objective(seed: int = 1) -> FineTuning:
    """A small training, the same whenever it is made."""
    task = make_task(SETTINGS)
    labels = task.label_vocabulary(SENTENCES)
    encoder = make_encoder(seed=seed)
    model = WordModel(encoder, task.head(encoder.config.hidden_size, len(labels)))
    data = Dataset(SENTENCES, encoder.vocabulary, KIND.longest_input(encoder))
    data.add_targets(task, labels)
    return FineTuning(model, task, labels, data, data, {**TRAINING, **QUICK}, seed)


def states(encoder: BiLSTMEncoder, sentences: list[list[str]]) -> list[torch.Tensor]:
    """The states of the words of each sentence, computed in one batch."""
    tokenizer = encoder.vocabulary
    examples = [
        make_example(found, tokenizer, KIND.longest_input(encoder))
        for found in tokenizer(sentences)
    ]
    batch = collate(examples, np.arange(len(examples)), tokenizer.padding)
    found = encoder(batch.input_ids, batch.word_index, batch.word_mask)
    return [row[mask] for row, mask in zip(found, batch.word_mask, strict=True)]


def test_vocabulary_by_hand() -> None:
    """Words and characters are known from the second time on; long words lose their end."""
    found = WordCharacters.learn([["ab", "b"], ["ab", "abcddd"]], 2, 4)
    assert found.words == ["ab"]
    assert found.characters == ["a", "b"]
    # 0 padding, 1 unknown word, 2 "ab", 3 unknown character, 4 "a", 5 "b".
    assert (found.first_character, found.vocabulary_size) == (3, 6)
    first, second = found([["ab", "abcddd"], ["", "é"]])
    assert first.pieces.tolist() == [2, 4, 5, UNKNOWN_WORD, 4, 5, 3, 3]
    assert first.first.tolist() == [0, 3]
    assert second.pieces.tolist() == [UNKNOWN_WORD, UNKNOWN_WORD, 3]
    assert second.first.tolist() == [0, 1]


@given(st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=5), min_size=1, max_size=5))
def test_every_word_has_its_piece_and_its_characters(sentences: list[list[str]]) -> None:
    vocabulary = WordCharacters.learn(sentences, 1, 5)
    names = ["", "?", *vocabulary.words, "?", *vocabulary.characters]
    assert len(names) == vocabulary.vocabulary_size
    for forms, found in zip(sentences, vocabulary(sentences), strict=True):
        ends = [*found.first[1:], len(found.pieces)]
        for form, start, end in zip(forms, found.first, ends, strict=True):
            assert names[found.pieces[start]] == form
            assert "".join(names[piece] for piece in found.pieces[start + 1 : end]) == form[:5]
            assert (found.pieces[start + 1 : end] > vocabulary.first_character).all()


def test_vocabulary_round_trip(tmp_path: Path) -> None:
    vocabulary = WordCharacters.learn([["ñandú", "\u2028", "x y"]], 1, 30)
    vocabulary.save(tmp_path)
    found = WordCharacters.load(tmp_path)
    assert (found.words, found.characters) == (vocabulary.words, vocabulary.characters)
    assert found.longest_word == 30


@pytest.mark.parametrize(
    "content",
    [
        None,
        "{",
        "[]",
        '{"version": "1.0", "model": {}}',
        '{"characters": ["a", "a"], "longest_word": 3, "words": []}',
        '{"characters": [1], "longest_word": 3, "words": []}',
        '{"characters": [], "longest_word": 0, "words": []}',
    ],
)
def test_unusable_vocabularies_are_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match=r"tokenizer\.json:") as error:
        WordCharacters.load(tmp_path)
    assert "\n" not in str(error.value)


def reference(encoder: BiLSTMEncoder, forms: list[str]) -> torch.Tensor:
    """The states of one sentence, word by word and without packing."""
    vocabulary = encoder.vocabulary
    words = {word: i for i, word in enumerate(vocabulary.words, start=2)}
    characters = {character: i for i, character in enumerate(vocabulary.characters, start=2)}
    inputs = []
    for form in forms:
        ids = [characters.get(c, 1) for c in form[: encoder.config.longest_word]] or [PADDING]
        spelled = encoder.character_embedding.weight[ids][None]
        _, (last, _) = encoder.character_lstm(spelled)
        word = encoder.word_embedding.weight[words.get(form, UNKNOWN_WORD)]
        inputs.append(torch.cat([word, last[0, 0], last[1, 0]]))
    found = torch.stack(inputs)[None]
    for number, lstm in enumerate(encoder.word_lstms):
        output, _ = lstm(found)
        found = output + found if number and encoder.config.residual else output
    return found[0]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["the", "cat", "t", "", "catastrophe", "éa", "barked"]),
                 min_size=1, max_size=6),
        min_size=1, max_size=4,
    ),
    st.booleans(),
)  # fmt: skip
def test_states_are_those_of_each_sentence_alone(
    sentences: list[list[str]], residual: bool
) -> None:
    encoder = make_encoder(layers=3, residual=residual).eval()
    with torch.inference_mode():
        for forms, found in zip(sentences, states(encoder, sentences), strict=True):
            torch.testing.assert_close(found, reference(encoder, forms), atol=1e-6, rtol=1e-5)


def test_residual_layers_add_their_input() -> None:
    """A layer whose weights are 0 adds nothing to what it reads."""
    for residual in (True, False):
        encoder = make_encoder(layers=3, residual=residual).eval()
        for lstm in list(encoder.word_lstms)[1:]:
            for parameter in lstm.parameters():
                torch.nn.init.zeros_(parameter)
        alone = make_encoder(layers=1).eval()
        alone.load_state_dict(encoder.state_dict(), strict=False)
        for found, first in zip(states(encoder, FORMS), states(alone, FORMS), strict=True):
            expected = first if residual else torch.zeros_like(first)
            torch.testing.assert_close(found, expected)


def test_dropout_of_characters() -> None:
    """It is the only dropout here; it draws anew in each pass of training and in no other."""
    nothing = {"dropout": 0.0, "word_dropout": 0.0}
    encoder = make_encoder(character_dropout=0.5, **nothing)
    first, second = torch.cat(states(encoder, FORMS)), torch.cat(states(encoder, FORMS))
    assert not torch.equal(first, second)
    encoder.eval()
    assert torch.equal(torch.cat(states(encoder, FORMS)), torch.cat(states(encoder, FORMS)))
    without = make_encoder(character_dropout=0.0, **nothing)
    torch.testing.assert_close(
        torch.cat(states(without.train(), FORMS)), torch.cat(states(encoder, FORMS))
    )


def test_characters_end_with_the_word() -> None:
    """A state of one layer without context: what follows a word does not change its spelling."""
    encoder = make_encoder(layers=1).eval()
    tokenizer = encoder.vocabulary
    (found,) = tokenizer([["cat", "the", "catastrophe"]])
    pieces = torch.nn.functional.pad(torch.from_numpy(found.pieces), (0, 6))
    together = encoder._spellings(pieces, torch.from_numpy(found.first))
    for place, form in enumerate(["cat", "the", "catastrophe"]):
        (alone,) = tokenizer([[form]])
        pieces = torch.nn.functional.pad(torch.from_numpy(alone.pieces), (0, 6))
        single = encoder._spellings(pieces, torch.tensor([0]))
        torch.testing.assert_close(together[place], single[0])


def test_unknown_words_differ_by_their_characters() -> None:
    encoder = make_encoder().eval()
    one, two = states(encoder, [["tac"], ["tack"]])
    assert not torch.allclose(one, two)


def test_word_dropout_trains_the_unknown_word() -> None:
    """Every word of this corpus is known, so only word dropout reaches the unknown one."""
    encoder = make_encoder(word_dropout=0.5)
    sum(found.sum() for found in states(encoder.train(), FORMS)).backward()
    gradient = encoder.word_embedding.weight.grad
    assert gradient[UNKNOWN_WORD].any() and not gradient[PADDING].any()
    encoder.zero_grad()
    sum(found.sum() for found in states(encoder.eval(), FORMS)).backward()
    assert not encoder.word_embedding.weight.grad[UNKNOWN_WORD].any()


def test_every_weight_but_paddings_gets_a_gradient() -> None:
    encoder = make_encoder([*FORMS, ["the", "éé", "zz"]]).eval()
    seen = states(encoder, [*FORMS, ["the", "éé", "zq", "q"]])
    sum(found.square().sum() for found in seen).backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


def test_precision_of_graphics_processors() -> None:
    encoder = make_encoder()
    with Precision("bfloat16", CPU):
        found = states(encoder, FORMS[:3])
    assert all(torch.isfinite(rows).all() for rows in found)


def test_training_learns(tmp_path: Path) -> None:
    report = run(make_objective(), Checkpoint(tmp_path / "c", "x"), epochs=40)
    assert report.history[-1]["loss"] < 0.5 * report.history[0]["loss"]
    assert report.best["LAS"] > 90


@pytest.mark.parametrize("step", [2, 6, 9])
def test_resumed_training_ends_in_the_same_bits(step: int, tmp_path: Path) -> None:
    """With every kind of dropout, so that the random state matters as well."""
    whole = make_objective()
    expected = run(whole, Checkpoint(tmp_path / "whole", "x"))
    killed = make_objective()
    kill_at(killed, step)
    with pytest.raises(Killed):
        run(killed, Checkpoint(tmp_path / "killed", "x"), seconds=0)
    torch.manual_seed(999)  # another process starts with another random state
    resumed = make_objective()
    report = run(resumed, Checkpoint(tmp_path / "killed", "x"), seconds=0)
    assert report.history == expected.history
    weights = own_weights(whole.model)
    for name, value in own_weights(resumed.model).items():
        assert torch.equal(value, weights[name]), name


def test_saved_models_predict_the_same(tmp_path: Path) -> None:
    objective = make_objective()
    run(objective, Checkpoint(tmp_path / "c", "x"))
    task, labels = objective.task, objective.labels
    expected = annotate(objective.model, task, labels, objective.development, CPU)
    save_model(tmp_path / "model", objective.model, tmp_path / "nowhere", task, labels)
    model, found_task, found_labels = load_model(tmp_path / "model")
    assert found_task.kind == "parsing" and found_labels == labels
    for name, value in own_weights(objective.model).items():
        assert torch.equal(own_weights(model)[name], value), name
    data = Dataset(SENTENCES, KIND.reader(tmp_path / "model"), KIND.longest_input(model.encoder))
    found = annotate(model, found_task, found_labels, data, CPU)
    assert [s.rows for s in found] == [s.rows for s in expected]


def test_weights_are_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("xltransfer.training.model.save_file", killed)
    objective = make_objective()
    with pytest.raises(Killed):
        save_model(tmp_path, objective.model, tmp_path, objective.task, objective.labels)
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "task.json",
        "tokenizer.json",
    }


def fine_tuned(folder: Path, seeds: tuple[int, ...] = (1,), epochs: int = 30) -> Path:
    """Taggers trained by the stage; the folder of each is its seed."""
    corpus = folder / "corpus.conllu"
    write_sentences(corpus, SENTENCES)
    architecture = make_architecture(folder / "architecture")
    training = {**POS["training"], **QUICK, "epochs": epochs}
    config = {"task": "pos", "settings": {**POS, "training": training}}
    models = [folder / str(seed) for seed in seeds]
    finetune([architecture], corpus, corpus, config, ["none"], seeds, models, folder / "c", 1e9, 1)
    return folder


def test_the_stage_trains_from_nothing_and_its_model_tags_other_text(tmp_path: Path) -> None:
    model = fine_tuned(tmp_path) / "1"
    report = read_json(model / "training.json")
    assert report["history"][-1]["accuracy"] > 90
    assert list(report["inputs"]["encoder"]) == ["config.json"]
    (tmp_path / "corpus.conllu").unlink()
    opened, task, labels = load_model(model)
    assert read_architecture(model) == read_architecture(tmp_path / "architecture")
    sentences = [*SENTENCES[:1], *read_sentences(write_other(tmp_path / "other.conllu"))]
    data = Dataset(sentences, KIND.reader(model), KIND.longest_input(opened.encoder))
    found = annotate(opened, task, labels, data, CPU)
    assert [s.forms for s in found] == [s.forms for s in sentences]


def write_other(path: Path) -> Path:
    """A sentence of 300 unknown words, longer than a transformer reads at once."""
    rows = [
        "\t".join(
            [str(n), f"ß{n}", "_", "X", "_", "_", str(n - 1), "dep" if n > 1 else "root", "_", "_"]
        )
        for n in range(1, 301)
    ]
    path.write_text("# sent_id = long\n" + "\n".join(rows) + "\n\n", encoding="utf-8")
    return path


def test_the_same_seed_gives_the_same_bytes_alone_or_not(tmp_path: Path) -> None:
    together, alone = tmp_path / "together", tmp_path / "alone"
    for folder, seeds in ((together, (1, 2)), (alone, (2,))):
        folder.mkdir()
        fine_tuned(folder, seeds, epochs=2)
    names = ("config.json", "model.safetensors", "task.json", "tokenizer.json")
    for name in names:
        assert (together / "2" / name).read_bytes() == (alone / "2" / name).read_bytes(), name
    weights = [(together / seed / "model.safetensors").read_bytes() for seed in ("1", "2")]
    assert weights[0] != weights[1]


@pytest.mark.parametrize("ablation", ["random-init-1-2", "random-init-all"])
def test_ablations_are_refused(ablation: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.conllu"
    write_sentences(corpus, SENTENCES)
    with pytest.raises(InputError, match=f"no pretraining that '{ablation}' could take away"):
        finetune(
            [make_architecture(tmp_path / "a")], corpus, corpus, {"task": "pos", "settings": POS},
            [ablation], [1], [tmp_path / "model"], tmp_path / "c", 1e9, 1,
        )  # fmt: skip
    assert not (tmp_path / "model").exists()


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "xltransfer-bilstm", "layers": 3}')
    assert kind_of(tmp_path) is KIND
    assert read_architecture(tmp_path) == BiLSTMConfig(layers=3)
    read_architecture(tmp_path).to_json_file(tmp_path / "config.json")
    assert read_architecture(tmp_path) == BiLSTMConfig(layers=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": 2}, r"config\.json:13: 'layer' is unknown; use word_units, "),
        ({"layers": 0}, r"config\.json:6: 'layers' must be a whole number from 1 to 65536"),
        ({"layers": 1.5}, r"config\.json:6: 'layers' must be a whole number"),
        ({"layers": True}, r"config\.json:6: 'layers' must be a whole number"),
        ({"word_units": "8"}, r"config\.json:3: 'word_units' must be a whole number"),
        ({"dropout": 1}, r"config\.json:7: 'dropout' must be a number from 0 to below 1"),
        ({"character_dropout": 1.0}, r"config\.json:11: 'character_dropout' must be a number"),
        ({"residual": 1}, r"config\.json:12: 'residual' must be true or false"),
        ({"word_dropout": -0.1}, r"config\.json:8: 'word_dropout' must be a number"),
        ({"model_type": "bert"}, r"config\.json:1: not a BiLSTM"),
    ],
)
def test_broken_architectures_are_refused(changes: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as error:
        read_architecture(make_architecture(tmp_path, **changes))
    assert "\n" not in str(error.value)


def test_a_bilstm_is_no_pretrained_encoder(tmp_path: Path) -> None:
    make_architecture(tmp_path)
    for reader in (load_encoder, pretrained_kind_of):
        with pytest.raises(InputError, match="a BiLSTM is never pretrained"):
            reader(tmp_path)


def test_models_of_one_vocabulary_share_a_module(tmp_path: Path) -> None:
    one, other = (fine_tuned(tmp_path, (1, 2), epochs=1) / seed for seed in ("1", "2"))
    assert same_architecture(one, other)
    expected, reader = own_weights(load_model(other)[0]), ModelReader(torch.device("cpu"))
    first, second = reader.open(one)[0], reader.open(other)[0]
    assert second is first
    assert all(torch.equal(own_weights(second)[name], expected[name]) for name in expected)
    content = read_json(other / "tokenizer.json")
    (other / "tokenizer.json").write_text(json.dumps({**content, "words": content["words"][:-1]}))
    assert not same_architecture(one, other)


def test_weights_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    model = fine_tuned(tmp_path, epochs=1) / "1"
    content = read_json(model / "tokenizer.json")
    content["words"] = content["words"][:-1]
    (model / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"model\.safetensors: not a model of this kind") as error:
        load_model(model)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model_type": "bert"}'])
def test_other_directories_are_no_bilstm(content: str, tmp_path: Path) -> None:
    assert kind_of(tmp_path) is not KIND
    (tmp_path / "config.json").write_text(content)
    assert kind_of(tmp_path) is not KIND
