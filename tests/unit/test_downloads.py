"""Fetching, from folders and from a local HTTP server that misbehaves in known ways."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from xltransfer.corpora import downloads
from xltransfer.corpora.checksums import checksum_of, verify_checksum
from xltransfer.corpora.downloads import NotFoundError, fetch_file
from xltransfer.records.record import record_path
from xltransfer.records.verification import verified_encoder
from xltransfer.runtime.errors import InputError
from xltransfer.stages.fetch_encoder import REQUIRED, fetch_encoder

CONTENT = "1\tHé\t_\tX\t_\t_\t0\troot\t_\t_\n\n".encode() * 500
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
NAME = "UD_English-EWT/en_ewt-ud-test.conllu"


class Server(ThreadingHTTPServer):
    """Serves ``files`` and logs requests; a path may fail a number of times first."""

    files: dict[str, bytes]
    failures: dict[str, int]
    truncated: set[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        self.server.requests.append((self.command, path))
        if self.server.failures.get(path, 0) > 0:
            self.server.failures[path] -= 1
            self.answer(503, b"")
        elif path not in self.server.files:
            self.answer(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
        else:
            self.answer(200, self.server.files[path], self.server.headers)

    do_HEAD = do_GET

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            cut = len(body) // 2 if self.path.lstrip("/") in self.server.truncated else len(body)
            self.wfile.write(body[:cut])
            self.close_connection = cut < len(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.files, server.failures, server.truncated = {}, {}, set()
    server.headers, server.requests = {}, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a second or more in between."""
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


def assert_nothing_left(folder: Path) -> None:
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_git_checksum_is_what_git_says(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello\n")
    # git hash-object of a file that holds "hello" and a line end.
    assert checksum_of(tmp_path / "file", "git-sha1") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_fetches_from_http(server: Server, tmp_path: Path) -> None:
    server.files["file"] = CONTENT
    fetch_file(tmp_path / "out" / "file", NAME, f"{server.url}/file", SHA256, [])
    assert (tmp_path / "out" / "file").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["file"]


def test_retries_after_failures(server: Server, tmp_path: Path) -> None:
    server.files["file"] = CONTENT
    server.failures["file"] = 2
    fetch_file(tmp_path / "file", NAME, f"{server.url}/file", SHA256, [])
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.requests) == 3


def test_a_file_that_does_not_exist_is_asked_for_once(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="HTTP 404"):
        fetch_file(tmp_path / "file", NAME, f"{server.url}/file", SHA256, [])
    assert server.requests == [("GET", "file")]


def test_a_server_that_fails_does_not_say_that_there_is_no_file(
    server: Server, tmp_path: Path
) -> None:
    server.failures["file"] = 100
    with pytest.raises(InputError, match="HTTP 503") as caught:
        fetch_file(tmp_path / "file", NAME, f"{server.url}/file", SHA256, [])
    assert not isinstance(caught.value, NotFoundError)


@pytest.mark.parametrize("kind", ["folder", "file url", "http"])
def test_mirrors_come_first(kind: str, server: Server, tmp_path: Path) -> None:
    mirror = tmp_path / "a mirror"
    (mirror / NAME).parent.mkdir(parents=True)
    (mirror / NAME).write_bytes(CONTENT)
    server.files[f"ud/{NAME}"] = CONTENT
    place = {"folder": str(mirror), "file url": mirror.as_uri(), "http": f"{server.url}/ud/"}[kind]
    fetch_file(tmp_path / "file", NAME, f"{server.url}/origin", SHA256, [place])
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ("GET", "origin") not in server.requests


def test_what_a_mirror_lacks_comes_from_the_next_place(server: Server, tmp_path: Path) -> None:
    server.files["origin"] = CONTENT
    mirrors = [str(tmp_path / "nowhere"), f"{server.url}/empty"]
    fetch_file(tmp_path / "file", NAME, f"{server.url}/origin", SHA256, mirrors)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_found_nowhere_is_one_line_with_every_place(server: Server, tmp_path: Path) -> None:
    mirror = tmp_path / "nowhere"
    with pytest.raises(InputError) as caught:
        fetch_file(tmp_path / "out" / "f", NAME, f"{server.url}/f", SHA256, [str(mirror)])
    message = str(caught.value)
    assert f"{mirror}/{NAME} (No such file or directory)" in message
    assert f"{server.url}/f (HTTP 404)" in message
    assert "put the file there by hand or add a mirror" in message
    assert "\n" not in message
    assert_nothing_left(tmp_path)


