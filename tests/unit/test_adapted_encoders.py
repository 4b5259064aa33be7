"""Training adapters of languages and tasks: what changes, what is stored, and what is read back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from conftest import EMBEDDED_ENCODER
from safetensors.torch import load_file, save_file
from test_masked_lm import TRAINING as MASKED_LM
from test_masked_lm import make_masked_lm, sentences, write
from test_parsing import SETTINGS
from test_training import CPU, SENTENCES, TRAINING, Killed, kill_at
from transformers import AutoModel
from xltransfer.corpora.conllu import write_conllu
from xltransfer.encoders.ablate import ablate
from xltransfer.encoders.adapted_directories import swap_language
from xltransfer.encoders.adapters import AdapterSettings, stack_of
from xltransfer.encoders.kinds import ADAPTED, kind_of, kind_of_network
from xltransfer.encoders.language_adapters import add_language_adapter
from xltransfer.encoders.masked_lm_head import load_with_head, masked_logits
from xltransfer.encoders.states import piece_states
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.stages.adapt import adapt
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.stages.search import search
from xltransfer.training import finished_runs
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.loop import train
from xltransfer.training.model import load_model
from xltransfer.training.pretraining_text import PretrainingText, make_objective

LANGUAGE = {"size": 4, "invertible": True, "invertible_size": 5}
TASK = {"size": 3}
ROWS = torch.tensor([[2, 8, 9, 7, 11, 3], [2, 8, 6, 12, 3, 0]])
MASK = (ROWS != 0).long()


def adapted(folder: Path, encoder: Path, name: str, seed: int = 1, **adapter: object) -> Path:
    """An encoder with a language adapter, or trained further without one."""
    text = write(folder / "train.txt", sentences(60)), write(folder / "held.txt", sentences(9))
    settings = {**MASKED_LM, "epochs": 2, "learning_rate": 2e-2}
    config = {"seed": seed, "training": settings, **({"adapter": adapter} if adapter else {})}
    files = text[:1], text[1:]
    adapt(encoder, config, folder / name, folder / "c", 300, 1, *files)
    return folder / name


def tuned(folder: Path, encoder: Path, name: str, ablation: str = "none", **training: object):
    """The directory of a parser that is fine-tuned, and what it predicts in memory."""
    corpus = folder / "corpus" / "train.conllu"
    if not corpus.exists():
        corpus.parent.mkdir(parents=True)
        write_conllu(corpus, SENTENCES)
    settings = {**TRAINING, "epochs": 2, "training_sentences": None, **training}
    config = {"task": "parsing", "settings": {**SETTINGS, "training": settings}}
    files = [encoder], corpus, corpus, config
    finetune(*files, [ablation], [1], [folder / name], folder / "c")
    return folder / name


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_masked_lm(tmp_path_factory.mktemp("base") / "encoder", "bert")


@pytest.fixture(scope="module")
def language(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return adapted(tmp_path_factory.mktemp("language"), base, "language", **LANGUAGE)


def states_of(directory: Path) -> torch.Tensor:
    with torch.no_grad():
        return piece_states(kind_of(directory).load(directory).eval(), ROWS, MASK)


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_a_language_adapter_learns_and_nothing_else_changes(base: Path, language: Path) -> None:
    report = read_json(language / "pretraining.json")
    before, *after = (row["log_likelihood"] for row in report["history"])
    assert max(after) > before + 0.05
    network = ADAPTED.load(language)
    frozen = {k: v for k, v in own_weights(network).items() if not k.startswith("stacked_adapters")}
    assert same(frozen, own_weights(load_encoder(base)))
    stored = load_file(language / "model.safetensors")
    assert all(name.startswith("bert.stacked_adapters.levels.0.members.0.") for name in stored)
    assert sum(value.numel() for value in stored.values()) == report["parameters"]["trained"]
    assert report["stored_bytes"] == (language / "model.safetensors").stat().st_size
    assert report["stored_bytes"] < (base / "model.safetensors").stat().st_size / 4
    assert (states_of(language) - states_of(base)).abs().max() > 0.01


def test_transformers_refuses_the_directory(language: Path) -> None:
    """Rather than to open it with random weights."""
    with pytest.raises(ValueError, match="xltransfer-adapted"):
        AutoModel.from_pretrained(language)


def test_the_head_reads_states_before_the_invertible_adapter(base: Path, tmp_path: Path) -> None:
    """Without bottlenecks and layers between them, the inverse undoes the invertible adapter."""
    model, has_head = load_with_head(base)
    add_language_adapter(model.eval(), LANGUAGE, base, has_head)
    plain, _ = load_with_head(base)
    masked = MASK.bool()
    expected = masked_logits(plain.eval(), ROWS, MASK, masked)
    assert torch.allclose(masked_logits(model, ROWS, MASK, masked), expected, atol=1e-6)
    coupling = stack_of(model.base_model).levels[0].members[0].invertible
    with torch.no_grad():
        for parameter in coupling.parameters():
            parameter.normal_(std=0.3)
    seen = {}
    decoder = model.get_output_embeddings()
    transform = model.cls.predictions.transform
    transform.register_forward_hook(lambda *given: seen.update(after=given[2]))
    found = masked_logits(model, ROWS, MASK, masked)
    by_hand = torch.nn.functional.linear(
        coupling.inverse(seen["after"]), decoder.weight, decoder.bias
    )
    assert torch.allclose(found, by_hand[0], atol=1e-5)
    assert (found - expected).abs().max() > 0.01


@pytest.mark.parametrize("ablation", ["none", "random-init-1-2", "random-init-all"])
@pytest.mark.parametrize("below", ["base", "language"])
def test_a_task_adapter_is_all_that_a_model_stores(
    below: str, ablation: str, base: Path, language: Path, tmp_path: Path, monkeypatch
) -> None:
    """With re-initialised layers; a model that is read has the states of the trained one."""
    encoder, kept = {"base": base, "language": language}[below], []
    save = finished_runs.save_model
    monkeypatch.setattr(
        finished_runs, "save_model", lambda *given: (kept.append(given[1]), save(*given))[1]
    )
    directory = tuned(tmp_path, encoder, "model", ablation, adapter=TASK)
    stored = set(load_file(directory / "model.safetensors"))
    level = "bert.stacked_adapters.levels." + ("1" if below == "language" else "0")
    encoders = {name for name in stored if name.startswith("bert.")}
    heads = stored - encoders
    assert heads and all(name.startswith("head.") for name in heads)
    if ablation == "none":
        assert all(name.startswith(level) for name in encoders)
    if ablation == "random-init-1-2":
        others = {name for name in encoders if not name.startswith(level)}
        layers = {name for name in others if name.startswith("bert.encoder.layer.")}
        bottlenecks = others - layers
        assert len(layers) == 2 * 16
        assert len(bottlenecks) == (2 * 4 if below == "language" else 0)
        below_task = "bert.stacked_adapters.levels.0.members.0.bottlenecks."
        assert all(name.startswith((f"{below_task}1.", f"{below_task}2.")) for name in bottlenecks)
    trained, read = kept[0].eval(), load_model(directory)[0].eval()
    with torch.no_grad():
        expected = piece_states(trained.encoder, ROWS, MASK)
        assert torch.equal(piece_states(read.encoder, ROWS, MASK), expected)
        assert torch.equal(states_of(directory), expected)
    report = read_json(directory / "training.json")
    trainable = sum(p.numel() for p in trained.parameters() if p.requires_grad)
    assert report["parameters"]["trained"] == trainable
    assert report["stored_bytes"] == (directory / "model.safetensors").stat().st_size
    if ablation == "none":
        before = own_weights(kind_of(encoder).load(encoder))
        after = own_weights(read.encoder)
        assert all(torch.equal(after[name], value) for name, value in before.items())


def test_re_initialised_layers_stay_as_they_were_drawn(base: Path, tmp_path: Path) -> None:
    """The seed decides their draw; the adapter is trained around them."""
    short = tuned(tmp_path, base, "short", "random-init-1-2", adapter=TASK, epochs=1)
    long = tuned(tmp_path, base, "long", "random-init-1-2", adapter=TASK, epochs=3)
    one, two = (load_file(d / "model.safetensors") for d in (short, long))
    layers = [name for name in one if ".encoder.layer." in name]
    original = load_file(base / "model.safetensors")
    assert all(torch.equal(one[name], two[name]) for name in layers)
    assert not any(torch.equal(one[n], original[n]) for n in layers if n.endswith("dense.weight"))
    assert not all(torch.equal(one[name], two[name]) for name in one)


def test_an_ablation_takes_the_language_adapter_of_its_layers_away(language: Path) -> None:
    """As if they had never been trained; those of other layers, and the invertible one, stay."""
    network, trained = ADAPTED.load(language), ADAPTED.load(language)
    ablate(network, "random-init-2-2", 5)
    (one,), (two,) = (stack_of(n).levels[0].members for n in (network, trained))
    kept, drawn = one.bottlenecks["1"], one.bottlenecks["2"]
    assert same(kept.state_dict(), two.bottlenecks["1"].state_dict())
    assert same(one.invertible.state_dict(), two.invertible.state_dict())
    assert not drawn.up.weight.any() and not drawn.up.bias.any()
    assert two.bottlenecks["2"].up.weight.any()
    assert (drawn.down.weight != two.bottlenecks["2"].down.weight).all()
    ablate(trained, "freeze-1-1", 5)
    assert not any(p.requires_grad for p in two.bottlenecks["1"].parameters())
    assert all(p.requires_grad for p in two.bottlenecks["2"].parameters())


def test_other_languages_do_not_replace_what_an_ablation_took(
    base: Path, language: Path, tmp_path: Path
) -> None:
    model = tuned(tmp_path, language, "model", "random-init-1-2", adapter=TASK)
    network = load_model(model)[0].encoder
    with pytest.raises(InputError, match=r"without an ablation$"):
        swap_language(network, language, [language])


def test_without_a_task_adapter_everything_is_trained_and_stored(
    language: Path, tmp_path: Path
) -> None:
    directory = tuned(tmp_path, language, "model")
    model = load_model(directory)[0]
    assert kind_of_network(model.encoder) is ADAPTED
    before = own_weights(ADAPTED.load(language))
    after = own_weights(model.encoder)
    assert before.keys() == after.keys()
    assert not any(torch.equal(before[n], after[n]) for n in before if n.endswith("dense.weight"))
    stored = load_file(directory / "model.safetensors")
    assert {name for name in stored if name.startswith("bert.")} == {f"bert.{n}" for n in after}


def test_an_encoder_with_an_adapter_is_trained_further(
    base: Path, language: Path, tmp_path: Path
) -> None:
    """All of it, or with another adapter on top of it, whose states are read back."""
    whole = adapted(tmp_path, language, "whole")
    network = ADAPTED.load(whole)
    assert not same(own_weights(network), own_weights(ADAPTED.load(language)))
    model, has_head = load_with_head(whole)
    assert has_head
    with torch.no_grad():
        first = piece_states(network.eval(), ROWS, MASK)
        assert torch.allclose(piece_states(model.base_model.eval(), ROWS, MASK), first)
    stacked = adapted(tmp_path, language, "stacked", size=2, invertible=True)
    below = ADAPTED.load(language)
    network = ADAPTED.load(stacked)
    assert len(stack_of(network).levels) == 2
    assert same(stack_of(below).levels[0].state_dict(), stack_of(network).levels[0].state_dict())
    names = load_file(stacked / "model.safetensors")
    assert all(name.startswith("bert.stacked_adapters.levels.1.") for name in names)


@pytest.mark.parametrize("architecture", ["xlm-roberta", "camembert"])
def test_all_weights_of_encoders_whose_head_is_made_first(
    architecture: str, tmp_path: Path
) -> None:
    """Their output embeddings, tied to the input embeddings, are the first of both by name."""
    base = make_masked_lm(tmp_path / "base", architecture)
    whole = adapted(tmp_path, adapted(tmp_path, base, "language", **LANGUAGE), "whole")
    network, (model, has_head) = ADAPTED.load(whole), load_with_head(whole)
    assert has_head
    with torch.no_grad():
        states = piece_states(network.eval(), ROWS, MASK)
        assert torch.allclose(piece_states(model.base_model.eval(), ROWS, MASK), states)


def test_predictions_and_searches_with_adapters(language: Path, tmp_path: Path) -> None:
    directory = tuned(tmp_path, language, "model", adapter=TASK)
    corpus = tmp_path / "corpus" / "train.conllu"
    predict([directory, directory], corpus, [tmp_path / "1.conllu", tmp_path / "2.conllu"])
    assert (tmp_path / "1.conllu").read_bytes() == (tmp_path / "2.conllu").read_bytes()
    settings = {**TRAINING, "training_sentences": None, "adapter": TASK}
    config = {
        "task": "parsing",
        "settings": {**SETTINGS, "training": settings},
        "search": {"seed": 1, "learning_rates": [1e-2], "epochs": [1]},
    }
    search(language, corpus, corpus, config, tmp_path / "found.json", tmp_path / "c")
    assert read_json(tmp_path / "found.json")["chosen"]["epochs"] == 1


def test_the_same_seed_gives_the_same_bytes(base: Path, tmp_path: Path) -> None:
    one = adapted(tmp_path, base, "one", **LANGUAGE)
    two = adapted(tmp_path, base, "two", **LANGUAGE)
    other = adapted(tmp_path, base, "other", seed=2, **LANGUAGE)
    for name in ("model.safetensors", "config.json", "pretraining.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    name = "model.safetensors"
    assert (one / name).read_bytes() != (other / name).read_bytes()


@pytest.mark.parametrize("step", [2, 9])
def test_resumed_training_of_an_adapter_ends_in_the_same_bits(
    step: int, base: Path, tmp_path: Path
) -> None:
    def made():
        torch.manual_seed(1)
        model, has_head = load_with_head(base)
        add_language_adapter(model, LANGUAGE, base, has_head)
        text = PretrainingText([sentences(60)], [sentences(20, 9)])
        return make_objective(model, text, TextTokenizer(base), {"seed": 3, "training": MASKED_LM})

    def trained(objective, name: str, seconds: float):
        return train(objective, MASKED_LM, Checkpoint(tmp_path / name, "x"), CPU, seconds, "test")

    whole = made()
    expected = trained(whole, "whole", 1e9)
    killed = made()
    kill_at(killed, step)
    with pytest.raises(Killed):
        trained(killed, "killed", 0)
    kept = load_file(tmp_path / "killed" / "state.safetensors")
    names = {name for name in kept if name.startswith("model/")}
    assert names and all("stacked_adapters" in name for name in names)
    torch.manual_seed(999)
    resumed = made()
    assert trained(resumed, "killed", 0).history == expected.history
    assert same(own_weights(resumed.model), own_weights(whole.model))


def test_unusable_directories_are_refused_in_one_line(
    base: Path, language: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(base, tmp_path / "base")
    made = adapted(tmp_path, copied, "made", **LANGUAGE)
    description = read_json(made / "config.json")

    def refused(reason: str, **changes: object) -> None:
        write_json(made / "config.json", {**description, **changes})
        with pytest.raises(InputError, match=reason) as caught:
            ADAPTED.load(made)
        assert "\n" not in str(caught.value)

    refused("no description of adapters", below=None)
    refused("no description of adapters", complete="yes")
    refused("no description of adapters", changed_layers=[0])
    refused("needs a positive `size`", adapter={"size": -1})
    refused("is missing; restore it", below={**description["below"], "directory": "nowhere"})
    refused("is missing; make the directory again", adapter={**LANGUAGE, "size": 4, "leave_out": [],
            "activation": "relu"}, complete=True)  # fmt: skip
    refused("not the weights of", adapter={**description["adapter"], "size": 9})
    write_json(made / "config.json", description)
    weights = load_file(copied / "model.safetensors")
    name = "bert.encoder.layer.0.output.dense.bias"
    save_file({**weights, name: weights[name] + 1}, copied / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"is not the one that they were trained on; restore it"):
        ADAPTED.load(made)


def test_unusable_trainings_are_refused_in_one_line(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'freeze-1-2' has no effect, because all layers"):
        tuned(tmp_path, base, "frozen", "freeze-1-2", adapter=TASK)
    bare = tmp_path / "bare"
    load_encoder(base).save_pretrained(bare)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(base / name, bare / name)
    with pytest.raises(InputError, match=r"bare: has no head for masked language modelling"):
        adapted(tmp_path, bare, "out", **LANGUAGE)


def test_the_embedded_encoder_has_adapters(tmp_path: Path) -> None:
    """With the number of parameters that the formula has."""
    directory = adapted(tmp_path, EMBEDDED_ENCODER, "adapter", size=8, invertible=False)
    report = read_json(directory / "pretraining.json")
    units, layers = 64, 12
    assert report["parameters"]["trained"] == layers * (2 * units * 8 + units + 8)
    assert AdapterSettings.of(read_json(directory / "config.json")["adapter"], "x").size == 8
