"""Where a key of the configuration stands: file and line, for error messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ..runtime.errors import InputError
from ..runtime.files import read_text

_KEYS = re.compile(r"config: ([^:\s]+):")


def with_place(
    error: InputError, files: Iterable[Path | str], config: Mapping[str, Any]
) -> InputError:
    """An error about the configuration that names the file and line of the key.

    Args:
        error: error whose message begins with ``config: <key>.<key>:``; others are returned as
            they are.
        files: configuration files that have been read, in order; a later one overrides earlier
            ones.
        config: merged configuration. A key whose value is from the command line has no place.

    Returns:
        The error, with the place at the end of its message if it is known.
    """
    found = _KEYS.match(str(error))
    if found is None:
        return error
    path, best = found[1].split("."), (0, "")
    for file in files:
        try:
            root = yaml.compose(read_text(file), Loader=yaml.SafeLoader)
        except (InputError, yaml.YAMLError, RecursionError):
            continue
        depth, line, node = _descend(root, path)
        if depth >= max(1, best[0]) and _is_used(node, path[:depth], config):
            best = depth, f"{file}:{line}"
    return type(error)(f"{error} ({best[1]})") if best[0] else error


def _descend(node: yaml.Node | None, path: list[str]) -> tuple[int, int, yaml.Node | None]:
    """How many keys of a path are in a document, the line of the last one, and its value."""
    depth, line = 0, 0
    for key in path:
        if isinstance(node, yaml.MappingNode):
            inside = [(k, v) for k, v in node.value if getattr(k, "value", None) == key]
        elif isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
            inside = [(node.value[int(key)],) * 2]
        else:
            break
        if not inside:
            break
        name, node = inside[-1]
        depth, line = depth + 1, name.start_mark.line + 1
    return depth, line, node


def _is_used(node: yaml.Node | None, path: list[str], config: Mapping[str, Any]) -> bool:
    """Whether a scalar of a file is the value in the merged configuration."""
    if not isinstance(node, yaml.ScalarNode):
        return True
    value: Any = config
    for key in path:
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return False
    own = yaml.safe_load(yaml.serialize(node))
    not_a_number = own != own and value != value
    return own == value or not_a_number