def test_unreachable_server_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9/f \(ConnectionError\)"):
        fetch_file(tmp_path / "f", NAME, "http://127.0.0.1:9/f", SHA256, [])
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "http"])
@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_other_content_is_refused_with_both_checksums(
    damage: str, kind: str, server: Server, tmp_path: Path
) -> None:
    wrong = CONTENT[:-100] if damage == "truncated" else CONTENT.replace(b"X", b"Y", 1)
    mirror = tmp_path / "mirror"
    (mirror / NAME).parent.mkdir(parents=True)
    (mirror / NAME).write_bytes(wrong)
    server.files["file"] = wrong
    url, mirrors = f"{server.url}/file", [str(mirror)] if kind == "folder" else []
    with pytest.raises(InputError) as caught:
        fetch_file(tmp_path / "out" / "file", NAME, url, SHA256, mirrors)
    message = str(caught.value)
    assert (str(mirror) if kind == "folder" else url) in message
    assert SHA256.removeprefix("sha256:") in message
    assert hashlib.sha256(wrong).hexdigest() in message
    assert "\n" not in message
    assert not list((tmp_path / "out").iterdir())


def test_connection_that_breaks_off_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["file"] = CONTENT
    server.truncated.add("file")
    with pytest.raises(InputError, match="found nowhere"):
        fetch_file(tmp_path / "out" / "file", NAME, f"{server.url}/file", SHA256, [])
    assert not list((tmp_path / "out").iterdir())
    assert len(server.requests) == 1 + downloads.RETRIES


def test_unknown_kind_of_checksum_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    with pytest.raises(InputError, match="unknown kind of checksum 'md5'"):
        verify_checksum(tmp_path / "file", "md5:abc")


REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that answers like the Hugging Face hub for one repository and revision."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    server.headers = {"X-Repo-Commit": REVISION}
    for name in (*REQUIRED, "tokenizer_config.json"):
        content = json.dumps({"file": name}).encode()
        server.files[f"team/encoder/resolve/{REVISION}/{name}"] = content
    return server


def test_encoder_from_the_hub(hub: Server, tmp_path: Path) -> None:
    fetch_encoder("team/encoder", REVISION, tmp_path / "encoder", endpoint=hub.url)
    names = sorted(path.name for path in (tmp_path / "encoder").iterdir())
    fetched = [*REQUIRED, "tokenizer_config.json"]
    records = [record_path(name).name for name in fetched]
    assert names == sorted([*fetched, *records])
    assert len(verified_encoder(tmp_path / "encoder")) == len(REQUIRED)
    for name in fetched:
        assert json.loads((tmp_path / "encoder" / name).read_text()) == {"file": name}
    (tmp_path / "encoder" / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"config.json: changed since it was made: .* restore it"):
        verified_encoder(tmp_path / "encoder")


def test_tokenizers_that_are_written_have_a_record(hub: Server, tmp_path: Path) -> None:
    """Of characters and bytes, which have no tokenizer.json on the hub."""
    place = f"team/encoder/resolve/{REVISION}"
    del hub.files[f"{place}/tokenizer.json"]
    hub.files[f"{place}/config.json"] = b'{"model_type": "canine"}'
    folder = tmp_path / "encoder"
    fetch_encoder("team/encoder", REVISION, folder, endpoint=hub.url)
    assert record_path(folder / "tokenizer.json").exists()
    assert len(verified_encoder(folder)) == len(REQUIRED)


def test_encoder_without_safetensors_is_refused(hub: Server, tmp_path: Path) -> None:
    del hub.files[f"team/encoder/resolve/{REVISION}/model.safetensors"]
    with pytest.raises(InputError, match=r"has no model\.safetensors; choose a revision"):
        fetch_encoder("team/encoder", REVISION, tmp_path / "encoder", endpoint=hub.url)
    assert not (tmp_path / "encoder" / "model.safetensors").exists()


def test_unreachable_hub_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        fetch_encoder("team/encoder", REVISION, tmp_path / "e", endpoint="http://127.0.0.1:9")
    assert str(caught.value).startswith("team/encoder@0123456789ab: ")
    assert "\n" not in str(caught.value)


LOGIN = b"\n<!DOCTYPE html>\n<html><body><form action='/login'>Password</form></body></html>\n"


