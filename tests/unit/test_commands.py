"""The commands of `xltransfer` that read models, tables and the catalogue."""

from __future__ import annotations

import csv
import doctest
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import EMBEDDED_ENCODER, ROOT
from pyarrow import parquet
from test_tagging import POS
from transformers import AutoModelForTokenClassification
from xltransfer.analyses.scores import SENTENCE_IDS
from xltransfer.analyses.statistics.bootstrap import ratio_interval
from xltransfer.commands.annotate import annotate
from xltransfer.commands.export import export
from xltransfer.commands.list import KINDS
from xltransfer.commands.list import list as list_names
from xltransfer.commands.unpack import unpack
from xltransfer.corpora.unannotated import (
    sentences_of_conllu,
    sentences_of_text,
    sentences_of_tokens,
)
from xltransfer.encoders.adapters import AdapterSettings, add_level
from xltransfer.encoders.transformer import load_encoder
from xltransfer.public import functions
from xltransfer.public.finetuned_model import FinetunedModel
from xltransfer.runtime import entry
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, sha256_of_file, write_json
from xltransfer.runtime.signatures import parser_of
from xltransfer.study.plan import STUDY_FILES
from xltransfer.tasks.registry import make_task
from xltransfer.training.model import WordModel, save_model, untrained_head

