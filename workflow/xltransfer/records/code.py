"""The identity of code: a digest of a stage's code that ignores comments and formatting.

Snakemake detects changed parameters and inputs, but not changed modules behind a command line. Each
rule therefore has the digest of its stage as a parameter. It covers the syntax trees of the stage's
module and of every module of this package that it imports, directly or not, except ``runtime``.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import json_object, replacing

PACKAGE = "xltransfer"
RUNTIME = f"{PACKAGE}.runtime"
"""Modules that do not affect results: commands, locks, signals, reading and writing of files."""
ROOT = Path(__file__).parents[1]
PARSED = ROOT / "__pycache__" / "identity.json"
"""Cache of parsed sources, by digest of the source."""
_unsaved: set[str] = set()
_PARSER = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


@cache
def stage_digest(stage: str) -> str:
    """Digest of a stage's code: 16 hexadecimal digits.

    Args:
        stage: name of its module in ``stages``, e.g. ``finetune``.
    """
    parts = [f"{module} {_module(module)[0]}" for module in modules(stage)]
    if _unsaved:
        _save()
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def modules(stage: str) -> list[str]:
    """The modules that decide a stage's results, sorted.

    Args:
        stage: name of the stage, as for ``stage_digest``.
    """
    seen: set[str] = set()
    waiting = [f"{PACKAGE}.stages.{stage}"]
    while waiting:
        module = waiting.pop()
        if module not in seen and not f"{module}.".startswith(f"{RUNTIME}."):
            seen.add(module)
            waiting.extend(_module(module)[1])
    return sorted(seen)


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """Digest of one module and the modules of this package that it imports."""
    path = _path(name)
    source = path.read_bytes()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    about = f"{sys.version_info[:2]} {_PARSER} {package} "
    key = hashlib.sha256(about.encode() + source).hexdigest()
    if key not in _parsed():
        _parsed()[key] = _parse(source, package)
        _unsaved.add(key)
    digest, candidates = _parsed()[key]
    imported = {candidate for candidate in candidates if _path(candidate).exists()}
    # Importing a.b.c also imports a and a.b.
    parents = {part for module in imported for part in _parents(module)}
    return digest, tuple(sorted(imported | parents))


def _parse(source: bytes, package: str) -> tuple[str, list[str]]:
    """Digest of a module's syntax tree, and the modules of this package that it may import."""
    tree = ast.parse(source)
    candidates: set[str] = set()
    for node in ast.walk(tree):
        candidates.update(_imports(node, package))
        _strip_docstrings(node)
    text = ast.dump(tree, annotate_fields=False, include_attributes=False)
    return hashlib.sha256(text.encode()).hexdigest(), sorted(candidates)


@cache
def _parsed() -> dict[str, tuple[str, list[str]]]:
    """Cached results of earlier processes, since parsing takes half a second."""
    return json_object(PARSED)


def _save() -> None:
    """Write the cache, unless the package's folder is read-only."""
    with suppress(OSError, InputError):
        PARSED.parent.mkdir(exist_ok=True)
        with replacing(PARSED) as temporary:
            temporary.write_text(json.dumps(_parsed()), encoding="utf-8")
    _unsaved.clear()


def _imports(node: ast.AST, package: str) -> set[str]:
    """The modules of this package that an import statement names."""
    if isinstance(node, ast.Import):
        candidates = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1])
            base = f"{above}.{base}" if base else above
        candidates = {base, *(f"{base}.{alias.name}" for alias in node.names)}
    else:
        return set()
    return {name for name in candidates if name.split(".")[0] == PACKAGE}


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _strip_docstrings(node: ast.AST) -> None:
    """Remove strings that document a module, class, function or constant."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        node.body = [statement for statement in node.body if not _is_string(statement)]


def _is_string(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _path(name: str) -> Path:
    relative = ROOT.joinpath(*name.split(".")[1:])
    module = relative.with_suffix(".py")
    return module if module.exists() and name != PACKAGE else relative / "__init__.py"
