"""What a study costs, against numbers by hand and published ones."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from transformers import AutoConfig, AutoModel
from xltransfer.encoders.bilstm import BiLSTMConfig
from xltransfer.runtime.errors import InputError
from xltransfer.study import Study
from xltransfer.study import estimate as estimation
from xltransfer.study.estimate import (
    Assumptions,
    EncoderSize,
    Estimate,
    Model,
    encoder_size,
    read_outputs,
)
from xltransfer.study.open_study import open_study
from xltransfer.study.plan import check_positive, model_of, report, work
from xltransfer.study.study_files import read_config
from xltransfer.training.operations import batches_per_step

MBERT = EncoderSize(119547, 512, 768, 12, 3072)
BODY = 12 * 7_087_872


@pytest.fixture
def mbert() -> dict:
    text = (ROOT / "resources" / "studies" / "mbert.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def estimate(config: dict, **assumed: object) -> Estimate:
    return Estimate(Study(config, ROOT), Assumptions(**assumed))


def test_parameters_are_those_of_the_published_model() -> None:
    """Multilingual BERT has 177,853,440, of which 590,592 are its pooler's."""
    assert MBERT.body == BODY
    assert MBERT.parameters == 177_853_440 - 590_592


def test_parameters_are_those_of_a_real_model() -> None:
    config = AutoConfig.from_pretrained(ROOT / "resources" / "models" / "embedded")
    model = AutoModel.from_config(config)
    model.pooler = None
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    size = encoder_size(Study(yaml.safe_load(text), ROOT), "embedded")
    assert size.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_sizes_by_unknown_names_are_refused(tmp_path: Path) -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text('{"vocab_size": 10, "width": 8, "n_layer": 2}')
    config["encoders"][0]["path"] = str(tmp_path)
    with pytest.raises(InputError, match=r"config\.json:1: no hidden_size"):
        encoder_size(Study(config, ROOT), config["encoders"][0]["name"])


