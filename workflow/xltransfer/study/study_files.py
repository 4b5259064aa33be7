"""Reading study files as plain data.

Snakemake reads ``--configfile`` with YTE, a template language: it runs the Python expressions of a
file with the key ``__use_yte__``, even in a dry run. No study needs them, so this package refuses
such files. ``python -m xltransfer check_study`` checks a file before Snakemake reads it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..runtime.errors import InputError
from ..runtime.files import read_bytes
from ..runtime.safe_values import printable
from .project import project_folder

LARGEST = 1 << 20
"""Maximum size of a study file in bytes; the largest one of the project has 10 kB."""
MOST_VALUES = 100_000
"""Maximum number of values of a study, counting every repetition by YAML aliases."""
DEEPEST = 50
_TEMPLATE_KEYS = ("__use_yte__", "__definitions__", "__variables__")
# The C parser is several times faster; PyYAML without libyaml lacks it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"


def read_study_file(path: Path | str) -> dict[str, Any]:
    """Read a study file without executing any of its code.

    Args:
        path: file in YAML or JSON.

    Returns:
        Its keys and values, not yet validated against the schema.

    Raises:
        InputError: the file is missing, too large, not YAML, has no keys, has template keys or
            values, or exceeds the limits for nesting and repetition.
    """
    data = read_bytes(path)
    if len(data) > LARGEST:
        raise InputError(f"{path}: {len(data):,} bytes, more than any study; is it a study file?")
    try:
        content = _content(data.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else f"{path}"
        said = getattr(error, "problem", None) or " ".join(str(error).split())
        raise InputError(f"{place}: not YAML: {printable(said)[:300]}; correct it") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}:1: no keys and values; see config.yaml")
    _refuse_templates(content, path)
    return content


def _content(text: str) -> Any:
    """The content of YAML in which no mapping has a key twice, of which the last would be kept."""
    loader = _LOADER(text)
    try:
        root = loader.get_single_node()
        # Before the construction, which writes merged keys (<<) into the nodes.
        waiting, seen = [root], set()
        while waiting:
            node = waiting.pop()
            if node is None or id(node) in seen or isinstance(node, yaml.ScalarNode):
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                _refuse_repeated_keys(node)
                waiting += [value for _, value in node.value]
            else:
                waiting += node.value
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _refuse_repeated_keys(node: yaml.MappingNode) -> None:
    keys: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            if key.value in keys:
                raise yaml.constructor.ConstructorError(
                    problem=f"key '{key.value}' is there twice", problem_mark=key.start_mark
                )
            keys.add(key.value)


def read_config(files: Sequence[Path | str]) -> dict[str, Any]:
    """The configuration as Snakemake merges it: ``config.yaml``, then each file over it.

    Args:
        files: study files; later ones override earlier ones.

    Raises:
        InputError: as for ``read_study_file``.
    """
    config: dict[str, Any] = {}
    for name in (project_folder() / "config.yaml", *files):
        _update(config, read_study_file(name))
    return config


def merged(config: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the keys of another one over it, as ``--configfile`` merges them."""
    copied = copy.deepcopy(dict(config))
    _update(copied, other)
    return copied


def _update(config: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(config.get(key), dict):
            _update(config[key], value)
        else:
            config[key] = value


def _refuse_templates(content: Any, path: Path | str) -> None:
    """Check all values, including every repetition by aliases."""
    left, waiting = MOST_VALUES, [(content, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < 0 or depth > DEEPEST:
            raise InputError(
                f"{path}: more values than any study has, or lists in lists in lists; are there "
                "aliases (&, *) that repeat each other? write the values out"
            )
        if isinstance(value, dict):
            for key in value:
                _refuse_template(key, path)
            waiting += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
        else:
            _refuse_template(value, path)


def _refuse_template(text: Any, path: Path | str) -> None:
    if isinstance(text, str) and (text in _TEMPLATE_KEYS or text.startswith("?")):
        raise InputError(
            f"{path}: '{printable(text)[:60]}' is code that Snakemake runs when it reads the file; "
            "do not give this file to Snakemake, ask its author for one without, or write the "
            "values out"
        )
