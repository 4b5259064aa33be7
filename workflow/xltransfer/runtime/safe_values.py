"""Checks of catalogue values that become parts of paths, commands or URLs.

Catalogues are tables that people edit, merge and share. A name that leaves the folder of downloads,
or that a shell would execute, is refused when its table is read. Imports are light because the
Snakefile reads the catalogues whenever it is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from .errors import InputError

LANGUAGE = re.compile(r"[a-z]{2,16}(_[a-z0-9]{1,32}){0,3}")
"""Code of a variety: `en`, `ug_latn`."""
CORPUS = re.compile(r"[a-z]{2,16}(_[a-z0-9]{1,32}){1,4}")
"""Code of a corpus: `en_ewt`. The rules use the same pattern to find corpora in paths."""
SCHEME = re.compile(r"[a-z0-9]{1,32}(-[a-z0-9]{1,32}){0,5}")
"""Name of a transliteration scheme: `uyghur-uly`."""
ISO_639_3 = re.compile(r"[a-z]{3}")
ISO_15924 = re.compile(r"[A-Z][a-z]{3}")
CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|git-sha1:[0-9a-f]{40}|unchecked")
URL_SCHEMES = ("https", "http", "hf")
"""URL schemes allowed in catalogues; only the user's configuration may name folders."""
_COMPONENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=-]{0,199}")
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!&()*+,;=%-]+")
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s'\"]*@")
_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    r"""A text whose control characters are written as escapes (``\x1b``).

    Terminals interpret control characters: a text can rename the window, move the cursor or hide
    lines.
    """
    return _NOT_PRINTED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def without_credentials(text: str) -> str:
    """A text whose URLs (``scheme://…``) have the credentials before ``@`` replaced by ``…``."""
    return _CREDENTIALS.sub("…@", text)


def has_credentials(address: str) -> bool:
    """Whether a URL contains a user name or a password."""
    return bool(_CREDENTIALS.search(address))


def check_prefix(code: str, languages: Sequence[str], place: str, column: str) -> None:
    """Check that a code starts with those of its languages, on which jobs and paths rely.

    Args:
        code: value of the table, e.g. ``en_fr_muse``.
        languages: codes of its language or languages, in order.
        place: ``file:line``, for the message.
        column: column of the table.

    Raises:
        InputError: it does not.
    """
    prefix = "".join(f"{language}_" for language in languages)
    if not code.startswith(prefix):
        whose = "language's code" if len(languages) == 1 else "languages' codes"
        raise InputError(f"{place}: {column} '{code}' does not start with its {whose}, '{prefix}'")


def check_code(form: re.Pattern[str], code: str, place: str, column: str) -> str:
    """A code that is safe in paths, in wildcards and on command lines.

    Args:
        form: pattern ``LANGUAGE``, ``CORPUS``, ``SCHEME``, ``ISO_639_3`` or ``ISO_15924``.
        code: value of the table.
        place: ``file:line``, for the message.
        column: column of the table.

    Returns:
        the code.

    Raises:
        InputError: the code does not have the form.
    """
    if not form.fullmatch(code):
        raise InputError(
            f"{place}: {column} {_quoted(code)} is not of the form {form.pattern}; rename it"
        )
    return code


def check_path(path: str, place: str, column: str) -> str:
    """A relative path that stays within its folder and needs no quoting in a shell.

    Args:
        path: relative path with ``/`` between components.
        place: ``file:line``, for the message.
        column: column of the table.

    Returns:
        the path.

    Raises:
        InputError: a component is empty, starts with a dot or a dash, or has characters other than
            ASCII letters, digits and ``._+=-``.
    """
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            raise InputError(
                f"{place}: {column} {_quoted(path)} is no path inside a mirror: components are "
                "ASCII letters, digits and ._+=- and start with a letter, digit or _; correct it"
            )
    return path


def check_checksum(checksum: str, place: str) -> str:
    """A checksum of a catalogue.

    Raises:
        InputError: it has none of the forms ``sha256:<64 hex>``, ``git-sha1:<40 hex>``,
            ``unchecked``.
    """
    if not CHECKSUM.fullmatch(checksum):
        raise InputError(
            f"{place}: checksum {_quoted(checksum)} is none of sha256:<64 hexadecimal digits>, "
            "git-sha1:<40> and unchecked; correct it"
        )
    return checksum


def check_url(url: str, place: str) -> str:
    """The URL of a download in a catalogue; empty if there is none.

    Raises:
        InputError: the scheme is not one of ``URL_SCHEMES``, there is no host, or the URL has
            invalid characters or contains a user name or password.
    """
    if not url:
        return url
    shown = _quoted(without_credentials(url))
    try:
        parts = urlsplit(url) if _URL.fullmatch(url) else None
        usable = parts is not None and parts.scheme in URL_SCHEMES and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise InputError(
            f"{place}: {shown} is no address of a catalogue: https://, http:// or hf://; name a "
            "local folder under `mirrors` in the configuration"
        )
    check_no_credentials(url, f"{place}: url")
    return url


def check_no_credentials(address: str, place: str) -> str:
    """A URL without a user name and password.

    URLs appear in logs, command lines and Snakemake's metadata.

    Raises:
        InputError: it contains them; the message leaves them out.
    """
    if has_credentials(address):
        raise InputError(
            f"{place}: {_quoted(without_credentials(address))} carries a user name or password, "
            "which would be logged; write them into ~/.netrc, or a file that NETRC names"
        )
    return address


def check_text(text: str, place: str, column: str) -> str:
    """A text for readers: a name, a family, a licence.

    Raises:
        InputError: it has control characters.
    """
    if _NOT_PRINTED.search(text):
        raise InputError(f"{place}: {column} {_quoted(text)} has control characters; remove them")
    return text


def _quoted(text: str) -> str:
    shown = printable(text)
    return f"'{shown[:80]}…'" if len(shown) > 80 else f"'{shown}'"
