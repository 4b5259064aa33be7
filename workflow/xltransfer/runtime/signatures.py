"""The command line of a function: its parameters are the options, its docstring explains them.

A stage is the function that has the name of its module. What is positional only in Python is so on
the command line, and ``keyword_names`` become ``--keyword-names``. A mapping is a JSON object, or
the path of a YAML file that holds one.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .command import run
from .errors import InputError
from .files import read_text


class Keys:
    """The keys that a mapping must have, for the annotation of a parameter; ``a.b`` is b in a."""

    def __init__(self, *names: str) -> None:
        self.names = names


def run_command(function: Callable[..., object]) -> None:
    """Run a function with the command line of this process."""
    run(parser_of(function), partial(_call, function))


def parser_of(function: Callable[..., object]) -> argparse.ArgumentParser:
    """The parser of a function's command line."""
    summary, helps = _documentation(function)
    parser = argparse.ArgumentParser(
        prog=f"python -m xltransfer {function.__name__}", description=summary
    )
    for name, parameter, kind, _ in _parameters(function):
        flag = name if parameter.kind is parameter.POSITIONAL_ONLY else _option(name)
        # The name of a parameter that Python reserves (`from`) has an underscore at its end.
        known = {"dest": name} if flag.startswith("-") else {}
        parser.add_argument(
            flag, help=helps.get(name), **known, **_properties(flag, kind, parameter)
        )
    return parser


def required_keys(function: Callable[..., object]) -> dict[str, tuple[str, ...]]:
    """The keys that the JSON objects among a function's parameters must have, by parameter."""
    return {name: keys for name, _, kind, keys in _parameters(function) if _is_mapping(kind)}


def _parameters(
    function: Callable[..., object],
) -> list[tuple[str, inspect.Parameter, Any, tuple[str, ...]]]:
    """Of each parameter its name, what Python knows of it, its type, and the keys of a mapping."""
    hints, found = get_type_hints(function, include_extras=True), []
    for name, parameter in inspect.signature(function).parameters.items():
        kind, keys = hints[name], ()
        if get_origin(kind) is Annotated:
            kind, wanted = get_args(kind)
            keys = wanted.names
        if get_origin(kind) in (Union, UnionType):
            (kind,) = (part for part in get_args(kind) if part is not NoneType)
        found.append((name, parameter, kind, keys))
    return found


def _option(name: str) -> str:
    return f"--{name.rstrip('_').replace('_', '-')}"


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _properties(flag: str, kind: Any, parameter: inspect.Parameter) -> dict[str, Any]:
    """What ``argparse`` is told of a parameter."""
    if kind is bool:
        return {"action": "store_true"}
    needed = parameter.default is parameter.empty
    found: dict[str, Any] = {} if needed else {"default": parameter.default}
    if needed and flag.startswith("-"):
        found["required"] = True
    if kind in (Path, str, int, float):
        return {**found, "type": kind}
    if get_origin(kind) is Literal:
        return {**found, "choices": get_args(kind)}
    if _is_mapping(kind):
        return {**found, "metavar": "JSON"}
    return {**found, "type": get_args(kind)[0], "nargs": "+" if needed else "*"}


def _documentation(function: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """The first line of a docstring, and what it says of each parameter."""
    summary, _, rest = (inspect.getdoc(function) or "").partition("\n")
    section = rest.partition("\nArgs:\n")[2].partition("\n\n")[0]
    helps = {}
    for entry in re.split(r"^ {4}(?! )", section, flags=re.MULTILINE)[1:]:
        names, _, text = entry.partition(":")
        helps.update(dict.fromkeys(names.split(", "), _plain(text)))
    return _plain(summary), helps


def _plain(text: str) -> str:
    """Text of a docstring on one line, as ``argparse`` wants it."""
    return " ".join(text.split()).replace("``", "").replace("%", "%%")


def _call(function: Callable[..., object], arguments: argparse.Namespace) -> None:
    positional, named = [], {}
    for name, parameter, kind, keys in _parameters(function):
        value = getattr(arguments, name)
        if _is_mapping(kind) and isinstance(value, str):
            value = _read_object(_option(name), value, keys)
        if parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[name] = value
    function(*positional, **named)


def _read_object(option: str, text: str, keys: tuple[str, ...]) -> _Object:
    """The object that an option gives.

    Raises:
        InputError: it is none, or lacks a key.
    """
    try:
        # Not YAML in both cases, to which 5e-05 is text.
        content = json.loads(text) if text.lstrip()[:1] in ("{", "[") else _read_yaml(text)
    except ValueError as error:
        raise InputError(f"{option}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{option}: not a JSON object")
    found = _checked(content, f"{option}: key '")
    for key in keys:
        _look_up(found, key.split("."), option)
    return found


def _look_up(found: Any, path: list[str], option: str) -> None:
    """Refuse an object without a key, or without one in another."""
    for number, key in enumerate(path):
        if not isinstance(found, dict):
            place = ".".join(path[:number])
            raise InputError(f"{option}: '{place}' is no JSON object with a key '{key}'")
        found = found[key]


def _read_yaml(path: str) -> Any:
    import yaml

    text = read_text(Path(path))
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else f"{path}"
        said = getattr(error, "problem", None) or error
        raise InputError(f"{place}: not YAML ({said}); correct it") from None


class _Object(dict[str, Any]):
    """A JSON object that says in one line which key it lacks."""

    place = "key '"

    def __missing__(self, key: str) -> Any:
        raise InputError(f"{self.place}{key}' is missing")

    def __or__(self, other: Mapping[str, Any]) -> _Object:  # type: ignore[override]
        return _object({**self, **other}, self.place)


def _object(content: Mapping[str, Any], place: str) -> _Object:
    found = _Object(content)
    found.place = place
    return found


def _checked(value: Any, place: str) -> Any:
    """A value of JSON, in which every object says what it lacks."""
    if isinstance(value, dict):
        inner = {key: _checked(item, f"{place}{key}.") for key, item in value.items()}
        return _object(inner, place)
    if isinstance(value, list):
        return [_checked(item, f"{place}{number}.") for number, item in enumerate(value)]
    return value
