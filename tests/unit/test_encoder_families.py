"""Every family of encoders: opened, re-initialised, fine-tuned, predicted with, represented."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from encoders import LAYERS
from families import FOCUS, OTHERS, make_family
from safetensors.numpy import load_file
from test_encoders import changed_parameters
from tokenizers import Tokenizer
from transformers import (
    AutoModel,
    AutoModelForTextEncoding,
    AutoModelForTokenClassification,
    ByT5Tokenizer,
    CanineTokenizer,
)
from transformers.models.auto import modeling_auto
from xltransfer.encoders.ablate import ablate
from xltransfer.encoders.batching import collate
from xltransfer.encoders.families import (
    FAMILIES,
    REFUSED,
    family_of,
    has_absolute_positions,
    layers_of,
)
from xltransfer.encoders.masked_lm_head import load_masked_lm, masked_logits
from xltransfer.encoders.states import first_position, piece_states
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import (
    QuietTransformers,
    layer_stack,
    load_encoder,
    longest_input,
    new_encoder,
)
from xltransfer.encoders.unit_tokenizers import (
    byte_tokenizer,
    character_tokenizer,
    write_unit_tokenizer,
)
from xltransfer.runtime.errors import InputError
from xltransfer.stages.finetune import finetune
from xltransfer.stages.keep_layers import keep_layers
from xltransfer.stages.predict import predict
from xltransfer.stages.represent import represent
from xltransfer.stages.trim_vocabulary import trim_vocabulary
from xltransfer.training.dataset import Dataset
from xltransfer.training.model import load_model

CONLLU = """\
# sent_id = 1
# text = the cat sat
1\tthe\t_\tDET\t_\t_\t2\tdet\t_\t_
2\tcat\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tsat\t_\tVERB\t_\t_\t0\troot\t_\t_

# sent_id = 2
# text = a dog barked at cats
1\ta\t_\tDET\t_\t_\t2\tdet\t_\t_
2\tdog\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tbarked\t_\tVERB\t_\t_\t0\troot\t_\t_
4\tat\t_\tADP\t_\t_\t5\tcase\t_\t_
5\tcats\t_\tNOUN\t_\t_\t3\tobl\t_\t_

