"""Question answering: windows, the loss of transformers, the best span, models that open there."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from conftest import ROOT
from encoders import make_encoder
from transformers import AutoModelForQuestionAnswering
from xltransfer.corpora.questions import Answer, Question
from xltransfer.encoders.batching import Batch, Example, collate
from xltransfer.encoders.bilstm import BiLSTMKind
from xltransfer.encoders.passages import PairFrame, WindowSizes, passage_examples
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.word_characters import WordCharacters
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study.task_encoders import encoders_of
from xltransfer.tasks.question_answering import QuestionAnswering
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.loop import train
from xltransfer.training.model import WordModel, load_model, save_model
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.prediction import annotate

CPU = torch.device("cpu")
SETTINGS = {
    "kind": "question-answering", "row_pieces": 24, "stride": 6, "question_pieces": 6,
    "answer_pieces": 5,
}  # fmt: skip
TRAINING = {
    "epochs": 3, "patience": None, "batch_pieces": 64, "encoder_learning_rate": 3e-3,
    "head_learning_rate": 1e-2, "warmup_share": 0.1, "weight_decay": 0.0, "adam_beta2": 0.98,
    "gradient_clip": 1.0, "precision": "float32",
}  # fmt: skip
PASSAGE = "the cat sat on the mat. a dog barked at the other unbelievable dog, of feats"


def question(passage: str, answer: str, text: str = "the dog?") -> Question:
    found = Answer(passage.index(answer), answer)
    return Question(f"{passage} {answer}", text, passage, [found])


@pytest.fixture(scope="module", params=["bert", "xlm-roberta", "distilbert"])
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoder"), request.param, dropout=0.0)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("bert"), dropout=0.0)


def example(directory: Path, sizes: WindowSizes, passage: str = PASSAGE) -> Example:
    return passage_examples([("the dog?", passage)], WordTokenizer(directory), sizes)[0]


def test_windows_cover_the_passage_beside_the_question(encoder: Path) -> None:
    reader = WordTokenizer(encoder)
    frame = PairFrame.of(reader)
    asked, read = (found.ids for found in reader.encodings(["the dog?", PASSAGE]))
    sizes = WindowSizes(row=20, stride=5, question=3)
    found = example(encoder, sizes)
    head = [*frame.before, *asked[:3], *frame.between]
    room = 20 - len(head) - len(frame.after)
    starts = [row_number * 5 for row_number in range(len(found.rows))]
    assert starts[-1] + room >= len(read) > starts[-2] + room
    for start, row, segments in zip(starts, found.rows, found.segments, strict=True):
        assert row.tolist() == [*head, *read[start : start + room], *frame.after]
        assert segments.tolist() == [0] * len(head) + [1] * (len(row) - len(head))
    # Every subword may start an answer in exactly one window, with its characters there.
    lengths = [len(row) for row in found.rows]
    windows = np.split(found.inputs["may_start"], np.cumsum(lengths)[:-1])
    allowed = [
        start + int(place) - len(head)
        for start, window in zip(starts, windows, strict=True)
        for place in np.flatnonzero(window)
    ]
    offsets = reader.encodings([PASSAGE])[0].offsets
    # A bare word marker covers white space alone.
    assert sorted(allowed) == [i for i, (b, e) in enumerate(offsets) if PASSAGE[b:e].strip()]
    begins = found.inputs["begin"][found.inputs["may_start"]]
    spans = {
        (begin, end)
        for begin, end in zip(found.inputs["begin"], found.inputs["end"], strict=True)
        if begin >= 0
    }
    covered = {place for begin, end in spans for place in range(begin, end)}
    assert covered == {place for place, letter in enumerate(PASSAGE) if letter != " "}
    assert set(begins.tolist()) == {begin for begin, _ in spans}


def test_the_frame_of_two_texts_is_that_of_the_tokenizer(bert: Path, tmp_path: Path) -> None:
    """With a template for pairs, as XLM-R's, that template; without one, the suffix between."""
    from tokenizers import Tokenizer, processors

    assert PairFrame.of(WordTokenizer(bert)) == PairFrame([2], [3], [3])
    tokenizer = Tokenizer.from_file(str(bert / "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert PairFrame.of(WordTokenizer(tmp_path)) == PairFrame([2], [3, 3], [3])


def test_rows_without_room_and_encoders_of_words_are_refused(bert: Path) -> None:
    with pytest.raises(InputError, match=r"a row of 9 subwords leaves \d for the passage, fewer"):
        example(bert, WindowSizes(row=9, stride=5, question=3))
    words = WordCharacters.learn([["a"]], 1, 5)
    with pytest.raises(InputError, match="reads words, not text"):
        passage_examples([("a", "a")], words, WindowSizes(16, 4, 4))
    with pytest.raises(InputError, match=r"checkpointing: .* remove the key"):
        BiLSTMKind().recompute_layers(torch.nn.Linear(1, 1))


def with_word_vectors() -> dict:
    """A study with an encoder over word vectors, with which no task answers questions."""
    studies = ROOT / "resources" / "studies"
    content = yaml.safe_load((studies / "embedded-structure.yaml").read_text("utf-8"))
    questions = yaml.safe_load((studies / "embedded-questions.yaml").read_text("utf-8"))
    content["questions"] = questions["questions"] | {"encoders": ["embedded"]}
    content["tasks"].append("questions")
    return content


def test_only_the_encoders_of_the_task_must_read_text() -> None:
    content = with_word_vectors()
    assert encoders_of(Study(content, ROOT), "questions") == ["embedded"]
    del content["questions"]["encoders"]
    with pytest.raises(InputError, match=r"'vectors' reads words, .* name others under `questions"):
        Study(content, ROOT)


def test_checkpointing_without_layers_is_refused_at_planning() -> None:
    content = with_word_vectors()
    content["questions"]["training"]["checkpointing"] = True
    Study(content, ROOT)
    content["roles_graph"]["training"] |= {"checkpointing": True}
    with pytest.raises(
        InputError, match=r"roles_graph\.training\.checkpointing: 'vectors' reads whole"
    ):
        Study(content, ROOT)


def made(directory: Path, questions: list[Question]) -> tuple[WordModel, QuestionAnswering, Batch]:
    task = QuestionAnswering(SETTINGS)
    torch.manual_seed(1)
    network = load_encoder(directory)
    model = WordModel(network, task.head(network.config.hidden_size, 0))
    data = Dataset(questions, WordTokenizer(directory), 24, make=task.examples)
    data.add_targets(task, [])
    return model, task, collate(data.examples, np.arange(len(questions)), data.padding)


def reference_rows(questions: list[Question], directory: Path):
    """Of each window: ids, segments, and the first and last subword of the answer; or 0 and 0."""
    task = QuestionAnswering(SETTINGS)
    for one in questions:
        data = Dataset([one], WordTokenizer(directory), 24, make=task.examples).examples[0]
        first = one.answers[0].start
        last = first + len(one.answers[0].text) - 1
        place = 0
        for row, segments in zip(data.rows, data.segments, strict=True):
            part = slice(place, place + len(row))
            place += len(row)
            spans = list(zip(data.inputs["begin"][part], data.inputs["end"][part], strict=True))
            starts = [i for i, (begin, end) in enumerate(spans) if begin <= first < end]
            stops = [i for i, (begin, end) in enumerate(spans) if begin <= last < end]
            inside = starts and stops
            yield row, segments, starts[0] if inside else 0, stops[-1] if inside else 0


def test_the_saved_model_has_the_loss_of_transformers(encoder: Path, tmp_path: Path) -> None:
    questions = [question(PASSAGE, answer) for answer in ("other unbelievable dog", "mat", "the")]
    model, task, batch = made(encoder, questions)
    save_model(tmp_path / "model", model, encoder, task, [])
    opened = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "model").eval()
    model.eval()
    losses, without = [], 0
    with torch.no_grad():
        ours = task.loss(model.head, model.word_states(batch), batch)
        for row, segments, start, stop in reference_rows(questions, encoder):
            types = {"token_type_ids": torch.from_numpy(segments)[None]}
            found = opened(
                torch.from_numpy(row)[None],
                start_positions=torch.tensor([start]),
                end_positions=torch.tensor([stop]),
                **(types if opened.config.model_type == "bert" else {}),
            )
            losses.append(found.loss)
            without += start == stop == 0
    assert len(losses) > without > 0
    torch.testing.assert_close(ours, torch.stack(losses).mean(), atol=1e-6, rtol=1e-6)
    again, _, _ = load_model(tmp_path / "model")
    for name, weight in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name


def test_the_best_span_over_windows_is_that_of_all_spans(bert: Path) -> None:
    """Against all pairs of positions, with scores drawn at random."""
    rng = random.Random(1)
    words = PASSAGE.split()
    for draw in range(6):
        passages = [" ".join(rng.choices(words, k=rng.randint(1, 30))) for _ in range(3)]
        questions = [question(passage, passage.split()[0]) for passage in passages]
        _, task, batch = made(bert, questions)
        torch.manual_seed(draw)
        states = torch.randn(*batch.word_index.shape, 2)
        found = task.predict(torch.nn.Identity(), states, batch)
        for number, prediction in enumerate(found):
            inputs = {name: values[number] for name, values in batch.inputs.items()}
            rows = batch.word_index[number] // batch.input_ids.shape[1]
            rows = rows[batch.word_mask[number]]
            best = max(
                (float(states[number, i, 0] + states[number, j, 1]), -i, -j, i, j)
                for i in range(len(rows))
                for j in range(i, min(i + task.settings["answer_pieces"], len(rows)))
                if inputs["may_start"][i] and inputs["begin"][j] >= 0 and rows[i] == rows[j]
            )
            begin, end = inputs["begin"][best[3]], inputs["end"][best[4]]
            assert prediction["span"].tolist() == [int(begin), int(end)]


def test_a_passage_without_text_has_an_empty_answer(bert: Path) -> None:
    _, task, batch = made(bert, [question(PASSAGE, "mat")])
    batch.inputs["begin"].fill_(-1)
    batch.inputs["may_start"].fill_(False)
    found = task.predict(torch.nn.Identity(), torch.randn(*batch.word_index.shape, 2), batch)
    assert found[0]["span"].tolist() == [0, 0]
    assert task.annotate(question(PASSAGE, "mat"), found[0], []).answers == [Answer(0, "")]


def test_questions_are_learnt_by_the_same_loop(bert: Path, tmp_path: Path) -> None:
    """The answer is the word after `the`, over several windows."""
    passages = [
        f"{before} the {answer} {after}"
        for answer in ("dog", "cat", "mat")
        for before in ("a feats of", "on", "at a")
        for after in ("barked at other feats on a feats of other feats at a feats", "sat")
    ]
    questions = [
        question(passage, passage.split("the ")[1].split()[0], "a?") for passage in passages
    ]
    model, task, _ = made(bert, questions)
    data = Dataset(questions, WordTokenizer(bert), 24, make=task.examples)
    data.add_targets(task, [])
    assert max(len(one.rows) for one in data.examples) > 1
    objective = FineTuning(model, task, [], data, data, TRAINING, 1)
    assert objective.evaluate(CPU)["F1"] < 60
    report = train(objective, TRAINING, Checkpoint(tmp_path, "x"), CPU, 1e9, "questions")
    assert report.best["F1"] == report.best["exact_match"] == 100
    found = annotate(model, task, [], data, CPU)
    assert task.score(questions, found)["F1"] == report.best["F1"]
    assert all(one.answers[0].text in one.passage for one in found)