SETTINGS = {
    "pos": (POS, ["NOUN", "VERB"]),
    "ner": ({**POS, "kind": "entities"}, ["O", "B-PER", "I-PER"]),
    "parsing": (
        {
            **{key: POS[key] for key in POS if key != "label"},
            "kind": "parsing",
            "arc_units": 8,
            "relation_units": 4,
            "relation_subtypes": False,
        },
        ["root", "nsubj", "obj"],
    ),
}
COMMANDS = sorted(path.stem for path in (ROOT / "workflow/xltransfer/commands").glob("[a-z]*.py"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results with an untrained model of each kind of task."""
    results = tmp_path_factory.mktemp("study") / "results"
    for name, (settings, labels) in SETTINGS.items():
        torch.manual_seed(0)
        task, encoder = make_task(settings), load_encoder(EMBEDDED_ENCODER)
        head = untrained_head(task, encoder.config.hidden_size, labels)
        directory = results / "models" / "embedded" / name / "qaa_embedded" / "none" / "seed-3"
        save_model(directory, WordModel(encoder, head), EMBEDDED_ENCODER, task, labels)
        files = [p for p in directory.iterdir() if p.name != "model.safetensors"]
        report = {
            "config": {"settings": settings, "task": name},
            "files": {path.name: sha256_of_file(path) for path in files},
            "weights": sha256_of_file(directory / "model.safetensors"),
            "code": "c0de",
            "steps": 7,
            "training_sentences": 9,
            "seed": 3,
        }
        write_json(directory / "training.json", report)
    return results


def model_of(models: Path, task: str) -> Path:
    return models / "models" / "embedded" / task / "qaa_embedded" / "none" / "seed-3"


def given(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_raw_text_becomes_sentences_and_words() -> None:
    first, second = sentences_of_text("Dr. Smith can't pay 3.50 €. “No!”\n\n", "en")
    assert first.forms == ["Dr", ".", "Smith", "can't", "pay", "3.50", "€", "."]
    assert second.forms == ["“", "No", "!", "”"]
    assert first.comments == ["# sent_id = 1", "# text = Dr. Smith can't pay 3.50 €."]
    no_space = [row[0] for row in first.words if row[9] == "SpaceAfter=No"]
    assert no_space == ["1", "7"]


@pytest.mark.parametrize("text", ["ein  Satz.\tZwei Worte", "Mann,Frau", "a b ", "(x) y!"])
def test_words_and_spaces_give_the_text_again(text: str) -> None:
    for sentence in sentences_of_text(text, "de"):
        text_of = "".join(w[1] + " " * (w[9] != "SpaceAfter=No") for w in sentence.words)
        stated = sentence.comments[1].removeprefix("# text = ")
        assert text_of.split() == stated.split()


def test_tokens_stay_tokens() -> None:
    (sentence,) = sentences_of_tokens("can n't , 。\n\n")
    assert sentence.forms == ["can", "n't", ",", "。"]


def test_conllu_may_lack_trees_in_some_sentences() -> None:
    with_tree = "1\tA\t_\t_\t_\t_\t0\troot\t_\t_"
    without = "# x\n1-2\tAB\t_\t_\t_\t_\t_\t_\t_\t_\n1\tA\t_\t_\t_\t_\t_\t_\t_\t_\n"
    without += "2\tB\t_\t_\t_\t_\t_\t_\t_\t_"
    found = sentences_of_conllu(f"{with_tree}\n\n\n{without}\r\n")
    assert [one.lines for one in found] == [with_tree, without]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (sentences_of_conllu, "1\tA\n", r"^in:1: 2 columns instead of 10"),
        (sentences_of_conllu, "\n\n2\tA" + "\t_" * 8, r"^in:3: ID 2 where 1 should come"),
        (sentences_of_conllu, "1\tA" + "\t_" * 4 + "\t9\tx\t_\t_", r"^in:1: HEAD '9'"),
        (sentences_of_conllu, "1\tA\r" + "\t_" * 8, "^in:1: a carriage return"),
        (sentences_of_conllu, "\n", "^in: holds no words"),
        (sentences_of_tokens, " \n", "^in: holds no words"),
        (lambda text, place: sentences_of_text(text, "", place), "\n", "^in: holds no words"),
        (lambda text, place: sentences_of_text(text, "!!", place), "a", "no code of a language"),
        (lambda text, place: sentences_of_text(text, "en", place), "a\0b", "control character"),
    ],
)
def test_text_that_is_refused(read, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text, "in")


def test_every_kind_of_model_annotates_text(
    models: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture
) -> None:
    for task in SETTINGS:
        given("gi didu jilgog.\n", monkeypatch)
        annotate(model_of(models, task))
        sys.stdout.flush()
        out = capfdbinary.readouterr().out.decode()
        assert out.startswith("# sent_id = 1\n# text = gi didu jilgog.\n") and out.endswith("\n\n")
        labels = set(SETTINGS[task][1])
        rows = [line.split("\t") for line in out.splitlines()[2:-1]]
        column = {"pos": 3, "parsing": 7, "ner": -1}[task]
        assert len(rows) == 4 and {row[column] for row in rows} <= {*labels, "dep"}
        if task == "parsing":
            assert [row[7] == "root" for row in rows] == [row[6] == "0" for row in rows]
            assert sum(row[6] == "0" for row in rows) == 1


def test_annotation_does_not_depend_on_the_form_of_the_input(models: Path, tmp_path: Path) -> None:
    forms = {
        "text": "gi didu jilgog",
        "tokens": "gi didu jilgog",
        "conllu": "".join(
            f"{n}\t{w}" + "\t_" * 8 + "\n" for n, w in enumerate(["gi", "didu", "jilgog"], 1)
        ),
    }
    found = []
    for read, text in forms.items():
        path, output = tmp_path / read, tmp_path / f"{read}.json"
        path.write_text(text)
        model = model_of(models, "parsing")
        annotate(model, text=str(path), read=read, format_="json", output=str(output))
        found.append(json.loads(output.read_text())["words"])
    assert found[0] == found[1] == found[2]
    assert [word["form"] for word in found[0]] == ["gi", "didu", "jilgog"]
    assert {"head", "deprel"} < set(found[0][0])


def test_what_cannot_be_annotated_is_one_line(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"no fine-tuned model, task\.json is missing"):
        FinetunedModel(tmp_path)
    given("gi", monkeypatch)
    output = tmp_path / "out"
    with pytest.raises(InputError, match="this model's output is conllu or json"):
        annotate(model_of(models, "pos"), format_="iob2", output=str(output))
    assert not output.exists()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\n\xff")))
    with pytest.raises(InputError, match=r"standard input:2: not UTF-8"):
        annotate(model_of(models, "pos"))
    for wrong in (["a b"], [1, 2], []):
        with pytest.raises(InputError, match="give a list of words"):
            FinetunedModel(model_of(models, "pos")).annotate([wrong])


def scores(models: Path) -> Path:
    """Scores of the tagger on a corpus of three sentences."""
    right, total = np.array([3, 0, 2]), np.array([3, 2, 3])
    row = {
        "encoder": "embedded",
        "task": "pos",
        "source": "qaa",
        "target": "qab",
        "source_corpus": "qaa_embedded",
        "target_corpus": "qab_embedded",
        "split": "test",
        "ablation": "none",
        "metric": "accuracy",
        "value": 100 * 5 / 8,
        "sentences": 3,
        "words": 8,
        "numerators": right,
        "denominators": total,
    }
    frame = pd.DataFrame([{**row, "seed": 3}, {**row, "seed": 4}])
    path = models / "scores" / "embedded" / "pos" / "qaa_embedded" / "qab_embedded-test.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = __import__("pyarrow").Table.from_pandas(frame)
    identifiers = json.dumps(["a", "b", "c"]).encode()
    parquet.write_table(table.replace_schema_metadata({SENTENCE_IDS: identifiers}), path)
    place = "embedded/pos/qaa_embedded/none/seed-3"
    report = sha256_of_file(models / "models" / place / "training.json")
    predicted = f"predictions/{place}/qab_embedded-test"
    (models / predicted).parent.mkdir(parents=True, exist_ok=True)
    write_json(
        models / f"{predicted}.provenance.json",
        {"output": "p", "inputs": {f"<results>/models/{place}/training.json": report}},
    )
    inputs = {f"<results>/{predicted}.conllu": "p"}
    write_json(path.with_suffix(".provenance.json"), {"output": "s", "inputs": inputs})
    return path


def test_an_exported_model_has_a_card_and_opens_elsewhere(models: Path, tmp_path: Path) -> None:
    scores(models)
    folder = tmp_path / "exported"
    export(model_of(models, "pos"), folder)
    card = (folder / "README.md").read_text()
    metadata = yaml.safe_load(card.split("---")[1])
    assert metadata["pipeline_tag"] == "token-classification" and metadata["language"] == ["qaa"]
    assert "UD_Alvan-Embedded; licence: CC0-1.0" in card and "9 sentences, 7 steps, seed 3" in card
    low, high = ratio_interval(np.array([3, 0, 2]), np.array([3, 2, 3]))
    row = f"| UD_Albic-Embedded | test | accuracy | 62.50 | {100 * low:.2f} to {100 * high:.2f} |"
    assert card.count(row) == 1
    assert FinetunedModel(folder).labels == ["NOUN", "VERB"]
    assert AutoModelForTokenClassification.from_pretrained(folder).config.num_labels == 2


def test_a_card_has_no_scores_of_another_model(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """After a retraining, or with predictions that were made anew, scores are out of date."""
    path = scores(models).with_suffix(".provenance.json")
    write_json(path, {**read_json(path), "inputs": {}})
    export(model_of(models, "pos"), tmp_path / "x")
    assert "The model has not been scored yet." in (tmp_path / "x" / "README.md").read_text()
    assert "left out: qab_embedded-test, with no scores of this model" in capsys.readouterr().err
    scores(models)
    made = models / "predictions/embedded/pos/qaa_embedded/none/seed-3"
    record = made / "qab_embedded-test.provenance.json"
    for number, key in enumerate(("output", "inputs")):
        content = read_json(record)
        other = "other" if key == "output" else dict.fromkeys(content["inputs"], "other")
        write_json(record, {**content, key: other})
        export(model_of(models, "pos"), tmp_path / f"y{number}")
        assert "left out: qab_embedded-test" in capsys.readouterr().err
        scores(models)
    export(model_of(models, "pos"), tmp_path / "z")
    assert "left out" not in capsys.readouterr().err


def test_intervals_of_scores_for_documents(models: Path) -> None:
    """Two seeds with the same predictions: only sentences vary."""
    scores(models)
    command = [sys.executable, str(ROOT / "docs/tables/score_intervals.py"), str(models)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    row = next(row for row in rows if row["target"] == "qab")
    assert (row["score"], row["seeds"], row["metric"]) == ("62.50", "2", "accuracy")
    assert float(row["low"]) < 62.5 < float(row["high"])


def test_what_is_not_exported(models: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"training\.json is missing"):
        export(tmp_path, tmp_path / "x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(InputError, match="exists and is not empty"):
        export(model_of(models, "pos"), tmp_path / "full")
    elsewhere = tmp_path / "seed-1"
    elsewhere.mkdir()
    (elsewhere / "training.json").write_text("{}")
    with pytest.raises(InputError, match="not below models/"):
        export(elsewhere, tmp_path / "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "seed-1"]
    torch.manual_seed(0)
    task, encoder = make_task(POS), load_encoder(EMBEDDED_ENCODER)
    add_level(encoder, AdapterSettings(4))
    head = untrained_head(task, encoder.config.hidden_size, ["NOUN"])
    adapted = tmp_path / "models" / "embedded" / "pos" / "qaa_embedded" / "none" / "seed-1"
    save_model(adapted, WordModel(encoder, head), EMBEDDED_ENCODER, task, ["NOUN"])
    report = {"weights": sha256_of_file(adapted / "model.safetensors")}
    write_json(adapted / "training.json", report)
    with pytest.raises(InputError, match="has adapters, and refers to the encoder below them"):
        export(adapted, tmp_path / "x")


def test_the_interval_of_a_ratio() -> None:
    draws = np.random.default_rng(0)
    total = draws.integers(5, 30, size=400)
    right = draws.binomial(total, 0.7)
    low, high = ratio_interval(right, total)
    value = right.sum() / total.sum()
    # The delta method gives the same standard error for many sentences.
    error = np.sqrt(((right - value * total) ** 2).sum()) / total.sum()
    assert low == pytest.approx(value - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(value + 1.96 * error, abs=0.15 * error)
    assert np.isnan(ratio_interval(np.zeros(0), np.zeros(0))).all()
    # A macro score: the mean of two equal ratios has the interval of one; so has a label in no
    # sentence that is drawn.
    for other in ((right, total), (np.zeros(400), np.zeros(400))):
        both = (np.concatenate(pair) for pair in zip((right, total), other, strict=True))
        assert ratio_interval(*both, groups=2) == (low, high)


@pytest.mark.parametrize("what", KINDS)
def test_everything_is_listed(
    what: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    list_names(what)
    lines = capsys.readouterr().out.splitlines()
    expected = {
        "languages": "Alvan",
        "treebanks": "UD_Alvan-Embedded",
        "entities": "MasakhaNER2/bam",
        "identifiers": "glotlid-3",
        "texts": "bm_wikipedia",
        "encoders": "google-bert/bert-base-multilingual-cased",
        "tasks": "UPOS",
        "studies": "resources/studies/mbert.yaml",
        "schemes": "uyghur-uly",
    }[what]
    assert sum(expected in line for line in lines) >= 1 and len(lines) > 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(
    name: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["xltransfer", "--help"])
    entry.run_named()
    assert f"\n  {name} " in capsys.readouterr().out
    function = getattr(__import__(f"xltransfer.commands.{name}", fromlist=[name]), name)
    for action in parser_of(function)._actions:
        assert action.help, action.dest


def test_doctests_of_the_public_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testmod(functions)
    assert not failed and attempted > 15


def test_the_package_offers_its_functions_without_importing_them() -> None:
    code = (
        "import sys, xltransfer; loaded = {'torch', 'numpy', 'pandas', 'yaml'} & set(sys.modules);"
        "print(loaded, sorted(set(dir(xltransfer)) & set(xltransfer.PUBLIC)));"
        "print(xltransfer.score.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    functions_of = "['cka', 'open_model', 'open_study', 'reinitialise', 'score']"
    assert done.stdout == f"set() {functions_of}\nscore\n"


def built(folder: Path) -> Path:
    """The files of the wheel."""
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", folder / "info"]
    command += ["build_py", "--build-lib", folder / "lib"]
    (folder / "info").mkdir(parents=True)
    subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True)
    return folder / "lib"


def test_the_wheel_works_in_another_folder(tmp_path: Path) -> None:
    library, work = built(tmp_path / "build"), tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(library)}

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "xltransfer", *arguments]
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)

    assert "parsing" in run("list", "tasks").stdout
    made = run("new", "my.yaml", "--source", "qaa_embedded", "--target", "qab_embedded")
    assert made.returncode == 0, made.stderr
    assert "keys, values and codes are right" in run("check_study", "my.yaml").stdout
    assert run("unpack", "study").returncode == 0
    assert (work / "study" / "resources" / "models" / "embedded" / "config.json").is_file()
    refused = run("add", "UD_Finnish-TDT", "--from", ".")
    assert refused.stderr == "error: this folder is no clone; name a study file with --study\n"
    assert refused.returncode == 2


def test_the_workflow_is_unpacked_whole_or_not_at_all(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    unpack(tmp_path / "study")
    rules = {path.name for path in (ROOT / "workflow" / "rules").glob("*.smk")}
    assert {path.name for path in (tmp_path / "study/workflow/rules").glob("*.smk")} == rules
    with pytest.raises(InputError, match="exists and is not empty"):
        unpack(tmp_path / "study")


def test_plan_takes_study_files_for_what_they_are() -> None:
    assert "my-study.yaml".endswith(STUDY_FILES) and not "results/x.csv".endswith(STUDY_FILES)
