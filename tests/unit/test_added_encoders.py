"""Adding an encoder of the hub to the catalogue or to a study, from a local HTTP server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from test_added_treebanks import clone, tables  # noqa: F401
from test_downloads import Server, server  # noqa: F401
from xltransfer.commands.add import add
from xltransfer.commands.list import list as list_names
from xltransfer.commands.new import new
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.public.functions import open_study
from xltransfer.runtime.errors import InputError
from xltransfer.study.added_encoders import extended_by_encoder
from xltransfer.study.encoder_catalogue import catalogued_encoders

HUB, COMMIT = "team/Tiny_Encoder", "0123456789" * 4
FILES = ("config.json", "model.safetensors", "tokenizer.json")
CONFIG = {
    "model_type": "bert",
    "vocab_size": 50,
    "max_position_embeddings": 64,
    "hidden_size": 32,
    "num_hidden_layers": 12,
    "intermediate_size": 128,
}
STUDY = Path("mine/study.yaml")


@pytest.fixture
def hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:  # noqa: F811
    """A hub with one encoder."""
    server.headers = {"X-Repo-Commit": COMMIT, "Content-Type": "application/json"}
    publish(server, CONFIG, FILES)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
    # The client keeps its own copy of the address in templates of URLs.
    template = f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    return server


def publish(server: Server, config: object, files: tuple[str, ...]) -> None:  # noqa: F811
    answer = {"id": HUB, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
    for path in (f"api/models/{HUB}", f"api/models/{HUB}/revision/{COMMIT}"):
        server.files[path] = json.dumps(answer).encode()
    server.files[f"{HUB}/resolve/{COMMIT}/config.json"] = json.dumps(config).encode()


def catalogue(added: str | None = None) -> Catalogue:
    return Catalogue("resources", "2.18", added)


def test_an_encoder_in_the_catalogue(
    hub: Server,
    clone: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
) -> None:
    add(HUB, encoder=True)
    item = {"name": "tiny-encoder", "hub": HUB, "revision": COMMIT, "layers": 12}
    assert f"as an item of `encoders`: {json.dumps(item)}" in capsys.readouterr().out
    found = catalogued_encoders(catalogue())[HUB]
    assert found.revision == COMMIT
    size = {"vocabulary": 50, "positions": 64, "hidden": 32, "layers": 12, "intermediate": 128}
    assert vars(found.size) == size
    before = tables(clone / "resources")
    add(HUB, encoder=True)
    assert "is in the catalogue already" in capsys.readouterr().out
    assert tables(clone / "resources") == before
    list_names("encoders")
    assert f"{HUB}" in capsys.readouterr().out
    # A new study has this commit, and asks no hub for it.
    hub.requests.clear()
    new(STUDY, source=["qaa_embedded"], target=["qab_embedded"], encoder=HUB)
    assert open_study(STUDY).config["encoders"] == [item] and not hub.requests


def test_an_encoder_of_a_study(hub: Server, clone: Path) -> None:  # noqa: F811
    new(STUDY, source=["qaa_embedded"], target=["qab_embedded"])
    before, text = tables(clone / "resources"), STUDY.read_text()
    add(HUB, encoder=True, study=str(STUDY))
    assert tables(clone / "resources") == before
    assert HUB in catalogued_encoders(catalogue("mine/catalogue"))
    item = {"name": "tiny-encoder", "hub": HUB, "revision": COMMIT, "layers": 12}
    extended = STUDY.read_text()
    assert yaml.safe_load(extended) == {
        **yaml.safe_load(text),
        "encoders": [*yaml.safe_load(text)["encoders"], item],
        "catalogue": "mine/catalogue",
    }
    assert [line for line in text.splitlines() if line not in extended.splitlines()] == []
    assert [*open_study(STUDY).declared_encoders] == ["embedded", "tiny-encoder"]
    add(f"{HUB}@{COMMIT}", encoder=True, study=str(STUDY))
    assert STUDY.read_text() == extended


def test_an_encoder_before_its_study(hub: Server, clone: Path) -> None:  # noqa: F811
    add(HUB, encoder=True, study=str(STUDY))
    assert not STUDY.exists()
    new(STUDY, source=["qaa_embedded"], target=["qab_embedded"], encoder=HUB)
    (item,) = open_study(STUDY).config["encoders"]
    assert (item["revision"], item["layers"]) == (COMMIT, 12)


def test_a_decoder_says_that_it_is_one(
    hub: Server,
    clone: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
) -> None:
    publish(hub, {**CONFIG, "model_type": "llama", "rope_theta": 10000}, FILES)
    add(HUB, encoder=True)
    assert '"causal": true' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "config", "files", "message"),
    [
        ("team/none", CONFIG, FILES, "team/none: .*; correct the name, or give the commit"),
        (f"{HUB}@main", CONFIG, FILES, "'main' is no commit hash of 40 hexadecimal digits"),
        (f"{HUB}@{'f' * 40}", CONFIG, FILES, "cannot be read .*; correct the name or the commit"),
        ("a b", CONFIG, FILES, "no repository of the hub like owner/name"),
        (HUB, CONFIG, FILES[:1], "has no model.safetensors and no tokenizer.json"),
        (HUB, CONFIG, FILES[1:], "has no config.json"),
        (HUB, [], FILES, "config.json: no model_type"),
        (HUB, {**CONFIG, "model_type": "clip"}, FILES, "clip cannot be used: it is a model of im"),
        (HUB, {"model_type": "bert"}, FILES, "config.json: no vocab_size or"),
    ],
)
def test_encoders_that_are_refused(
    name: str,
    config: object,
    files: tuple[str, ...],
    message: str,
    hub: Server,
    clone: Path,  # noqa: F811
) -> None:
    publish(hub, config, files)
    before = tables(clone / "resources")
    with pytest.raises(InputError, match=message):
        add(name, encoder=True)
    assert tables(clone / "resources") == before
    with pytest.raises(InputError, match=message):
        add(name, encoder=True, study=str(STUDY))
    assert not STUDY.parent.exists()


ITEM = {"name": "tiny", "hub": HUB, "revision": COMMIT}


@pytest.mark.parametrize(
    "text",
    [
        "encoders:\n- {name: a, path: b}\nstudy: x\n",
        "encoders:\n  - name: a\n    path: b   # where\n  # more\n  - name: c\n    hub: d\n",
        "study: x\nencoders:\n  - {name: a,\n     path: b}",
        "encoders:\n  - name: a\n    path: b\n\n# Next.\nstudy: x\n",
    ],
)
def test_a_list_of_encoders_is_extended_by_a_line(text: str, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(text)
    found = extended_by_encoder(study, ITEM)
    before = yaml.safe_load(text)
    assert yaml.safe_load(found) == {**before, "encoders": [*before["encoders"], ITEM]}
    kept = [line for line in found.splitlines() if COMMIT not in line]
    assert kept == text.splitlines()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study: x\n", "has no list `encoders` to extend; write `encoders: "),
        ("encoders: [{name: a, path: b}]\n", "cannot be extended by a line; add {"),
        ("encoders:\n- {name: tiny, path: b}\n", "an encoder 'tiny' is there already"),
    ],
)
def test_a_list_that_no_line_extends(text: str, message: str, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(text)
    with pytest.raises(InputError, match=message):
        extended_by_encoder(study, ITEM)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("team/x\tmain\t1\t1\t1\t1\t1", "encoders.tsv:2: revision 'main' is not of the form"),
        ("team x\t\t1\t1\t1\t1\t1", "hub 'team x' is not of the form"),
        ("team/x\t\tmany\t1\t1\t1\t1", "vocabulary 'many' is no whole number"),
        ("google-bert/bert-base-cased\t\t1\t1\t1\t1\t1", "occurs twice"),
    ],
)
def test_rows_of_encoders_are_checked(row: str, message: str, clone: Path) -> None:  # noqa: F811
    folder = Path("mine/catalogue")
    folder.mkdir(parents=True)
    header = "hub\trevision\tvocabulary\tpositions\thidden\tlayers\tintermediate"
    (folder / "encoders.tsv").write_text(f"{header}\n{row}\n")
    with pytest.raises(InputError, match=message):
        catalogued_encoders(catalogue(str(folder)))
