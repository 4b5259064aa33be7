"""Files: read with a clear complaint, write beside and rename, name by content."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import InputError


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Whatever happens, ``path`` is either as it was or complete.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Processes on two machines may have the same number.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_text(path: Path | str, encoding: str = "utf-8") -> str:
    """The text of a file.

    Args:
        path: the file.
        encoding: of the file; a byte-order mark is dropped from UTF-8.

    Raises:
        InputError: the file is missing, unreadable or not in the encoding; in the last case with
            the line.
    """
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = encoding.upper()
        raise InputError(
            f"{path}:{line}: byte 0x{data[error.start]:02x} is not {name}; convert the file to "
            f"{name}"
        ) from None


def read_bytes(path: Path | str) -> bytes:
    """The bytes of a file.

    Raises:
        InputError: the file is missing or unreadable.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def read_json(path: Path | str) -> Any:
    """The content of a JSON file.

    Raises:
        InputError: the file is missing or is not JSON.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not JSON ({error.msg})") from None


def write_json(path: Path | str, content: Any) -> None:
    """Write JSON with sorted keys; the file appears only once it is complete."""
    with replacing(path) as temporary:
        text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
        temporary.write_text(text + "\n", encoding="utf-8")


def sha256_of_file(path: Path | str) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(content: Any) -> str:
    """JSON that is equal for equal content: keys sorted, no spaces."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: Any) -> str:
    """A short name (16 hexadecimal digits) for JSON content."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]
