"""Files: reading with clear error messages, atomic writing, and content digests."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import InputError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, an exhausted quota, a limit on the size of files."""
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
"""Missing permissions, a read-only file system."""
_BYTE_ORDER_MARK = "\ufeff"


@contextmanager
def replacing(path: Path | str, durable: bool = True) -> Iterator[Path]:
    """A temporary path that replaces ``path`` when the block succeeds.

    ``path`` is never incomplete: it keeps its old content until then.

    Args:
        path: the file to write.
        durable: whether to flush the file to disk (fsync) before the rename, which also reports
            delayed errors of network folders. Files that are verified when they are read can skip
            this to save time.

    Raises:
        InputError: the path is a folder, the disk is full or read-only, or permissions are
            missing.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    # Processes on two machines may have the same process id.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if durable:
            _sync(temporary)
        os.replace(temporary, path)
    except Exception as error:
        explanation = explain_no_room(path, error)
        if explanation is None and _is_about(error, path):
            explanation = explain_denied(error, path)
        if explanation:
            raise InputError(explanation) from error
        raise
    finally:
        # If the folder has become read-only, the first error is the one to report.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _is_about(error: Exception, path: Path) -> bool:
    """Whether an error may come from writing this file rather than from reading another."""
    named = getattr(error, "filename", None)
    if named is None:
        return True
    return Path(named).name.startswith(f".{path.name}.") or path.is_relative_to(named)


def explain_no_room(path: Path | str, error: Exception) -> str | None:
    """One line for the user if a write error means that the disk is full, else ``None``.

    Args:
        path: path that was being written.
        error: error of any library; libraries in Rust or C++ report it in the text, without
            ``errno``.
    """
    code = _number(error)
    if code not in NO_ROOM:
        return None
    return (
        f"{path}: cannot be written ({os.strerror(code)}); make room there and run the same "
        "command again"
    )


def explain_denied(error: Exception, path: Path | str = "") -> str | None:
    """One line for the user if the permission to write a file is missing, else ``None``.

    Args:
        error: error of any library.
        path: file that was being written; by default the file that the error names.
    """
    code = _number(error)
    if code not in DENIED:
        return None
    return (
        f"{path or getattr(error, 'filename', None) or 'a file'}: cannot be written "
        f"({os.strerror(code)}); change its permissions, or name another folder under "
        "`pathvars: {results: …}`"
    )


def _number(error: Exception) -> int | None:
    """The ``errno`` of an error; Rust libraries report it only in the text of the message."""
    code = getattr(error, "errno", None)
    if code is None and (said := re.search(r"(?:os error|[Ee]rrno) (\d+)", str(error))):
        code = int(said[1])
    return code


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def read_text(path: Path | str, encoding: str = "utf-8") -> str:
    """The text of a file.

    Args:
        path: the file.
        encoding: character encoding; a byte-order mark is dropped from UTF-8.

    Raises:
        InputError: the file is missing, unreadable or not in the encoding, in which case the line
            is named; or there is no such encoding.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = encoding.upper()
        raise InputError(
            f"{path}:{line}: byte 0x{error.object[error.start]:02x} is not {name}; convert the "
            f"file to {name}"
        ) from None
    except (LookupError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be decoded from '{encoding}' ({error}); name another encoding"
        ) from None
    if text.startswith(_BYTE_ORDER_MARK):
        # It would become part of the first word, and get lost when that is written and read again.
        raise InputError(f"{path}:1: a byte-order mark too many for {encoding.upper()}; remove it")
    return text


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
        InputError: the file is missing or not JSON, or exceeds Python's limits for
            nesting or for integers.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not JSON ({error.msg})") from None
    except (RecursionError, ValueError) as error:
        # Thousands of nesting levels, or an integer of thousands of digits.
        raise InputError(f"{path}: JSON that cannot be read ({error}); correct it") from None


def json_object(path: Path | str) -> dict[str, Any]:
    """The content of a JSON file; empty if it is missing, damaged or something else."""
    try:
        content = read_json(path)
    except InputError:
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path | str, content: Any) -> None:
    """Write JSON with sorted keys, atomically."""
    with replacing(path) as temporary:
        text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
        temporary.write_text(text + "\n", encoding="utf-8")


def sha256_of_file(path: Path | str) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(content: Any) -> str:
    """Canonical JSON: sorted keys, no spaces."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: Any) -> str:
    """A digest (16 hexadecimal digits) of JSON content."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]