"""
TRAINING = {
    "epochs": 1,
    "minimum_steps": 2,
    "patience": None,
    "batch_pieces": 400,
    "encoder_learning_rate": 1e-3,
    "head_learning_rate": 1e-3,
    "warmup_share": 0.0,
    "weight_decay": 0.01,
    "adam_beta2": 0.98,
    "gradient_clip": 1.0,
    "label_smoothing": 0.0,
    "precision": "float32",
    "training_sentences": None,
}
CONFIG = {
    "task": "pos",
    "settings": {"kind": "tagging", "label": "UPOS", "head_dropout": 0.0, "training": TRAINING},
    "stored": "float32",
}


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A directory for the encoder of each family, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("families")

    class Directories(dict[str, Path]):
        def __missing__(self, name: str) -> Path:
            self[name] = make_family(folder / name, name)
            return self[name]

    return Directories()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "test.conllu"
    path.write_text(CONLLU, encoding="utf-8")
    return path


def family(name: str) -> Any:
    return FAMILIES[{**FOCUS, **OTHERS}[name][0]]


def test_every_family_is_tested_and_known_to_transformers() -> None:
    assert {kind for kind, _, _ in (*FOCUS.values(), *OTHERS.values())} == set(FAMILIES)
    assert set(FAMILIES) <= set(modeling_auto.MODEL_MAPPING_NAMES)
    assert not set(FAMILIES) & set(REFUSED)
    classes = modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES
    assert {kind for kind, f in FAMILIES.items() if f.head} == set(FAMILIES) & set(classes) - {
        "modernbert"
    }
    masked = set(FAMILIES) & set(modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES)
    assert {kind for kind, f in FAMILIES.items() if f.masked_lm} == masked


@pytest.mark.parametrize("name", {**FOCUS, **OTHERS})
def test_loading_changes_no_tensor(name: str, directories: dict[str, Path]) -> None:
    """Parameters, buffers and random state are those after the loading of transformers."""
    directory = directories[name]

    def loaded() -> dict[str, torch.Tensor]:
        torch.manual_seed(3)
        opens = AutoModel
        if {**FOCUS, **OTHERS}[name][0] in modeling_auto.MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES:
            opens = AutoModelForTextEncoding
        network = opens.from_pretrained(directory, dtype=torch.float32)
        found = {**dict(network.named_parameters()), **dict(network.named_buffers())}
        return {**found, "random state": torch.get_rng_state()}

    expected = loaded()
    with QuietTransformers():
        found = loaded()
    assert found.keys() == expected.keys()
    for key, tensor in expected.items():
        assert not tensor.is_meta and tensor.dtype == found[key].dtype
        assert torch.equal(tensor, found[key]), key


@pytest.mark.parametrize("name", FOCUS)
def test_the_whole_way(
    name: str, directories: dict[str, Path], corpus: Path, tmp_path: Path
) -> None:
    encoder, model = directories[name], tmp_path / "model"
    finetune(
        [encoder], corpus, corpus, CONFIG, ["random-init-2-3"], [7], [model], tmp_path / "c", 60, 1
    )
    report = json.loads((model / "training.json").read_text())
    assert report["steps"] >= 2 and np.isfinite(report["history"][-1]["loss"])
    predict([model], corpus, [tmp_path / "predicted.conllu"], 1)
    assert (tmp_path / "predicted.conllu").read_text().count("\n") == CONLLU.count("\n")
    outputs = [tmp_path / "encoder.safetensors", tmp_path / "model.safetensors"]
    represent(corpus, outputs, [encoder, model])
    for output in outputs:
        vectors = load_file(output)["vectors"]
        assert vectors.shape == (LAYERS + 1, 2, 16)
        assert all(np.abs(a - b).max() > 1e-6 for a, b in pairwise(vectors))
    _check_reopened(name, model, corpus)


def _check_reopened(name: str, directory: Path, corpus: Path) -> None:
    """The same logits as with transformers alone, and the same encoder."""
    from xltransfer.corpora.formats import read_sentences

    model, _, labels = load_model(directory)
    model.eval()
    plain = load_encoder(directory)
    assert not changed_parameters(model.encoder.state_dict(), plain.state_dict())
    if family(name).head is None:
        return
    classifier, loading = AutoModelForTokenClassification.from_pretrained(
        directory, output_loading_info=True
    )
    # CANINE's class has a pooler, which it does not use.
    assert all(".pooler." in key for key in loading["missing_keys"])
    assert not loading["unexpected_keys"]
    assert [classifier.config.id2label[i] for i in range(len(labels))] == labels
    data = Dataset(read_sentences(corpus), WordTokenizer(directory), longest_input(plain))
    batch = collate(data.examples, np.arange(2), data.padding)
    # CANINE's states depend on padding; piece_states gives it as much as it needs.
    pad = 32 - batch.input_ids.shape[1] if name == "canine" else 0
    rows = [torch.nn.functional.pad(x, (0, pad)) for x in (batch.input_ids, batch.attention_mask)]
    with torch.no_grad():
        logits = classifier.eval()(input_ids=rows[0], attention_mask=rows[1]).logits
        expected = model.head(piece_states(model.encoder, batch.input_ids, batch.attention_mask))
    inside = batch.attention_mask.bool()
    found = logits[:, : batch.input_ids.shape[1]]
    torch.testing.assert_close(found[inside], expected[inside], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [n for n in (*FOCUS, *OTHERS) if n != "albert"])
def test_random_init_redraws_whole_layers_by_the_models_own_initialiser(
    name: str, directories: dict[str, Path]
) -> None:
    model = load_encoder(directories[name])
    before = {key: value.clone() for key, value in model.state_dict().items()}
    stack = layer_stack(model)
    assert len(stack) == LAYERS
    inside = {
        key
        for key, parameter in model.named_parameters()
        if any(parameter is p for layer in (stack[1], stack[2]) for p in layer.parameters())
    }
    ablate(model, "random-init-2-3", seed=7)
    assert changed_parameters(before, model.state_dict()) == inside
    drawn = new_encoder(model.config, seed=7).state_dict()
    assert all(torch.equal(model.state_dict()[key], drawn[key]) for key in inside)
    # Nothing that has the number of a layer in its name is left out, but CANINE's shallow layers.
    numbered = {key for key, _ in model.named_parameters() if ".1." in key or ".2." in key}
    if name != "canine":
        assert {key for key in numbered if _is_of_layer(key)} <= inside


def _is_of_layer(key: str) -> bool:
    parts = key.split(".")
    place = next(i for i, part in enumerate(parts) if part.isdigit())
    return parts[place] in ("1", "2")


@pytest.mark.parametrize("name", [*FOCUS, *OTHERS])
def test_states_of_every_family(name: str, directories: dict[str, Path]) -> None:
    """Layers + 1 states; they see all words or those before; padding changes nothing."""
    encoder = load_encoder(directories[name]).eval()
    rows = WordTokenizer(directories[name]).rows(["the cat sat on a mat"], 40)
    ids = torch.from_numpy(rows[0])[None]
    mask = torch.ones_like(ids)
    with torch.no_grad():
        states = piece_states(encoder, ids, mask, True)
        last = piece_states(encoder, ids, mask)
        padding = encoder.config.pad_token_id or 0
        padded = torch.nn.functional.pad(ids, (0, 9), value=padding)
        longer = piece_states(encoder, padded, torch.nn.functional.pad(mask, (0, 9)))
        other = ids.clone()
        other[0, -2] = ids[0, 2]
        assert other[0, -2] != ids[0, -2]
        changed = (piece_states(encoder, other, mask) - last).abs().amax(dim=-1)[0]
    assert len(states) == LAYERS + 1
    assert all(state.shape == (1, ids.shape[1], encoder.config.hidden_size) for state in states)
    torch.testing.assert_close(longer[:, : ids.shape[1]], last, rtol=1e-4, atol=1e-5)
    if family(name).causal:
        assert changed[:-2].max() < 1e-6 < changed[-2]
    else:
        assert changed[0] > 1e-7


@pytest.mark.parametrize("name", [n for n in [*FOCUS, *OTHERS] if family(n).masked_lm])
def test_masked_logits_of_every_family(name: str, directories: dict[str, Path]) -> None:
    """The head sees the masked positions alone, and computes what it would of all."""
    model = load_masked_lm(directories[name]).eval()
    ids = torch.from_numpy(WordTokenizer(directories[name]).rows(["the cat sat on"], 40)[0])[None]
    mask = torch.ones_like(ids)
    masked = torch.zeros_like(mask, dtype=torch.bool)
    masked[0, 1] = masked[0, 3] = True
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=mask).logits[masked]
        found = masked_logits(model, ids, mask, masked)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [n for n in [*FOCUS, *OTHERS] if family(n).masked_lm])
def test_positions_can_start_again_where_planning_says_so(
    name: str, directories: dict[str, Path]
) -> None:
    """A second sentence with positions from 0 on; its own positions change nothing."""
    encoder = load_encoder(directories[name])
    if not has_absolute_positions(json.loads((directories[name] / "config.json").read_text())):
        with pytest.raises(InputError, match="has no table of positions"):
            first_position(encoder)
        return
    model = load_masked_lm(directories[name]).eval()
    row = WordTokenizer(directories[name]).rows(["the cat sat on"], 20)[0]
    ids = torch.from_numpy(np.concatenate([row, row]))[None]
    mask, masked = torch.ones_like(ids), torch.zeros_like(ids, dtype=torch.bool)
    masked[0, len(row) + 1] = True
    own = torch.arange(ids.shape[1])[None]
    with torch.no_grad():
        plain, same, reset = (
            masked_logits(model, ids, mask, masked, positions)
            for positions in (None, own, own % len(row))
        )
    torch.testing.assert_close(same, plain)
    assert not torch.allclose(reset, plain, atol=1e-7)


TEXTS = ["the cat sat.", " two  spaces ", "naïve Ünïcödé", "猫は座った", "ሰላም ‌𐍈 🙂", "tab\tline"]


@pytest.mark.parametrize("name", [*FOCUS, *OTHERS])
def test_vocabularies_of_every_family_can_be_trimmed(
    name: str, directories: dict[str, Path], corpus: Path, tmp_path: Path
) -> None:
    """The stage compares subwords and states itself; characters and bytes have none to trim."""
    trimmed = tmp_path / "trimmed"
    if family(name).units or name == "byt5":
        with pytest.raises(InputError, match="so that there is no vocabulary to trim"):
            trim_vocabulary(directories[name], [corpus], trimmed)
        return
    trim_vocabulary(directories[name], [corpus], trimmed)
    before, after = WordTokenizer(directories[name]), WordTokenizer(trimmed)
    assert after.vocabulary_size <= before.vocabulary_size
    embeddings = load_encoder(trimmed).get_input_embeddings()
    assert len(embeddings.weight) == after.vocabulary_size


@pytest.mark.parametrize("name", [*FOCUS, *OTHERS])
def test_lowest_layers_of_every_family_can_be_kept(
    name: str, directories: dict[str, Path], tmp_path: Path
) -> None:
    """The stage compares states itself; layers that share their weights have none of their own."""
    cut = tmp_path / "cut"
    if family(name).shares_layers:
        with pytest.raises(InputError, match="with weights of their own"):
            keep_layers(directories[name], 1, cut)
        return
    count = len(layer_stack(load_encoder(directories[name])))
    keep_layers(directories[name], count - 1, cut)
    after = load_encoder(cut)
    assert len(layer_stack(after)) == count - 1
    assert layers_of(json.loads((cut / "config.json").read_text())) == count - 1


def test_characters_are_those_of_canine() -> None:
    ours, theirs = character_tokenizer(), CanineTokenizer()
    for text in TEXTS:
        assert ours.encode(text).ids == theirs(text)["input_ids"], text


def test_bytes_are_those_of_byt5() -> None:
    ours, theirs = byte_tokenizer(), ByT5Tokenizer()
    for text in TEXTS:
        assert ours.encode(text).ids == theirs(text)["input_ids"], text


@pytest.mark.parametrize(("name", "units"), [("canine", 1), ("byt5", 2)])
def test_words_of_characters_and_bytes_follow_a_space(
    name: str, units: int, directories: dict[str, Path]
) -> None:
    tokenizer = WordTokenizer(directories[name])
    words = tokenizer([["ab", "é"]])[0]
    assert len(words.pieces) == 3 + 1 + units
    assert words.first.tolist() == [0, 3]
    assert words.pieces[0] == words.pieces[3]


def test_tokenizers_are_written_for_characters_and_bytes_alone(
    directories: dict[str, Path],
) -> None:
    for name in ("canine", "byt5"):
        path = directories[name] / "tokenizer.json"
        before = Tokenizer.from_file(str(path)).to_str()
        path.unlink()
        assert write_unit_tokenizer(directories[name]) == path
        assert Tokenizer.from_file(str(path)).to_str() == before
    with pytest.raises(InputError, match="no encoder of characters"):
        write_unit_tokenizer(directories["bert"])


REFUSALS: dict[str, tuple[dict[str, Any], bool | None, str]] = {
    "a decoder": ({"model_type": "qwen3"}, False, "qwen3 is a decoder, whose causal mask hides"),
    "no decoder": ({"model_type": "bert"}, True, "bert is bidirectional; remove `causal: true`"),
    "a bidirectional decoder": (
        {"model_type": "gemma3_text", "use_bidirectional_attention": True},
        True,
        "gemma3_text is bidirectional",
    ),
    "an encoder as decoder": ({"model_type": "bert", "is_decoder": True}, None, "is_decoder"),
    "remote code": ({"model_type": "new"}, None, "in the repository, which is never run"),
    "Fourier transforms": ({"model_type": "fnet"}, None, "fnet cannot be used: its Fourier"),
    "images": ({"model_type": "gemma3"}, None, "gemma3 cannot be used: it is a model of images"),
    "a pair": ({"model_type": "mbart"}, None, "mbart cannot be used: it is a pair"),
    "nothing known": ({"model_type": "abacus"}, None, "'abacus' is none of the encoders"),
    "adapters without a language": (
        {"model_type": "xmod", "languages": ["en_XX"]},
        None,
        "no default_language",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_name_the_type_and_the_reason(name: str) -> None:
    content, causal, reason = REFUSALS[name]
    with pytest.raises(InputError) as caught:
        family_of(content, "encoder/config.json", causal)
    message = str(caught.value)
    assert message.startswith("encoder/config.json: ") and reason in message
    assert "\n" not in message


def test_bidirectional_gemma_needs_no_flag() -> None:
    content = {"model_type": "gemma3_text", "use_bidirectional_attention": True}
    assert not family_of(content, "config.json", False).causal


def test_encoders_that_cannot_be_used_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mbart"}')
    with pytest.raises(InputError, match="mbart cannot be used: it is a pair"):
        load_encoder(tmp_path)


def test_weights_stored_at_half_size_do_not_round_the_draw(directories: dict[str, Path]) -> None:
    config = load_encoder(directories["llama"]).config
    expected = new_encoder(config, seed=1).state_dict()
    config.dtype = torch.bfloat16
    assert not changed_parameters(expected, new_encoder(config, seed=1).state_dict())
