"""Validation of a configuration against its schema, with actionable error messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ..runtime.errors import InputError
from ..runtime.safe_values import printable, without_credentials
from .key_places import with_place
from .plain import check_plain
from .project import project_folder, workflow_folder
from .study_files import read_config

MOVED: Mapping[tuple[str, ...], str] = {
    ("encoder",): "name it in `unseen.arms` and as `encoder` of `unseen.verdict`",
    ("adaptation",): (
        "write an item of `encoders`: {name: <name>, from: <encoder>, by: {objective: masked-lm, "
        "text: each-unseen-language, seeds: …, training: …}}, and name it in `unseen.arms`"
    ),
    ("monolingual",): (
        "write an item of `encoders`: {name: <name>, architecture: …, by: {objective: masked-lm, "
        "text: each-unseen-language, vocabulary_size: …, seeds: …, training: …}}, and name it in "
        "`unseen.arms`"
    ),
    ("bilstm", "architecture"): (
        "write an item of `encoders`: {name: <name>, architecture: {model_type: "
        "xltransfer-bilstm, …}}, and name it in `unseen.arms`"
    ),
    ("cleaning",): "write the section at the top level of the configuration: `cleaning:`",
}
"""Keys of ``unseen`` in earlier versions, with what to write instead."""
_ABSENT = object()
SCHEMA = workflow_folder() / "schemas" / "config.schema.yaml"


def check_schema(config: Mapping[str, Any]) -> dict[str, Any]:
    """Validate a configuration against the schema.

    Every task has a section with its name, and the section's ``kind`` selects the schema. Sections
    of tasks that are not run are ignored, because overlays cannot remove them.

    Returns:
        The configuration without the sections of tasks that are not run.

    Raises:
        InputError: the configuration is invalid; names the key of the first error.
    """
    check_plain(config)
    _check_moved(config.get("unseen"))
    schema = _schema()
    kinds = schema["$defs"]["kinds"]
    named = config.get("tasks")
    tasks = [task for task in named if isinstance(task, str)] if isinstance(named, list) else []
    sections = {key for key, section in config.items() if key in tasks or _kind(section) in kinds}
    rest = {key: value for key, value in config.items() if key not in sections}
    _validate(rest, schema, "")
    for task in tasks:
        section = config.get(task)
        if not isinstance(section, Mapping):
            raise InputError(
                f"config: tasks: '{task}' has no section with its name; add one (config.yaml shows "
                "and explains what belongs in it), or remove the task"
            )
        if _kind(section) not in kinds:
            raise InputError(
                f"config: {task}.kind: {section.get('kind')!r} is none of {', '.join(kinds)}"
            )
        _validate(section, {**kinds[section["kind"]], "$defs": schema["$defs"]}, f"{task}.")
    return {key: value for key, value in config.items() if key in rest or key in tasks}


def checked_config(files: Sequence[Path | str]) -> dict[str, Any]:
    """The configuration as Snakemake merges it, for commands that need no whole study.

    Args:
        files: study files over ``config.yaml``; later ones override earlier ones.

    Raises:
        InputError: a file cannot be read, or the configuration is invalid; names file and line.
    """
    config = read_config(files)
    try:
        check_schema(config)
    except InputError as error:
        raise with_place(error, [project_folder() / "config.yaml", *files], config) from None
    return config


def _check_moved(unseen: Any) -> None:
    """Raise an error for keys of earlier versions."""
    if not isinstance(unseen, Mapping) or not unseen.get("languages"):
        return
    for keys, remedy in MOVED.items():
        found: Any = unseen
        for key in keys:
            found = found.get(key, _ABSENT) if isinstance(found, Mapping) else _ABSENT
        if found is not _ABSENT:
            raise InputError(f"config: unseen.{'.'.join(keys)}: this key has moved; {remedy}")


@cache
def _schema() -> dict[str, Any]:
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def _kind(section: Any) -> str:
    """The kind that a task's section names; ``""`` if it names none."""
    kind = section.get("kind") if isinstance(section, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _whole(
    _: Any, pattern: str, value: Any, __: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    """Patterns match whole values; `$` alone would accept a trailing line feed."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield jsonschema.ValidationError(f"{value!r} is not of the form {pattern}")


def _is_integer(_: Any, value: Any) -> bool:
    """Reject 3.0, which JSON Schema accepts as an integer but is another seed than 3."""
    return isinstance(value, int) and not isinstance(value, bool)


_VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"pattern": _whole},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def _validate(section: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> None:
    errors = list(_VALIDATOR(schema).iter_errors(section))
    if errors:
        # The error closest to the root causes the others.
        first = min(errors, key=lambda error: len(error.path))
        raise InputError(f"config: {prefix}{_explain(first)}")


def _number_remedy(error: jsonschema.ValidationError) -> str:
    """How to write a number that YAML reads as text, which it does with 2e-3."""
    written = error.instance
    if error.validator_value not in ("number", "integer") or not isinstance(written, str):
        return ""
    if re.fullmatch(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+", written):
        digits, exponent = re.split("[eE]", written)
        number = f"{digits if '.' in digits else digits + '.0'}e{int(exponent):+d}"
        return f"; YAML reads exponents only with a point and a sign: write {number}"
    return "; write it without quotes" if re.fullmatch(r"[+-]?\d+(\.\d*)?", written) else ""


def _explain(error: jsonschema.ValidationError) -> str:
    key = ".".join(str(part) for part in error.absolute_path)
    prefix = f"{key}." if key else ""
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        unknown = next(name for name in error.instance if name not in known)
        near = difflib.get_close_matches(str(unknown), known, 1)
        remedy = f"did you mean '{near[0]}'?" if near else "remove it"
        return f"{prefix}{unknown}: unknown key; {remedy}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{prefix}{missing}: the key is missing; config.yaml shows and explains it"
    value = without_credentials(printable(repr(error.instance)))
    value = value if len(value) < 60 else value[:57] + "..."
    reasons = {
        "type": f"{value} is not of type {error.validator_value}{_number_remedy(error)}",
        "enum": f"{value} is none of {error.validator_value}",
        "pattern": f"{value} is not of the form {error.validator_value}",
        "uniqueItems": f"{value} names something twice; remove one",
        "minItems": "the list is empty; name at least one",
        "contains": "'none' is missing; changes are measured against it",
        "oneOf": f"{value} is not allowed here; config.yaml explains the key",
        "minimum": f"{value} is too small; the least is {error.validator_value}",
        "maximum": f"{value} is too large; the greatest is {error.validator_value}",
        "exclusiveMinimum": f"{value} must be above {error.validator_value}",
        "exclusiveMaximum": f"{value} must be below {error.validator_value}",
    }
    return f"{key}: {reasons.get(error.validator, error.message)}"
