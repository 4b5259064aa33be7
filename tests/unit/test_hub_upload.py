"""Exported models on the hub, of which a local HTTP server stands for the part that uploads use."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_commands import model_of, models, scores  # noqa: F401
from xltransfer.commands.export import export
from xltransfer.encoders.hub_upload import upload
from xltransfer.runtime.errors import InputError

TOKEN, REPOSITORY, COMMIT = "hf_secretsecretsecret", "owner/tagger", "0123456789" * 4


class Hub(ThreadingHTTPServer):
    """Takes commits, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.created: list[dict] = []
        self.files: dict[str, bytes] = {}
        self.refuses = False
        self.tokens: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens.add(self.headers.get("Authorization", ""))
        path = self.path.partition("?")[0].removeprefix("/api/")
        if self.server.refuses:
            self.answer(403, {"error": f"the token {TOKEN} may not write"})
        elif path == "validate-yaml":
            # The client has the metadata of the model card checked.
            self.answer(200, {"errors": [], "warnings": []})
        elif path == "repos/create":
            self.server.created.append(json.loads(body))
            self.answer(200, {"url": f"{self.server.url}/{REPOSITORY}", "name": REPOSITORY})
        elif path == f"models/{REPOSITORY}/preupload/main":
            asked = json.loads(body)["files"]
            modes = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in asked
            ]
            self.answer(200, {"files": modes})
        elif path == f"models/{REPOSITORY}/commit/main":
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    value = line["value"]
                    self.server.files[value["path"]] = base64.b64decode(value["content"])
            url = f"{self.server.url}/{REPOSITORY}/commit/{COMMIT}"
            self.answer(200, {"commitUrl": url, "commitOid": COMMIT, "success": True})
        else:
            self.answer(404, {"error": "not found"})

    def do_GET(self) -> None:
        self.answer(200, {"id": REPOSITORY, "sha": COMMIT, "siblings": []})

    do_HEAD = do_GET

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield server
    server.shutdown()
    server.server_close()


def test_an_exported_model_is_uploaded(
    hub: Hub,
    models: Path,  # noqa: F811
    tmp_path: Path,
    capfd: pytest.CaptureFixture,
) -> None:
    scores(models)
    folder = tmp_path / "exported"
    export(model_of(models, "pos"), folder, push_to_hub=REPOSITORY)
    uploaded = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert hub.files == uploaded and {"README.md", "model.safetensors"} <= set(uploaded)
    (created,) = hub.created
    assert created.get("private") is True or created.get("visibility") == "private"
    assert hub.tokens == {f"Bearer {TOKEN}"}
    out, err = capfd.readouterr()
    assert f"/{REPOSITORY}/commit/{COMMIT}" in out
    assert TOKEN not in out + err


def test_a_refused_upload_is_one_line_without_the_token(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")
    hub.refuses = True
    for endpoint in (hub.url, "http://127.0.0.1:1"):
        with pytest.raises(InputError) as caught:
            upload(tmp_path, REPOSITORY, TOKEN, "a model", endpoint)
        reason = str(caught.value)
        assert reason.startswith(f"{REPOSITORY}: not uploaded (") and "\n" not in reason
        assert TOKEN not in reason and f"hf upload {REPOSITORY}" in reason


def test_without_a_token_nothing_is_exported(
    models: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(InputError, match="no token of the hub; set HF_TOKEN"):
        export(model_of(models, "pos"), tmp_path / "x", push_to_hub=REPOSITORY)
    assert not (tmp_path / "x").exists()