@pytest.mark.parametrize("text", ["- a\n", "a\n"])
def test_studies_without_keys_are_refused(text: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "config.yaml").write_text("a: 1\n")
    (tmp_path / "study.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"study\.yaml:1: no keys and values"):
        read_config(["study.yaml"])


@pytest.mark.parametrize("share", ["0", "-1", "nan", "inf"])
def test_shares_are_above_zero(share: str) -> None:
    with pytest.raises(InputError, match=r"^--start-seconds: .* is not a number above 0$"):
        check_positive({"utilisation": 1, "start_seconds": float(share)})


def test_operations_by_hand(mbert: dict) -> None:
    """Sizes of the source's files are not catalogued, those of the target are."""
    found = estimate(mbert, train_words=1000, other_words=100, pieces_per_word=2.0)
    model = Model("mbert", "parsing", "ar_padt", "none")
    assert found.training(model) == 15 * (6 * 2000 + 2 * 200) * BODY
    assert found.study.catalogue.treebanks["ar_pud"].files["test"].bytes == 2_084_082
    pieces = 2_084_082 / 80 * 2
    assert found.reading("mbert", "treebanks", "ar_pud", "test") == pytest.approx(2 * pieces * BODY)


def test_fewer_training_sentences_are_fewer_operations(mbert: dict) -> None:
    mbert["parsing"]["training"]["training_sentences"] = 10
    found = estimate(mbert, train_words=1000, other_words=100, pieces_per_word=2.0)
    expected = 15 * (6 * 10 * 18 * 2 + 2 * 200) * BODY
    assert found.training(Model("mbert", "parsing", "ar_padt", "none")) == expected


def test_checkpointing_computes_the_forward_pass_again(mbert: dict) -> None:
    mbert["parsing"]["training"]["checkpointing"] = True
    found = estimate(mbert, train_words=1000, other_words=100, pieces_per_word=2.0)
    expected = 15 * (8 * 2000 + 2 * 200) * BODY
    assert found.training(Model("mbert", "parsing", "ar_padt", "none")) == expected


def test_searches_and_least_steps_by_hand() -> None:
    """Two learning rates with 15 and 30 epochs, 500 steps at least; then the larger number."""
    path = ROOT / "resources" / "studies" / "unseen.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["unseen"]["search"] = {"seed": 1, "learning_rates": [1e-4, 1e-3], "epochs": [15, 30]}
    found = estimate(config, train_words=2200, other_words=100, pieces_per_word=2.0)
    model = Model("mbert", "pos", "gsw_uzh_fold_1", "none")
    # 4,400 pieces are two batches of 2,200: 17 and 9 passes an epoch reach 500 steps.
    short, long = 15 * (6 * 4400 * 17 + 2 * 200), 30 * (6 * 4400 * 9 + 2 * 200)
    assert found.training(model) == long * BODY
    assert found.search(model) == 2 * (short + long) * BODY
    named = "results/unseen/searches/mbert/pos/gsw_uzh_fold_1.json"
    flops, starts = work(found.study, found, {"search": [[named]]})
    assert flops["search"] == found.search(model) and starts == 1


def test_hours_by_hand(mbert: dict) -> None:
    """A tenth of 312 teraflops per second, or 50 gigaflops, for an hour; jobs of a minute."""
    found = estimate(mbert, utilisation=0.1, start_seconds=60.0)
    assert found.hours(31.2e12 * 3600) == pytest.approx(1)
    assert found.hours(0, 60) == 1
    assert found.core_hours(50e9 * 3600) == pytest.approx(1)
    assert found.core_hours(50e9 * 3600, 120) == pytest.approx(3)


def test_disk_by_hand(mbert: dict) -> None:
    disk = estimate(mbert).disk()
    models, tasks, sources, seeds = 210, 2, 3, 5
    assert disk["weights"] == models * MBERT.parameters * 4
    assert disk["weights dropped after use"] == 0
    states = 1 + tasks * sources * (seeds + 6) + seeds
    sentences = sum(
        Study(mbert, ROOT).catalogue.treebanks[code].files["test"].bytes / 80 / 18
        for code in mbert["parallel"]["treebanks"]
    )
    assert disk["representations"] == pytest.approx(states * sentences * 13 * 768 * 4)
    mbert["keep"] = {"precision": "bfloat16", "ablated_weights": False}
    half = estimate(mbert).disk()
    assert half["weights"] == tasks * sources * seeds * MBERT.parameters * 2
    assert half["weights"] + half["weights dropped after use"] == disk["weights"] / 2


def test_unknown_encoders_need_a_row(mbert: dict) -> None:
    other = copy.deepcopy(mbert)
    other["encoders"][0]["hub"] = "someone/some-encoder"
    with pytest.raises(InputError, match=r"encoders\.tsv: no row for someone/some-encoder; add"):
        estimate(other).size("mbert")


LINES = """\
rule finetune_2:
    input: a, b
    output: results/mbert/models/mbert/pos/en_ewt/none/seed-1/training.json (update), x
    wildcards: a=b

localrule all:
    input: c

rule predict:
    output: results/mbert/predictions/mbert/pos/en_ewt/none/seed-1/fr_pud-test.conllu
""".splitlines()


def test_a_dry_run_is_read(mbert: dict) -> None:
    jobs = read_outputs(LINES)
    model, prediction = jobs["finetune"][0][0], jobs["predict"][0][0]
    assert [len(jobs[rule]) for rule in ("finetune", "all", "predict")] == [1, 1, 1]
    named = Model("mbert", "pos", "en_ewt", "none")
    assert model_of(model, "results/mbert") == model_of(prediction, "results/mbert") == named
    found = estimate(mbert)
    flops, starts = work(found.study, found, jobs)
    assert flops["fine-tuning"] == found.training(named) and starts == 2
    text = "\n".join(report(found.study, found, jobs))
    assert "models of the study: 210, of which 1 are to be trained" in text
    assert "148.9 GB" in text and "utilisation" in text


def test_a_bilstm_is_not_as_large_as_the_encoder_beside_it() -> None:
    """A layer of 300 states is about half a layer of a transformer of that width."""
    config = yaml.safe_load((ROOT / "resources" / "studies" / "unseen.yaml").read_text("utf-8"))
    found = estimate(config)
    own, layers, units = found.size("bilstm"), 3, 200
    assert own.layers == layers and own.hidden == 2 * units
    # In each of two directions four gates, which read the states below and those of the direction.
    assert own.body == pytest.approx(layers * 2 * 4 * units * (2 * units + units), rel=0.01)


def test_a_bilstm_that_states_no_size_has_the_usual_one() -> None:
    usual = BiLSTMConfig()
    assert (usual.hidden_units, usual.layers) == (estimation.HIDDEN_UNITS, estimation.LAYERS)


def of_any_folders(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Estimate:
    """The estimate of a study that takes its corpora and its encoder from given folders."""
    sizes = {"hidden_size": 384, "num_hidden_layers": 12, "intermediate_size": 1536}
    given = {**sizes, "model_type": "bert", "vocab_size": 9000, "max_position_embeddings": 512}
    for file in ("model.safetensors", "tokenizer.json"):
        (folder / file).touch()
    (folder / "config.json").write_text(json.dumps(given))
    text = (ROOT / "resources" / "studies" / f"{name}.yaml").read_text(encoding="utf-8")
    for variable in re.findall(r"\$(XLTRANSFER_\w+)", text):
        monkeypatch.setenv(variable, str(folder))
    config = yaml.safe_load(text)
    config["pathvars"]["results"] = str(folder / "results")
    return estimate(config)


def test_word_vectors_are_not_as_large_as_the_encoder_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = of_any_folders("predicted-trees", tmp_path, monkeypatch)
    assert found.size("vectors").parameters < found.size("local-trimmed").parameters / 10


def test_a_trimmed_vocabulary_counts_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then that of the encoder it is made from, which the plan says."""
    before = of_any_folders("multilingual-parsing", tmp_path, monkeypatch)
    assert before.size("local-trimmed").vocabulary == 9000
    assert before.untrimmed() == ["local-trimmed"]
    assert "at most: the vocabulary of local-trimmed" in "\n".join(report(before.study, before, {}))
    made = tmp_path / "results" / "encoders" / "local-trimmed" / "config.json"
    made.parent.mkdir(parents=True)
    given = json.loads((tmp_path / "config.json").read_text())
    made.write_text(json.dumps({**given, "vocab_size": 700}))
    after = of_any_folders("multilingual-parsing", tmp_path, monkeypatch)
    assert after.size("local-trimmed").vocabulary == 700 and after.untrimmed() == []
    assert "at most" not in "\n".join(report(after.study, after, {}))


def test_the_encoder_that_an_embedded_world_pretrains_has_a_known_size() -> None:
    path = ROOT / "resources" / "studies" / "replication.yaml"
    own, default = (Estimate(open_study(files), Assumptions()) for files in ([path], []))
    assert own.study.name != default.study.name
    assert own.size("embedded") == default.size("embedded")


def test_zero_shot_models_of_unseen_languages_read_with_the_encoder() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    found, name = estimate(config), "pos/qga_embedded/none/seed-11/qga_embedded-test.conllu"
    paths = [f"results/predictions/{arm}/{name}" for arm in ("zero-shot-from-qaa", "embedded")]
    one, other = (work(found.study, found, {"predict": [[path]]})[0] for path in paths)
    assert one["prediction"] == other["prediction"] > 0


def test_studies_of_word_vectors_alone_have_estimates() -> None:
    """No pretrained encoder is there whose size could be taken."""
    path = ROOT / "resources" / "studies" / "embedded-adversarial.yaml"
    study = Study(yaml.safe_load(path.read_text(encoding="utf-8")), ROOT)
    assert not any(encoder.pretrained for encoder in study.encoders.values())
    for name, encoder in study.encoders.items():
        size = encoder_size(study, name)
        assert size.hidden == 2 * encoder.recipe.architecture["hidden_units"]
        assert size.parameters > 0


def test_the_texts_of_a_discriminator_are_read_as_well() -> None:
    """A step has twice the sentences; the development part is scored as often."""
    path = ROOT / "resources" / "studies" / "embedded-adversarial.yaml"
    study = Study(yaml.safe_load(path.read_text(encoding="utf-8")), ROOT)
    estimate = Estimate(study, Assumptions())
    game = [m for m in estimate.models() if batches_per_step(estimate.settings(m)) > 1]
    plain = {(m.encoder, m.source): m for m in estimate.models() if m not in game}
    assert game
    for model in game:
        ratio = estimate.training(model) / estimate.training(plain[model.encoder, model.source])
        assert 1.5 < ratio < 2