@pytest.mark.parametrize("place", ["http", "folder"])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a/text.txt", LOGIN, "a web page, not the file"),
        ("a/text.txt", b"\xef\xbb\xbf<HTML lang='en'>", "a web page"),
        ("a/text.txt", b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC ''>", "a web page"),
        ("a/x.conllu", LOGIN, "a web page"),
        ("a/x.parquet", LOGIN, "a web page"),
        ("a/x.txt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        ("a/x.tar.gz", b"Please log in\n", r"not a \.gz file"),
        ("a/x.xml.bz2", b"quota exceeded\n", r"not a \.bz2 file"),
        ("a/x.jsonl.zst", b"{}\n", r"not a \.zst file"),
        ("a/x.parquet", b"PK\3\4", r"not a \.parquet file"),
        ("a/x.txt", b"", "an empty file"),
    ],
)
def test_what_is_no_file_of_its_kind_is_refused_without_a_checksum(
    name: str, content: bytes, reason: str, place: str, server: Server, tmp_path: Path
) -> None:
    server.files[name] = content
    (tmp_path / "mirror" / "a").mkdir(parents=True)
    (tmp_path / "mirror" / name).write_bytes(content)
    mirror = server.url if place == "http" else str(tmp_path / "mirror")
    with pytest.raises(InputError, match=reason) as caught:
        fetch_file(tmp_path / "out" / "file", name, "", "unchecked", [mirror])
    assert mirror in str(caught.value) and "\n" not in str(caught.value)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a/dump.xml", b"<?xml version='1.0'?>\n<mediawiki><page/></mediawiki>"),
        ("a/text.txt", b"<p>markup in a text</p>\nand more\n"),
        ("a/text.txt", b"html <html> in a line\n"),
        ("a/x.gz", b"\x1f\x8b\x08"),
    ],
)
def test_files_that_look_like_their_kind_are_taken(
    name: str, content: bytes, server: Server, tmp_path: Path
) -> None:
    server.files[name] = content
    fetch_file(tmp_path / "file", name, "", "unchecked", [server.url])
    assert (tmp_path / "file").read_bytes() == content


@pytest.mark.parametrize("place", ["http", "folder"])
def test_downloads_end_at_the_size_of_the_catalogue(
    place: str, server: Server, tmp_path: Path
) -> None:
    server.files["a/x.txt"] = b"x" * 100_000
    (tmp_path / "mirror" / "a").mkdir(parents=True)
    (tmp_path / "mirror" / "a" / "x.txt").write_bytes(b"x" * 100_000)
    mirror = server.url if place == "http" else f"file://{tmp_path}/mirror"
    with pytest.raises(InputError, match=r"x\.txt: more than 99,999 bytes") as caught:
        fetch_file(tmp_path / "out" / "f", "a/x.txt", "", "unchecked", [mirror], largest=99_999)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").iterdir())
    fetch_file(tmp_path / "out" / "f", "a/x.txt", "", "unchecked", [mirror], largest=100_000)


def test_endless_answer_is_given_up(server: Server, tmp_path: Path) -> None:
    """A server may send more than it announces, or announce nothing."""

    class Endless(Handler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 65536)

    server.RequestHandlerClass = Endless
    with pytest.raises(InputError, match="more than 1,000,000 bytes"):
        fetch_file(tmp_path / "f", "a/x.txt", "", "unchecked", [server.url], largest=1_000_000)
    assert_nothing_left(tmp_path)


def test_catalogue_cannot_name_a_local_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for url in (f"file://{tmp_path}/secret", f"{tmp_path}/secret", "secret"):
        with pytest.raises(InputError, match="name the folder under `mirrors`"):
            fetch_file(tmp_path / "out" / "f", "a/x.txt", url, "unchecked", [])
    assert not (tmp_path / "out").exists()


def test_passwords_come_from_netrc_and_not_from_addresses(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = []

    class Private(Handler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            known = seen[-1] == "Basic " + base64.b64encode(b"user:secret").decode()
            self.answer(200 if known else 401, CONTENT if known else b"")

    server.RequestHandlerClass = Private
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret\n")
    with_password = server.url.replace("//", "//user:secret@")
    caplog.set_level("DEBUG")
    for mirrors, url in (([with_password], ""), ([], f"{with_password}/{NAME}")):
        with pytest.raises(InputError, match=r"write them into ~/\.netrc") as caught:
            fetch_file(tmp_path / "a", NAME, url, SHA256, mirrors)
        assert "secret" not in str(caught.value) and "user:" not in str(caught.value)
    assert seen == []
    monkeypatch.setenv("NETRC", str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="HTTP 401"):
        fetch_file(tmp_path / "a", NAME, "", SHA256, [server.url])
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch_file(tmp_path / "a", NAME, "", SHA256, [server.url])
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert "secret" not in caplog.text
