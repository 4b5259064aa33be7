"""Encoders of a study: their layers, pairs of these, and what is refused when it is planned."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from planning import encoders_with
from xltransfer.runtime.errors import InputError
from xltransfer.stages.fetch_encoder import fetch_encoder
from xltransfer.study import Study
from xltransfer.study.estimate import encoder_size
from xltransfer.study.parts import expand_pairs

REVISION = "0123456789abcdef0123456789abcdef01234567"
TWELVE = [f"random-init-{n}-{n + 1}" for n in range(1, 12, 2)]


def write_config(folder: Path, **content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Study]:
    """Makes a study of one encoder, whose `config.json` has some content."""

    def make(content: dict[str, Any] | None, **changes: Any) -> Study:
        config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        if content is not None:
            write_config(tmp_path / "encoder", **content)
        entry = {"name": "mine", "path": str(tmp_path / "encoder"), **changes.pop("entry", {})}
        entry = {key: value for key, value in entry.items() if value is not ...}
        encoders = [entry, *changes.pop("made", [])]
        config |= {"encoders": encoders, "ablations": ["none"], "unseen": {"languages": []}}
        return Study({**config, **changes}, ROOT)

    return make


@pytest.mark.parametrize("name", ["num_hidden_layers", "n_layers", "num_layers", "n_layer"])
def test_layers_are_read_from_the_encoder(name: str, study: Callable[..., Study]) -> None:
    made = study({"model_type": "bert", name: 5}, ablations=["none", "pairs"])
    assert made.encoders["mine"].layers == 5
    pairs = ["random-init-1-2", "random-init-3-4", "random-init-5-5"]
    assert made.config["ablations"] == ["none", *pairs]


def test_pairs_are_what_they_stand_for_written_out(study: Callable[..., Study]) -> None:
    content = {"model_type": "bert", "num_hidden_layers": 12}
    short = study(content, ablations=["random-init-all", "pairs", "none"])
    written = study(content, ablations=["random-init-all", *TWELVE, "none"])
    assert short.config == written.config
    assert short.table_config() == written.table_config()
    assert short.models("parsing", "qaa_embedded") == written.models("parsing", "qaa_embedded")
    without = study(content, ablations=["none", "pairs"])
    assert without.config["ablations"] == ["none", *TWELVE]


def test_pairs_that_are_no_clear_list_are_refused() -> None:
    encoders = {"a": 12, "b": 6}
    with pytest.raises(InputError, match=r"'a' \(12 layers\) and 'b' \(6\)"):
        expand_pairs(["none", "pairs"], encoders)
    with pytest.raises(InputError, match="random-init-3-4 is one of 'pairs' already"):
        expand_pairs(["none", "pairs", "random-init-3-4"], {"b": encoders["b"]})
    assert expand_pairs(["none"], encoders) == ["none"]


HUB = {"path": ..., "hub": "a/b", "revision": REVISION}

REFUSED: dict[str, tuple[dict[str, Any] | None, dict[str, Any], str]] = {
    "layers of nothing yet": (None, {}, "encoders: 'mine' has no `layers`, and "),
    "layers of a hub": (None, {"entry": HUB}, "is not there yet or does not say how many"),
    "layers not said": ({"model_type": "bert"}, {}, "'mine' has no `layers`, and "),
    "other layers": (
        {"model_type": "bert", "num_hidden_layers": 5},
        {"entry": {"layers": 6}},
        "'mine' has 5 layers (",
    ),
    "a decoder without a word": (
        {"model_type": "llama", "num_hidden_layers": 4},
        {},
        "config.json: llama is a decoder, whose causal mask hides",
    ),
    "an encoder called causal": (
        {"model_type": "modernbert", "num_hidden_layers": 4},
        {"entry": {"causal": True}},
        "config.json: modernbert is bidirectional; remove `causal: true`",
    ),
    "what cannot be used": (
        {"model_type": "fnet", "num_hidden_layers": 4},
        {},
        "config.json: fnet cannot be used: its Fourier transform",
    ),
    "an unknown type": (
        {"model_type": "abacus", "num_hidden_layers": 4},
        {},
        "config.json: 'abacus' is none of the encoders",
    ),
    "shared layers": (
        {"model_type": "albert", "num_hidden_layers": 4},
        {"ablations": ["none", "pairs"]},
        "layers of 'mine' (albert) share their weights",
    ),
    "characters without a tokenizer": (
        {"model_type": "canine", "num_hidden_layers": 4},
        {},
        "'mine' reads characters, run `python -m xltransfer write_tokenizer ",
    ),
    "bytes without a tokenizer": (
        {"model_type": "t5", "num_layers": 4, "tokenizer_class": "ByT5Tokenizer"},
        {},
        "'mine' reads bytes, run `python -m xltransfer write_tokenizer ",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_when_the_study_is_planned(name: str, study: Callable[..., Study]) -> None:
    content, changes, reason = REFUSED[name]
    with pytest.raises(InputError) as caught:
        study(content, **changes)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_adapted_is_refused_for_unseen_languages(
    study: Callable[..., Study],
) -> None:
    content = {"model_type": "mt5", "num_layers": 4}
    recipe = next(
        item for item in encoders_with("embedded-adapted") if item["name"] == "embedded-adapted"
    )
    with pytest.raises(InputError, match=r"'adapted': 'mine' \(mt5\) has no head"):
        study(content, made=[{**recipe, "name": "adapted", "from": "mine"}])


def test_decoders_and_shared_layers_in_their_place(study: Callable[..., Study]) -> None:
    content = {"model_type": "qwen3", "num_hidden_layers": 4}
    made = study(content, entry={"causal": True}, ablations=["none", "pairs", "random-init-all"])
    assert made.encoders["mine"].causal and len(made.config["ablations"]) == 4
    albert = {"model_type": "albert", "num_hidden_layers": 4}
    assert study(albert, ablations=["none", "random-init-all"]).encoders["mine"].layers == 4
    (Path(made.encoders["mine"].directory) / "config.json").write_text("{")
    assert study(None, entry={"layers": 4}).encoders["mine"].layers == 4


SIZES: dict[str, tuple[dict[str, Any], tuple[int, int, int]]] = {
    "rotary": (
        {
            "model_type": "modernbert",
            "num_hidden_layers": 4,
            "vocab_size": 90,
            "hidden_size": 8,
            "intermediate_size": 16,
            "max_position_embeddings": 8192,
            "rope_parameters": {},
        },
        (90, 0, 16),
    ),
    "XLM": ({"model_type": "xlm", "n_layers": 4, "n_words": 90, "emb_dim": 8}, (90, 0, 32)),
    "characters": (
        {
            "model_type": "canine",
            "num_hidden_layers": 4,
            "num_hash_buckets": 64,
            "hidden_size": 8,
            "intermediate_size": 16,
            "max_position_embeddings": 64,
        },
        (64, 64, 16),
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_of_every_kind_are_known(
    name: str, study: Callable[..., Study], tmp_path: Path
) -> None:
    content, expected = SIZES[name]
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "tokenizer.json").write_text("{}")
    size = encoder_size(study(content), "mine")
    assert (size.vocabulary, size.positions, size.intermediate) == expected
    assert (size.hidden, size.layers) == (8, 4)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Serves what is in its folder like the Hugging Face hub one repository and revision."""
    folder = tmp_path / "hub" / "team" / "encoder" / "resolve" / REVISION
    folder.mkdir(parents=True)

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("ETag", '"1"')
            super().end_headers()

        def send_error(self, code: int, *_: Any, **__: Any) -> None:
            self.send_response(code)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "hub"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_decoder_is_not_fetched_unless_it_is_meant(hub: Any, tmp_path: Path) -> None:
    folder, url = hub
    write_config(folder, model_type="llama", num_hidden_layers=4)
    (folder / "model.safetensors").write_text("weights")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="llama is a decoder"):
        fetch_encoder("team/encoder", REVISION, tmp_path / "e", url, causal=False)
    # Nothing counts as fetched, and the weights are not fetched for nothing.
    assert [path.name for path in (tmp_path / "e").iterdir()] == [".fetching"]
    fetch_encoder("team/encoder", REVISION, tmp_path / "e", url, causal=True)
    assert (tmp_path / "e" / "model.safetensors").read_text() == "weights"


def test_the_tokenizer_of_bytes_is_written_when_it_is_fetched(hub: Any, tmp_path: Path) -> None:
    folder, url = hub
    write_config(folder, model_type="t5", tokenizer_class="ByT5Tokenizer", num_layers=4)
    (folder / "model.safetensors").write_text("weights")
    fetch_encoder("team/encoder", REVISION, tmp_path / "e", url, causal=False)
    assert json.loads((tmp_path / "e" / "tokenizer.json").read_text())["model"]["type"] == "BPE"
